"""When a hand rests, by a clock that the test sets."""

import threading

from tugan.session.hand_rest import HandRest


class Clock:
    """Stands still unless it is set."""

    def __init__(self) -> None:
        self.now_s = 100.0

    def __call__(self) -> float:
        return self.now_s


def test_it_rests_since_its_last_new_place() -> None:
    clock = Clock()
    rest = HandRest(lambda: None, clock=clock)
    clock.now_s += 3
    assert rest.seconds == 3
    rest.saw((1, 2))
    assert rest.seconds == 0
    clock.now_s += 2
    rest.saw(None)
    rest.saw((1, 2))
    assert rest.seconds == 2, "the same place is no news"
    rest.saw((1, 3))
    assert rest.seconds == 0


def test_who_sleeps_is_woken_once() -> None:
    woken = threading.Semaphore(0)
    clock = Clock()
    rest = HandRest(woken.release, clock=clock)
    clock.now_s += 1
    rest.wake_after(1.0)
    rest.wake_after(1.0)
    assert woken.acquire(timeout=30)
    assert not woken.acquire(timeout=0.2)


def test_who_moves_or_ends_is_not_woken() -> None:
    woken = threading.Semaphore(0)
    moving, ending = (HandRest(woken.release, clock=Clock()) for _ in range(2))
    for rest in (moving, ending):
        rest.wake_after(0.2)
    moving.saw((1, 2))
    ending.close()
    assert not woken.acquire(timeout=0.5)
