import pytest
import torch

from tugan.dragging.trackers.packed_picture import FrameSize, packed, to_frame_xy, unpacked

SIZE = FrameSize(largest_px=512, smallest_px=64, multiple_px=8)


@pytest.mark.parametrize(
    ("image_hw", "expected"),
    [
        ((1024, 1024), (512, 512)),
        ((512, 256), (512, 256)),
        ((1024, 600), (512, 304)),
        ((100, 100), (96, 96)),
        ((32, 64), (64, 64)),
        ((2048, 100), (512, 64)),
    ],
)
def test_frames_are_small_enough_and_large_enough(
    image_hw: tuple[int, int], expected: tuple[int, int]
) -> None:
    assert SIZE.of(image_hw) == expected
    assert SIZE.frame(torch.zeros(1, 3, *image_hw)).shape == (1, 3, *expected)


def test_a_reduced_picture_is_its_mean_and_stays_within_its_range() -> None:
    picture = torch.zeros(1, 3, 1024, 1024)
    picture[:, :, ::2] = 3.0
    frame = SIZE.frame(picture)
    torch.testing.assert_close(frame, torch.full_like(frame, 0.5))


def test_the_corners_of_a_picture_are_those_of_its_frame() -> None:
    edges = torch.tensor([[-0.5, -0.5], [1023.5, 599.5], [511.5, 299.5]])
    found = to_frame_xy(edges, image_hw=(600, 1024), frame_hw=(304, 512))
    torch.testing.assert_close(found, torch.tensor([[-0.5, -0.5], [511.5, 303.5], [255.5, 151.5]]))
    back = to_frame_xy(found, image_hw=(304, 512), frame_hw=(600, 1024))
    torch.testing.assert_close(back, edges)


@pytest.mark.parametrize("count", [1, 2, 7])
def test_what_is_packed_is_unpacked(count: int) -> None:
    source = torch.Generator().manual_seed(count)
    frame, points = torch.rand(1, 3, 8, 9, generator=source), torch.rand(count, 2, generator=source)
    reference = packed(frame, points)
    assert reference.shape[0] == count
    again, places = unpacked(reference, (8, 9))
    assert torch.equal(again, frame)
    assert torch.equal(places, points)
