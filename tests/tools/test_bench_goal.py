import pytest

import bench_goal
from bench_step import random_generator


def test_methods_drag_the_same_points_and_are_compared(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    command = "bench_goal --size 32 --points 1,2 --drags 2 --methods newton,adam+max_steps=3"
    monkeypatch.setattr("sys.argv", command.split())
    bench_goal.main()
    about, header, *rows = capsys.readouterr().out.splitlines()
    assert about.startswith("random-32")
    assert header.split()[:4] == ["points", "method", "seconds", "floor"]
    assert [row.split()[:2] for row in rows] == [
        [points, method] for points in ("1", "2") for method in ("newton", "adam+max_steps=3")
    ]
    for row in rows:
        # seconds, and what they cannot be less than
        assert float(row.split()[2]) > 0
        assert float(row.split()[3]) >= 0
    for row in rows[1::2]:
        assert row.split()[4] == "3"
        assert row.endswith("x")


def test_drags_are_the_same_every_time() -> None:
    generator = random_generator(32)
    first, again = (bench_goal.drags(generator, points=3, count=2) for _ in range(2))
    for one, other in zip(first, again, strict=True):
        assert one.handles_xy.equal(other.handles_xy)
        assert one.targets_xy.equal(other.targets_xy)
        assert one.ws.equal(other.ws)
    assert not first[0].handles_xy.equal(first[1].handles_xy)
