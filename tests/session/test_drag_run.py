"""A document's drag goes on where it was stopped."""

from dataclasses import replace

import pytest

from session.conftest import Person
from tugan.core.outcome import Ending
from tugan.dragging.solvers.saved_state import SavedNewton
from tugan.session.document import Document
from tugan.session.drag_run import DragRun
from tugan.session.model_store import ModelStore

HANDLE, GOAL = (24.0, 28.0), (36.0, 34.0)


def at_its_limit(person: Person, *, steps: int) -> Document:
    person.session.set_method("newton", latent="w+", rows=4, feature_px=32, max_steps=steps)
    person.point(HANDLE, GOAL)
    person.drag()
    document = person.document
    assert document.outcome is not None
    assert document.outcome.ending is Ending.STEP_LIMIT
    return document


@pytest.mark.parametrize("taken_back", [0, 2])
def test_a_limit_is_gone_beyond_also_where_steps_were_taken_back(
    person: Person, models: ModelStore, taken_back: int
) -> None:
    """They count: three steps, or one and two that were taken back, are three."""
    document = at_its_limit(person, steps=3 - taken_back)
    assert document.run is not None
    assert document.record is not None
    state = document.run.state
    assert isinstance(state, SavedNewton)
    wanted = replace(
        document,
        run=replace(document.run, state=replace(state, taken_back=taken_back)),
        record=replace(document.record, settings=replace(document.record.settings, max_steps=3)),
    )
    resumed = list(DragRun.of(wanted, models.get("toy")).steps())
    first, last = resumed[0], resumed[-1]
    assert first.index == document.steps == 3 - taken_back
    assert first.outcome is None
    assert last.index == first.index + 3
    assert last.outcome is not None
    assert last.outcome.ending is Ending.STEP_LIMIT
