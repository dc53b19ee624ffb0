"""Undo, redo and branches against a simple model; gestures; the budget."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from session.documents import a_document
from tugan.session.document import SavedRun, Trail, TrailStep
from tugan.session.errors import SessionError
from tugan.session.history import History
from tugan.session.history_budget import trimmed
from tugan.session.limits import SessionLimits
from tugan.session.packed_mask import PackedMask


class HistoryMachine(RuleBasedStateMachine):
    """The model: for each entry its parent and its number, and the children in order of visits."""

    def __init__(self) -> None:
        super().__init__()
        self.history = History.begun(a_document(0), text="0")
        self.parents: dict[int, int | None] = {0: None}
        self.numbers = {0: 0}
        self.forward: dict[int, int] = {}
        self.current = 0
        self.gesture: str | None = None
        self.count = 0

    @rule(gesture=st.sampled_from([None, None, "a", "b"]))
    def add(self, gesture: str | None) -> None:
        self.count += 1
        childless = self.current not in self.parents.values()
        self.history = self.history.added(
            a_document(self.count), text=str(self.count), gesture=gesture
        )
        if gesture is None or gesture != self.gesture or not childless:
            new = len(self.parents)
            self.parents[new] = self.current
            self.forward[self.current] = new
            self.current = new
        self.numbers[self.current] = self.count
        self.gesture = gesture

    @rule()
    def undo(self) -> None:
        parent = self.parents[self.current]
        if parent is None:
            with pytest.raises(SessionError):
                self.history.undone()
            return
        self.history = self.history.undone()
        self.current, self.gesture = parent, None

    @rule()
    def redo(self) -> None:
        child = self.forward.get(self.current)
        if child is None:
            with pytest.raises(SessionError):
                self.history.redone()
            return
        self.history = self.history.redone()
        self.current, self.gesture = child, None

    @precondition(lambda self: len(self.parents) > 1)
    @rule(data=st.data())
    def go_to(self, data: st.DataObject) -> None:
        entry = data.draw(st.sampled_from(sorted(self.parents)))
        self.history = self.history.gone_to(entry)
        self.current, self.gesture = entry, None
        child, parent = entry, self.parents[entry]
        while parent is not None:
            self.forward[parent] = child
            child, parent = parent, self.parents[parent]

    @rule()
    def go_nowhere(self) -> None:
        with pytest.raises(SessionError) as caught:
            self.history.gone_to(10_000)
        assert caught.value.code == "unknown-entry"

    @invariant()
    def is_like_the_model(self) -> None:
        assert self.history.current == self.current
        assert {one.id: one.parent for one in self.history.entries} == self.parents
        assert {one.id: one.document.start.seed for one in self.history.entries} == self.numbers
        assert self.history.can_undo == (self.parents[self.current] is not None)
        assert self.history.can_redo == (self.current in self.forward)


HistoryMachine.TestCase.settings = settings(max_examples=60, stateful_step_count=30)
TestHistory = HistoryMachine.TestCase


def grown(count: int, *, heavy: bool = False) -> History:
    history = History.begun(a_document(0), text="0")
    for number in range(1, count):
        document = a_document(number)
        if heavy:
            rows = torch.zeros(4, 8)
            steps = tuple(
                TrailStep(
                    step=step,
                    rows=rows + step,
                    handles_xy=torch.zeros(1, 2),
                    goals_xy=torch.zeros(1, 2),
                )
                for step in range(20)
            )
            document = replace(document, trail=Trail(start_ws=document.ws, steps=steps))
        history = history.added(document, text=str(number))
    return history


def test_too_many_entries_lose_the_oldest_and_begin_later() -> None:
    kept = trimmed(grown(30), SessionLimits(max_entries=10))
    assert [one.id for one in kept.entries] == list(range(20, 30))
    assert kept.entries[0].parent is None
    assert kept.entries[0].has_picture
    assert kept.current == 29


def test_side_branches_go_before_the_way_to_the_current_entry() -> None:
    history = grown(4)
    history = history.gone_to(1).added(a_document(9), text="branch")
    kept = trimmed(history, SessionLimits(max_entries=3))
    assert [one.id for one in kept.entries] == [0, 1, 4]
    assert kept.current == 4


def test_trails_go_first_and_never_the_current_ones() -> None:
    history = grown(12, heavy=True)
    limits = SessionLimits(history_bytes=12 * 2048 + 12 * 128 + 3 * 20 * 144)
    kept = trimmed(history, limits)
    assert len(kept.entries) == 12
    with_trail = [one.id for one in kept.entries if one.document.trail is not None]
    assert with_trail[-1] == 11
    assert 0 < len(with_trail) < 11
    assert with_trail == list(range(with_trail[0], 12))


def test_optimiser_states_go_after_trails() -> None:
    from tugan.dragging.solvers.saved_state import SavedAdam

    big = torch.zeros(1000, 8)
    run = SavedRun(
        state=SavedAdam(
            steps=1,
            move=big,
            mean=big,
            square=big,
            count=1,
            handles_xy=torch.zeros(1, 2),
            least_left_px=1.0,
            least_left_step=0,
        )
    )
    history = grown(3, heavy=True)
    history = history.amended(replace(history.document, run=run)).added(a_document(9), text="9")
    kept = trimmed(history, SessionLimits(history_bytes=12_000))
    assert all(one.document.trail is None and one.document.run is None for one in kept.entries)
    assert len(kept.entries) == 4


def test_a_single_entry_is_kept_however_large() -> None:
    history = History.begun(a_document(0, rows=1000), text="0")
    assert trimmed(history, SessionLimits(history_bytes=1)).entries == history.entries


def test_what_entries_share_counts_once() -> None:
    mask = PackedMask(np.zeros((64, 64), np.uint8))
    document = replace(a_document(1, rows=512), packed_mask=mask)
    history = History.begun(document, text="0")
    for number in range(50):
        history = history.added(replace(document, steps=number), text=str(number))
    limits = SessionLimits(history_bytes=51 * 2048 + 512 * 8 * 4 + 1024)
    assert len(trimmed(history, limits).entries) == 51
