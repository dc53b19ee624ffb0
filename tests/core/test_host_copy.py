import pytest
import torch

from device_watch import DeviceReads
from tugan.core.host_copy import on_host, to_device, to_host


def test_many_small_things_are_read_at_once() -> None:
    points = torch.tensor([[0.1, -2.5], [torch.inf, 3.0]])
    flags, single = torch.tensor([True, False, True]), torch.tensor(False)
    nothing = torch.empty(0, 2)
    with DeviceReads(points, flags, single, nothing) as reads:
        found = on_host(points, flags, single, nothing)
        assert found[0].tolist() == points.clone().detach().tolist()
    assert reads.found.count("cpu") == 1
    for one, other in zip(found, (points, flags, single, nothing), strict=True):
        assert one.shape == other.shape
        assert one.dtype == other.dtype
        assert torch.equal(one, other)


def test_nan_survives_and_history_does_not() -> None:
    leaf = torch.tensor([torch.nan, 1.0], requires_grad=True)
    (found,) = on_host(leaf * 2)
    assert not found.requires_grad
    assert found.isnan().tolist() == [True, False]


@pytest.mark.parametrize("dtype", [torch.float64, torch.float16, torch.int64])
def test_what_would_lose_digits_is_refused(dtype: torch.dtype) -> None:
    with pytest.raises(TypeError, match="float32 and bool"):
        on_host(torch.zeros(2), torch.zeros(2, dtype=dtype))


def test_there_and_back() -> None:
    like = torch.zeros(3, dtype=torch.bfloat16)
    numbers = torch.tensor([1.0, 0.5, -2.0], dtype=torch.float64)
    sent = to_device(numbers, like=like)
    assert sent.dtype == like.dtype
    assert torch.equal(to_host(sent).double(), numbers)
