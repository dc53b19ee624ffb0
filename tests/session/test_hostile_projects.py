"""Projects that somebody made to do harm: a sentence, or what can be opened of them."""

import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from torch import Tensor

from make_hostile_projects import Hostile, good_project, hostile_projects
from session.conftest import Person, Sit
from session.documents import a_document
from tugan.core.errors import TuganError
from tugan.session import history_budget
from tugan.session.document import Document
from tugan.session.errors import SessionError
from tugan.session.history import Entry, History
from tugan.session.history_budget import parts_of, trimmed
from tugan.session.limits import SessionLimits
from tugan.session.packed_mask import PackedMask
from tugan.session.project_file import load_project, read_work

MOST_GROWN_MB = 300


@pytest.fixture(scope="module")
def hostile() -> tuple[Hostile, ...]:
    return tuple(hostile_projects(good_project()))


def test_there_are_many_and_all_are_others(hostile: tuple[Hostile, ...]) -> None:
    assert len(hostile) >= 100
    assert len({one.name for one in hostile}) == len(hostile)


def test_a_good_one_opens() -> None:
    work = read_work(good_project())
    assert [entry.text for entry in work.history.entries] == ["Start", "Drag"]


def said_of(read: Callable[[Path], object], path: Path) -> str:
    """What it is refused with; empty if it opens."""
    try:
        read(path)
    except TuganError as error:
        return str(error)
    return ""


def test_each_is_a_sentence_or_opens(hostile: tuple[Hostile, ...], tmp_path: Path) -> None:
    path = tmp_path / "x.tugan"
    for one in hostile:
        path.write_bytes(one.content)
        for read in (load_project, read_work, lambda file: read_work(file.read_bytes())):
            try:
                said = said_of(read, path)
            except Exception as error:
                raise AssertionError(f"{one.name}: {error!r}") from error
            assert "\n" not in said.strip(), one.name
            assert len(said) < 1000 + len(str(path)), one.name


def test_a_session_goes_on_after_each(hostile: tuple[Hostile, ...], person: Person) -> None:
    before = person.texts
    for one in hostile:
        refused = None
        try:
            person.session.open_project(one.content)
        except SessionError as error:
            refused = error
        except Exception as error:
            raise AssertionError(f"{one.name}: {error!r}") from error
        assert refused is None or refused.text.endswith("."), one.name
    person.settle()
    assert person.texts == before
    person.point((24, 28), (36, 34))
    assert len(person.texts) == len(before) + 1


@pytest.mark.skipif(sys.platform != "linux", reason="reads the memory as Linux tells it")
def test_none_takes_much_memory() -> None:
    """In a process of its own: what others took before would hide it."""
    program = f"""
import resource, sys
from make_hostile_projects import good_project, hostile_projects
from tugan.core.errors import TuganError
from tugan.session.packed_mask import PackedMask
from tugan.session.project_file import read_work
good = good_project()
read_work(good)
def peak_mb():
    return int(next(
        line.split()[1] for line in open("/proc/self/status") if line.startswith("VmHWM")
    )) / 1024
def now_mb():
    return int(next(
        line.split()[1] for line in open("/proc/self/status") if line.startswith("VmRSS")
    )) / 1024
for one in hostile_projects(good):
    open("/proc/self/clear_refs", "w").write("5")  # the peak counts from here
    before = now_mb()
    try:
        read_work(one.content)
    except TuganError:
        pass
    grown = peak_mb() - before
    if grown > {MOST_GROWN_MB}:
        print(one.name, round(grown))
"""
    ran = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        check=False,
        env={"PYTHONPATH": ":".join(sys.path), "OMP_NUM_THREADS": "1"},
    )
    assert (ran.returncode, ran.stdout) == (0, ""), ran.stderr


def chained(count: int, *, every: int) -> History:
    """A long way with side branches, all with latents of their own."""
    entries = {}
    for key in range(count):
        parent = None if key == 0 else max(0, key - (2 if key % every == 0 else 1))
        entries[key] = Entry(
            id=key, parent=parent, text="x", has_picture=True, document=a_document(key)
        )
    return History(by_id=entries, current=count - 1, next_id=count)


def test_trimming_looks_at_an_entry_a_few_times_however_many_there_are(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    looked = 0

    def counted(document: Document) -> Iterator[Tensor | PackedMask]:
        nonlocal looked
        looked += 1
        return parts_of(document)

    monkeypatch.setattr(history_budget, "parts_of", counted)
    kept = trimmed(chained(2000, every=3), SessionLimits(max_entries=100))
    assert len(kept.by_id) == 100
    assert looked <= 3 * 2000


def plainly_trimmed(history: History, most: int) -> set[int]:
    """Which entries stay: one goes at a time, the oldest end beside the way, else the beginning."""
    parents = {key: entry.parent for key, entry in history.by_id.items()}
    way = list(history.path_to(history.current))
    while len(parents) > most:
        ends = [key for key in sorted(parents) if key not in way and key not in parents.values()]
        gone = ends[0] if ends else way.pop()
        del parents[gone]
        parents = {key: None if one == gone else one for key, one in parents.items()}
    return set(parents)


@pytest.mark.parametrize("every", [2, 3, 5, 50])
@pytest.mark.parametrize("most", [1, 7, 20, 39])
def test_trimming_drops_the_oldest_ends_then_the_beginning(every: int, most: int) -> None:
    history = chained(40, every=every)
    kept = trimmed(history, SessionLimits(max_entries=most))
    assert set(kept.by_id) == plainly_trimmed(history, most)
    assert kept.by_id[kept.path_to(kept.current)[-1]].parent is None


def test_a_long_history_is_cut_before_the_engine_sees_it(sit: Sit) -> None:
    good = replace(SessionLimits(), max_entries=5)
    person = sit(limits=good)
    for number in range(20):
        person.point((24, 28 + number), (36, 34))
    assert len(person.texts) == 5
