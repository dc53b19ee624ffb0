"""Messages in any order: the session answers, its document stays whole."""

import base64

import numpy as np
import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from studio.running import RunningStudio
from studio.wire_page import WirePage
from tugan.studio.encoding import png

pytestmark = pytest.mark.xdist_group("studio")

coordinate = st.integers(0, 1023).map(float)
place = st.tuples(coordinate, coordinate)
anywhere = st.tuples(st.floats(-1e5, 1e5), st.floats(-1e5, 1e5))
METHOD = {
    "solver": "newton",
    "space": "w+",
    "rows": 6,
    "feature_px": 64,
    "max_steps": 2,
    "hold": 0.5,
}
MASK = base64.b64encode(png(np.full((1024, 1024), 255, dtype=np.uint8))).decode()


class AnyOrder(RuleBasedStateMachine):
    """Drives one session; ``studio`` is set by the test."""

    studio: RunningStudio

    @initialize()
    def open(self) -> None:
        self.page = WirePage(self.studio).ready()

    def teardown(self) -> None:
        if hasattr(self, "page"):
            self.page.close()

    def ask(self, kind: str, **fields: object) -> None:
        """Send, then wait until the session has answered a refusal asked for on purpose."""
        self.page.say(kind, **fields)
        mark = self.page.say("go-to", entry=2**30)
        refusal = self.page.refusal_of(mark)
        assert refusal["code"] == "unknown-entry", refusal
        for notice in self.page.notices:
            assert notice["code"] not in ("failed", "bad-message"), notice

    @rule(places=st.lists(place, max_size=4), goal=place)
    def set_points(self, places: list[tuple[float, float]], goal: tuple[float, float]) -> None:
        points = [
            {"id": number, "handle": xy, "goal": goal if number % 2 == 0 else None}
            for number, xy in enumerate(places)
        ]
        self.ask("set-points", points=points, change="add")

    @rule(xy=anywhere)
    def grab(self, xy: tuple[float, float]) -> None:
        self.ask("grab", at=xy)

    @rule(xy=anywhere)
    def move(self, xy: tuple[float, float]) -> None:
        self.ask("move", to=xy)

    @rule()
    def release(self) -> None:
        self.ask("release")

    @rule()
    def start(self) -> None:
        self.ask("start")

    @rule()
    def stop(self) -> None:
        self.ask("stop")

    @rule()
    def undo(self) -> None:
        self.ask("undo")

    @rule()
    def redo(self) -> None:
        self.ask("redo")

    @precondition(lambda self: self.page.state["history"])
    @rule(pick=st.integers(0, 1000))
    def go_to(self, pick: int) -> None:
        history = self.page.state["history"]
        self.ask("go-to", entry=history[pick % len(history)]["id"])

    @rule(mask=st.sampled_from([None, MASK]))
    def set_mask(self, mask: str | None) -> None:
        self.ask("set-mask", png=mask, change="paint")

    @rule(solver=st.sampled_from(["newton", "adam"]))
    def set_method(self, solver: str) -> None:
        self.ask("set-method", method={**METHOD, "solver": solver})

    @rule(hold=st.floats(0, 1))
    def hold(self, hold: float) -> None:
        self.ask("set-method", method={**METHOD, "hold": hold})

    @rule(seed=st.integers(0, 3))
    def set_start(self, seed: int) -> None:
        self.ask("set-start", seed=seed)

    @invariant()
    def document_is_whole(self) -> None:
        if not hasattr(self, "page"):
            return
        state = self.page.state
        ids = [one["id"] for one in state["history"]]
        assert len(set(ids)) == len(ids)
        assert state["current"] in ids
        for entry in state["history"]:
            assert entry["parent"] is None or entry["parent"] in ids
        for point in state["points"]:
            assert 0 <= point["handle"][0] <= 1023
            assert 0 <= point["handle"][1] <= 1023


def test_messages_in_any_order(studio: RunningStudio) -> None:
    AnyOrder.studio = studio
    run_state_machine_as_test(
        AnyOrder,
        settings=settings(
            max_examples=6,
            stateful_step_count=15,
            suppress_health_check=list(HealthCheck),
        ),
    )
