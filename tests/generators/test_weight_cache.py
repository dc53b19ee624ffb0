import torch
from torch import Tensor, nn

from tugan.generators.weight_cache import WeightCache


def counted() -> tuple[WeightCache, list[Tensor]]:
    asked: list[Tensor] = []

    def double(weight: Tensor) -> Tensor:
        asked.append(weight)
        return 2 * weight

    return WeightCache(double), asked


def test_a_frozen_weight_is_asked_once() -> None:
    cache, asked = counted()
    weight = nn.Parameter(torch.ones(3), requires_grad=False)
    assert cache.of(weight) is cache.of(weight)
    assert len(asked) == 1


def test_a_changed_weight_is_asked_again() -> None:
    cache, _ = counted()
    weight = nn.Parameter(torch.ones(3), requires_grad=False)
    cache.of(weight)
    weight.mul_(3)
    assert cache.of(weight).tolist() == [6, 6, 6]
    weight.data = torch.full((3,), 5.0)
    assert cache.of(weight).tolist() == [10, 10, 10]
    weight.data = weight.data.double()
    assert cache.of(weight).dtype == torch.float64


def test_a_trained_weight_is_always_asked_and_gets_its_gradient() -> None:
    cache, asked = counted()
    weight = nn.Parameter(torch.ones(3))
    cache.of(weight).sum().backward()
    assert weight.grad is not None
    assert weight.grad.tolist() == [2, 2, 2]
    cache.of(weight)
    assert len(asked) == 2


def test_what_was_kept_in_inference_is_good_for_a_graph() -> None:
    cache, _ = counted()
    weight = nn.Parameter(torch.ones(3), requires_grad=False)
    with torch.inference_mode():
        cache.of(weight)
    x = torch.ones(3, requires_grad=True)
    (x * cache.of(weight)).sum().backward()
    assert x.grad is not None
    assert x.grad.tolist() == [2, 2, 2]


def test_weights_made_in_inference_are_taken_too() -> None:
    cache, asked = counted()
    with torch.inference_mode():
        weight = torch.ones(3)
    assert cache.of(weight).tolist() == cache.of(weight).tolist() == [2, 2, 2]
    assert len(asked) == 1
