from typing import Any

import pytest

from tugan.bench.bench_error import BenchError
from tugan.bench.landmark_task import Job, LandmarkTask, jobs_of


def test_methods_of_a_pair_stand_side_by_side() -> None:
    jobs = list(jobs_of(LandmarkTask(pairs=2, points=(1, 68)), ("a", "b")))
    assert jobs[:3] == [
        Job(pair=0, points=1, method="a"),
        Job(pair=0, points=1, method="b"),
        Job(pair=0, points=68, method="a"),
    ]
    assert [job.pair for job in jobs] == [0] * 4 + [1] * 4


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"pairs": 0}, "at least one pair"),
        ({"points": (1, 7)}, "1,7; expected some of 1, 5, 68"),
        ({"points": ()}, "none; expected"),
        ({"points": (5, 5)}, "each once"),
        ({"seed": -1}, "seed"),
        ({"psi": 3.0}, "between -2 and 2"),
        ({"psi": float("nan")}, "psi"),
        ({"mask": "mouth"}, "expected one of none, face"),
    ],
)
def test_a_task_that_means_nothing_is_refused(wrong: dict[str, Any], says: str) -> None:
    with pytest.raises(BenchError, match=says):
        LandmarkTask(**wrong)
