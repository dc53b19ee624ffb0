"""Turns, cancelling, sleeping, and jobs that fail."""

import logging
import threading
from collections.abc import Callable

import pytest
import torch

from patience import HANG_S
from tugan.core.errors import InvalidDragError
from tugan.session.engine import Engine, Job, JobEnd, Turn
from tugan.session.errors import SessionError


def counting(log: list[str], name: str, turns: int) -> Job:
    for index in range(turns):
        log.append(f"{name}{index}")
        yield Turn.STEP


def gate(opened: threading.Event) -> Job:
    """Holds the worker until it is opened."""
    opened.wait(HANG_S)
    yield Turn.STEP


def failing(error: BaseException) -> Job:
    yield Turn.STEP
    raise error


def end_of(engine: Engine, job: Job, owner: str = "a") -> JobEnd:
    ends: list[JobEnd] = []
    engine.submit(owner, job, ends.append)
    engine.wait_for(owner)
    (end,) = ends
    return end


def test_owners_take_turns(engine: Engine) -> None:
    log: list[str] = []
    opened = threading.Event()
    engine.submit("z", gate(opened))
    engine.submit("a", counting(log, "a", 4))
    engine.submit("b", counting(log, "b", 4))
    opened.set()
    engine.wait_for("a")
    engine.wait_for("b")
    assert log == ["a0", "b0", "a1", "b1", "a2", "b2", "a3", "b3"]


def test_the_jobs_of_one_owner_run_in_order(engine: Engine) -> None:
    log: list[str] = []
    opened = threading.Event()
    engine.submit("z", gate(opened))
    for name in "xyz":
        engine.submit("a", counting(log, name, 2))
    opened.set()
    engine.wait_for("a")
    assert log == ["x0", "x1", "y0", "y1", "z0", "z1"]


def test_who_comes_later_need_not_wait_for_a_long_job(engine: Engine) -> None:
    log: list[str] = []
    begun = threading.Event()

    def long() -> Job:
        while not log:
            begun.set()
            yield Turn.STEP

    engine.submit("long", long())
    assert begun.wait(HANG_S)
    engine.submit("short", counting(log, "s", 1))
    engine.wait_for("long")
    assert log == ["s0"]


def test_cancelling_closes_the_job_between_two_steps(engine: Engine) -> None:
    begun, closed, ends = threading.Event(), threading.Event(), list[JobEnd]()

    def endless() -> Job:
        try:
            while True:
                begun.set()
                yield Turn.STEP
        finally:
            closed.set()

    log: list[str] = []
    engine.submit("a", endless(), ends.append)
    engine.submit("a", counting(log, "never", 1), ends.append)
    assert begun.wait(HANG_S)
    engine.cancel("a")
    engine.wait_for("a")
    assert closed.is_set()
    assert log == []
    assert [(end.finished, end.failure) for end in ends] == [(False, None)] * 2
    assert end_of(engine, counting(log, "after", 1)).finished


def test_cancelling_somebody_else_changes_nothing(engine: Engine) -> None:
    log: list[str] = []
    opened = threading.Event()
    engine.submit("z", gate(opened))
    engine.submit("a", counting(log, "a", 3))
    engine.submit("b", counting(log, "b", 3))
    engine.cancel("b")
    engine.cancel("nobody")
    opened.set()
    engine.wait_for("a")
    engine.wait_for("b")
    assert log == ["a0", "a1", "a2"]


def test_a_job_that_waits_takes_no_turns_until_it_is_woken(engine: Engine) -> None:
    looked: list[int] = []
    wanted, slept = threading.Event(), threading.Event()

    def waiting() -> Job:
        while not wanted.is_set():
            looked.append(1)
            slept.set()
            yield Turn.WAIT

    engine.submit("a", waiting())
    assert slept.wait(HANG_S)
    log: list[str] = []
    engine.submit("b", counting(log, "b", 50))
    engine.wait_for("b")
    assert len(looked) == 1
    assert engine.waiting("b") == 0
    wanted.set()
    engine.wake("a")
    engine.wait_for("a")


def test_being_woken_while_falling_asleep_is_not_lost(engine: Engine) -> None:
    turns: list[int] = []

    def restless() -> Job:
        for index in range(3):
            turns.append(index)
            engine.wake("a")  # as another thread might, between looking and sleeping
            yield Turn.WAIT

    assert end_of(engine, restless()).finished
    assert turns == [0, 1, 2]


def test_a_sleeping_job_can_be_cancelled(engine: Engine) -> None:
    slept, ends = threading.Event(), list[JobEnd]()

    def waiting() -> Job:
        while True:
            slept.set()
            yield Turn.WAIT

    engine.submit("a", waiting(), ends.append)
    assert slept.wait(HANG_S)
    engine.cancel("a")
    engine.wait_for("a")
    assert not ends[0].finished


def test_too_many_jobs_are_refused() -> None:
    engine = Engine(queue_limit=2)
    opened = threading.Event()
    engine.submit("a", gate(opened))
    engine.submit("a", gate(opened))
    with pytest.raises(SessionError) as caught:
        engine.submit("a", gate(opened))
    assert caught.value.code == "busy"
    engine.submit("b", gate(opened))  # others are not concerned
    opened.set()
    engine.close()


@pytest.mark.parametrize(
    "error",
    [
        MemoryError(),
        torch.OutOfMemoryError("CUDA out of memory."),
        RuntimeError("DefaultCPUAllocator: can't allocate memory"),
    ],
)
def test_running_out_of_memory_has_a_remedy_and_the_engine_goes_on(
    engine: Engine, error: Exception
) -> None:
    failure = end_of(engine, failing(error)).failure
    assert failure is not None
    assert failure.code == "out-of-memory"
    assert "Close other programs" in failure.remedy
    log: list[str] = []
    assert end_of(engine, counting(log, "a", 1)).finished


def test_a_real_allocation_that_is_too_large(engine: Engine) -> None:
    def greedy() -> Job:
        yield Turn.STEP
        torch.empty(2**46)

    failure = end_of(engine, greedy()).failure
    assert failure is not None
    assert failure.code == "out-of-memory"


def test_bad_input_found_in_a_job_is_told_in_its_own_words(engine: Engine) -> None:
    failure = end_of(engine, failing(InvalidDragError("the goal is nowhere"))).failure
    assert failure is not None
    assert (failure.code, failure.text) == ("refused", "The goal is nowhere.")


def test_a_refusal_of_a_job_stays_what_it_is(engine: Engine) -> None:
    refusal = SessionError("no-goal", "No point has a goal.")
    assert end_of(engine, failing(refusal)).failure is refusal


def test_any_other_error_is_logged_and_the_engine_goes_on(
    engine: Engine, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.ERROR):
        failure = end_of(engine, failing(ZeroDivisionError("a secret"))).failure
    assert failure is not None
    assert failure.code == "failed"
    assert "secret" not in failure.text
    assert "ZeroDivisionError: a secret" in caplog.text
    assert end_of(engine, counting([], "a", 1)).finished


def test_a_listener_that_fails_does_not_end_the_engine(
    engine: Engine, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(end: JobEnd) -> None:
        raise ValueError("the listener's own fault")

    engine.submit("a", counting([], "a", 1), fail)
    engine.wait_for("a")
    assert "the listener's own fault" in caplog.text
    assert end_of(engine, counting([], "a", 1)).finished


def test_closing_closes_what_runs_and_what_waits() -> None:
    engine = Engine()
    begun, ends = threading.Event(), list[JobEnd]()

    def endless() -> Job:
        while True:
            begun.set()
            yield Turn.STEP

    engine.submit("a", endless(), ends.append)
    engine.submit("a", counting([], "a", 1), ends.append)
    assert begun.wait(HANG_S)
    engine.close()
    assert [end.finished for end in ends] == [False, False]
    engine.submit("a", counting([], "a", 1), ends.append)
    assert [end.finished for end in ends] == [False, False, False]
    engine.close()


def test_it_counts_who_else_has_work(engine: Engine) -> None:
    opened = threading.Event()
    submit: Callable[[str], None] = lambda owner: engine.submit(owner, gate(opened))  # noqa: E731
    assert engine.waiting("a") == 0
    for owner in "abc":
        submit(owner)
    assert engine.waiting("a") == 2
    assert engine.waiting("z") == 3
    opened.set()
