import math

import pytest

from tugan.bench.bench_error import BenchError
from tugan.bench.live_hand import Hand, hand_of
from tugan.bench.live_task import HELD, LiveJob, LiveTask, Pace, live_jobs

PRESSED = (500.0, 600.0)


def hand(pace: Pace, *, pair: int = 3) -> Hand:
    return hand_of(pace, PRESSED, seed=7, pair=pair, image_hw=(1024, 1024))


def test_a_hand_with_a_speed_goes_along_straight_lines_and_rests_at_the_last_place() -> None:
    one = Hand(start_xy=(0, 0), stops_xy=((30, 40), (30, 0)), speed_px_s=20)
    # 50 px and 40 px
    assert one.moves_s == pytest.approx(4.5)
    assert one.at(0) == (0, 0)
    assert one.at(1) == pytest.approx((12, 16))
    assert one.at(3.5) == pytest.approx((30, 20))
    assert one.at(4.5) == one.at(100) == one.end_xy == (30, 0)


def test_a_jumping_hand_is_somewhere_else_every_half_second() -> None:
    one = Hand(start_xy=(0, 0), stops_xy=((1, 1), (2, 2), (3, 3)), speed_px_s=None)
    assert one.moves_s == 1.0
    assert [one.at(time) for time in (0.05, 0.49, 0.5, 0.99, 1.0, 9.0)] == [
        *((1, 1), (1, 1), (2, 2), (2, 2), (3, 3), (3, 3))
    ]


@pytest.mark.parametrize(
    ("pace", "speed", "stops"), [(Pace.SLOW, 60, 1), (Pace.FAST, 400, 3), (Pace.JUMPING, None, 4)]
)
def test_hands_reach_40_to_120_px_of_1024(pace: Pace, speed: float | None, stops: int) -> None:
    for pair in range(20):
        one = hand(pace, pair=pair)
        assert one.speed_px_s == speed
        assert len(one.stops_xy) == stops
        assert all(40 <= math.dist(PRESSED, stop) <= 120 for stop in one.stops_xy)


def test_a_hand_is_of_its_face_and_pace_and_of_nothing_else() -> None:
    assert hand(Pace.SLOW) == hand(Pace.SLOW)
    ends = {hand(pace, pair=pair).stops_xy[0] for pace in Pace for pair in (0, 1)}
    assert len(ends) == 6
    small = hand_of(Pace.FAST, (250.0, 300.0), seed=7, pair=3, image_hw=(512, 512))
    assert small.speed_px_s == 200
    for one, other in zip(small.stops_xy, hand(Pace.FAST).stops_xy, strict=True):
        assert one == pytest.approx((other[0] / 2, other[1] / 2))


def test_places_beyond_the_picture_are_at_its_edge() -> None:
    stops = [
        stop
        for pair in range(20)
        for stop in hand_of(
            Pace.JUMPING, (1020.0, 3.0), seed=0, pair=pair, image_hw=(1024, 1024)
        ).stops_xy
    ]
    assert all(0 <= x <= 1023 and 0 <= y <= 1023 for x, y in stops)
    assert any(x == 1023 for x, _ in stops)
    assert any(y == 0 for _, y in stops)


def test_methods_are_side_by_side_on_each_hand() -> None:
    task = LiveTask(pairs=2, paces=(Pace.FAST,), rates=(6, 20))
    jobs = list(live_jobs(task, ("one", "other")))
    assert len(jobs) == 8
    assert jobs[:3] == [
        LiveJob(pair=0, pace=Pace.FAST, rate=6, method="one"),
        LiveJob(pair=0, pace=Pace.FAST, rate=6, method="other"),
        LiveJob(pair=0, pace=Pace.FAST, rate=20, method="one"),
    ]
    assert {*HELD} == {8, 30, 36, 45, 48, 54}


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"pairs": 0}, "at least one pair"),
        ({"seed": -1}, "the seed must be"),
        ({"psi": 3.0}, "psi is 3"),
        ({"paces": ()}, "expected some of slow, fast, jumping"),
        ({"paces": (Pace.SLOW, Pace.SLOW)}, "each once"),
        ({"rates": ()}, "expected rates"),
        ({"rates": (0,)}, "expected rates of 1 to 100"),
        ({"rates": (6, 6)}, "each once"),
        ({"rest_steps": -1}, "rest for 0 to 1000 steps, got -1"),
        ({"check_every": 0}, "1st to 1000th step"),
    ],
)
def test_tasks_that_mean_nothing_are_refused(change: dict[str, object], sentence: str) -> None:
    with pytest.raises(BenchError, match=sentence):
        LiveTask(**change)  # type: ignore[arg-type]  # wrong on purpose
