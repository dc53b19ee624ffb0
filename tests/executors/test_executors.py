"""Every executor does the same work, and survives the same mishaps."""

import os
from pathlib import Path

import pytest

from executors.work import Making
from tugan.core.errors import MissingExtraError
from tugan.executors.processes import ProcessExecutor
from tugan.executors.protocol import (
    Event,
    Executor,
    ExecutorError,
    Finished,
    Lost,
    Pool,
    Told,
)
from tugan.executors.ray_cluster import RayExecutor
from tugan.executors.serial import SerialExecutor

HERE: list[Executor] = [SerialExecutor(), ProcessExecutor(workers=2)]


def all_of(pool: Pool, batches: int) -> list[Event]:
    """Until so many have ended."""
    events = []
    ended = 0
    while ended < batches:
        event = pool.next()
        events.append(event)
        ended += not isinstance(event, Told)
    return events


def told(events: list[Event], batch: int) -> list[object]:
    return [one.value for one in events if isinstance(one, Told) and one.batch == batch]


@pytest.mark.parametrize("executor", HERE, ids=lambda one: one.name)
def test_batches_come_back_whole_and_in_their_own_order(executor: Executor, tmp_path: Path) -> None:
    with executor.open(Making(folder=tmp_path)) as pool:
        for batch in range(5):
            pool.submit(batch, tuple(range(batch, batch + 3)))
        events = all_of(pool, 5)
    for batch in range(5):
        assert told(events, batch) == [n * n for n in range(batch, batch + 3)]
        of_it = [one for one in events if one.batch == batch]
        assert isinstance(of_it[-1], Finished)


@pytest.mark.parametrize("executor", HERE, ids=lambda one: one.name)
def test_what_raises_ends_its_batch_alone(executor: Executor, tmp_path: Path) -> None:
    with executor.open(Making(folder=tmp_path)) as pool:
        pool.submit(0, (2, "raise", 4))
        pool.submit(1, (3,))
        events = all_of(pool, 2)
    assert told(events, 0) == [4]
    (lost,) = (one for one in events if isinstance(one, Lost))
    assert (lost.batch, lost.why) == (0, "raised")
    assert "ValueError: broken on purpose" in lost.text
    assert told(events, 1) == [9]


@pytest.mark.parametrize("executor", HERE, ids=lambda one: one.name)
def test_nothing_to_wait_for_is_a_mistake(executor: Executor, tmp_path: Path) -> None:
    with executor.open(Making(folder=tmp_path)) as pool, pytest.raises(RuntimeError):
        pool.next()


def test_processes_are_others_and_made_once_each(tmp_path: Path) -> None:
    with ProcessExecutor(workers=2).open(Making(folder=tmp_path)) as pool:
        for batch in range(6):
            pool.submit(batch, ("pid",))
        events = all_of(pool, 6)
        pids = {one.value for one in events if isinstance(one, Told)}
    assert len(pids) == 2
    assert os.getpid() not in pids
    assert len(list(tmp_path.glob("made-*"))) == 2
    for pid in pids:
        with pytest.raises(ProcessLookupError):
            os.kill(int(str(pid)), 0)


def test_each_process_has_one_thread_for_its_numbers(tmp_path: Path) -> None:
    before = os.environ.get("OMP_NUM_THREADS")
    with ProcessExecutor(workers=1).open(Making(folder=tmp_path)) as pool:
        pool.submit(0, ("threads",))
        assert told(all_of(pool, 1), 0) == ["1"]
    assert os.environ.get("OMP_NUM_THREADS") == before


def test_a_process_that_dies_is_replaced(tmp_path: Path) -> None:
    with ProcessExecutor(workers=1).open(Making(folder=tmp_path)) as pool:
        pool.submit(0, (2, "die", 4))
        pool.submit(1, (3,))
        events = all_of(pool, 2)
    assert told(events, 0) == [4]
    (lost,) = (one for one in events if isinstance(one, Lost))
    assert (lost.batch, lost.why) == (0, "died")
    assert "exit code 3" in lost.text
    assert told(events, 1) == [9]


def test_a_process_that_hangs_is_ended(tmp_path: Path) -> None:
    with ProcessExecutor(workers=1).open(Making(folder=tmp_path), limit_s=5) as pool:
        pool.submit(0, (2, "hang"))
        pool.submit(1, (3,))
        events = all_of(pool, 2)
    (lost,) = (one for one in events if isinstance(one, Lost))
    assert (lost.batch, lost.why) == (0, "time-limit")
    assert "5 s" in lost.text
    assert told(events, 1) == [9]


def test_without_workers_nothing_can_be_done() -> None:
    with pytest.raises(ExecutorError, match="at least one"):
        ProcessExecutor(workers=0)


def test_without_ray_it_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(__import__("sys").modules, "ray", None)
    with pytest.raises(MissingExtraError, match=r"tugan\[cluster\]"):
        RayExecutor().open(Making(folder=tmp_path))
