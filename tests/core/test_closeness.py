import pytest

from core.ways import way_of
from tugan.core.closeness import Closeness, DragWay, closeness_of


@pytest.mark.parametrize(
    ("asked_px", "left_px", "tolerance_px", "expected"),
    [
        (70, 1.9, 2, Closeness.REACHED),
        (70, 2, 2, Closeness.REACHED),
        (70, 6, 2, Closeness.NEARLY),
        (70, 6, 1, Closeness.NEARLY),
        (70, 10.5, 2, Closeness.NEARLY),
        (70, 10.6, 2, Closeness.PARTLY),
        (10, 2, 1, Closeness.NEARLY),
        (10, 2.5, 1, Closeness.NEARLY),
        (10, 2.6, 1, Closeness.PARTLY),
        # few pixels, but a great part of what was asked
        (20, 12, 4, Closeness.FAR),
        (70, 35, 2, Closeness.PARTLY),
        (70, 40, 2, Closeness.FAR),
        (70, 66, 2, Closeness.FAR),
        (70, 67, 2, Closeness.NO_NEARER),
        (70, 70, 2, Closeness.NO_NEARER),
        (70, 90, 2, Closeness.NO_NEARER),
        # of a handle that was to stay
        (0.01, 1.5, 2, Closeness.REACHED),
        (0.01, 6, 2, Closeness.NEARLY),
        (0.01, 6.1, 2, Closeness.FAR),
        (0, 0.5, 0, Closeness.FAR),
        (0, 0, 0, Closeness.REACHED),
        (30, 0, 0, Closeness.REACHED),
    ],
)
def test_a_class_is_a_matter_of_the_distance_left_of_the_distance_asked(
    asked_px: float, left_px: float, tolerance_px: float, expected: Closeness
) -> None:
    found = closeness_of(asked_px=asked_px, left_px=left_px, tolerance_px=tolerance_px)
    assert found is expected


@pytest.mark.parametrize("left_px", [0, 5, 90])
def test_a_handle_that_was_not_found_is_lost_wherever_it_is_guessed(left_px: float) -> None:
    found = closeness_of(asked_px=70, left_px=left_px, tolerance_px=2, lost=True)
    assert found is Closeness.LOST


def test_coming_nearer_is_never_a_worse_class() -> None:
    ranks = list(Closeness)
    for asked_px in (0, 1, 3, 10, 70, 500):
        found = [
            ranks.index(closeness_of(asked_px=asked_px, left_px=left / 4, tolerance_px=2))
            for left in range(2400)
        ]
        assert found == sorted(found)


def test_the_worst_off_is_so_by_its_share_before_its_pixels() -> None:
    # 14 of 100 px are nearly there, 8 of 10 are not
    way = way_of((100, 14), (10, 8), (50, 1))
    assert (way.worst.index, way.worst.asked_px, way.worst.left_px) == (1, 10, 8)
    assert way.arrived == 1
    assert way_of((100, 12), (100, 14)).worst.index == 1


def test_a_lost_handle_is_worse_off_than_any() -> None:
    way = way_of((70, 70), (70, 3), (70, 1), lost=(1,))
    assert way.worst.index == 1
    assert [one.index for one in way.lost] == [1]
    assert [one.index for one in way.found] == [0, 2]
    assert way.worst_found is not None
    assert way.worst_found.index == 0
    assert way_of((70, 70), lost=(0,)).worst_found is None


def test_every_handle_says_all_of_itself() -> None:
    with pytest.raises(ValueError, match="zip"):
        DragWay.of(asked_px=[1, 2], left_px=[1], lost=[False, False], tolerance_px=1)
