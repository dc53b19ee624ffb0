import re

import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

from perceptual.published import parameters, random_state
from tugan.core.errors import CheckpointError
from tugan.perceptual.lpips_weights import lpips_of

BOTH = [("alexnet", "lpips-alex"), ("vgg16", "lpips-vgg")]
SOURCE = torch.Generator().manual_seed(0)


def both(features: str, layers: str) -> dict[str, Tensor]:
    """Of the two published files."""
    on_top = {key: tensor.abs() for key, tensor in random_state(layers).items()}
    return random_state(features) | on_top


def by_hand(state: dict[str, Tensor], one: Tensor, other: Tensor) -> Tensor:
    """AlexNet's, as the paper's section 3.2 has it, layer by layer."""
    maps = []
    for picture in (one, other):
        # ImageNet's figures are of pictures in [0, 1]
        x = (picture + 1) / 2 - torch.tensor([0.485, 0.456, 0.406])[:, None, None]
        x = x / torch.tensor([0.229, 0.224, 0.225])[:, None, None]
        found = []
        for place, stride, padding in ((0, 4, 2), (3, 1, 2), (6, 1, 1), (8, 1, 1), (10, 1, 1)):
            weight, bias = state[f"features.{place}.weight"], state[f"features.{place}.bias"]
            x = F.conv2d(x, weight, bias, stride=stride, padding=padding).relu()
            found.append(x)
            x = F.max_pool2d(x, 3, 2) if place in (0, 3) else x
        maps.append(found)
    total = torch.zeros(len(one))
    for index, (mine, theirs) in enumerate(zip(*maps, strict=True)):
        squares = (F.normalize(mine, dim=1) - F.normalize(theirs, dim=1)).square()
        weights = state[f"lin{index}.model.1.weight"].flatten()
        total += torch.einsum("bchw,c->bhw", squares, weights).mean(dim=(1, 2))
    return total


@pytest.mark.parametrize(("features", "layers"), BOTH)
def test_published_files_make_the_metric(features: str, layers: str) -> None:
    state = both(features, layers)
    # torchvision's files have a classifier as well
    network = lpips_of(state | {"classifier.1.weight": torch.zeros(4096, 1)})
    assert network.backbone.name == layers.removeprefix("lpips-")
    count = sum(one.numel() for one in network.parameters())
    assert count == parameters(features) + parameters(layers)
    one, other = torch.rand(2, 2, 3, 64, 72, generator=SOURCE) * 2 - 1
    assert not network(one, one).any()
    assert (network(one, other) > 0).all()
    torch.testing.assert_close(network(one, other), network(other, one))


def test_it_is_the_papers_formula() -> None:
    state = both("alexnet", "lpips-alex")
    one, other = torch.rand(2, 2, 3, 64, 80, generator=SOURCE) * 2 - 1
    found = lpips_of(state)(one, other)
    # the package rounds ImageNet's figures for pictures in [-1, 1]
    torch.testing.assert_close(found, by_hand(state, one, other), rtol=1e-2, atol=1e-4)


def test_it_is_differentiable_even_where_pictures_are_equal() -> None:
    network = lpips_of(both("alexnet", "lpips-alex"))
    one = torch.rand(1, 3, 64, 64, generator=SOURCE).requires_grad_()
    (gradient,) = torch.autograd.grad(network(one, one.detach()).sum(), one)
    assert torch.isfinite(gradient).all()
    (gradient,) = torch.autograd.grad(network(one, -one.detach()).sum(), one)
    assert torch.isfinite(gradient).all()
    assert gradient.abs().sum() > 0


def test_the_packages_whole_state_is_the_same() -> None:
    state = both("alexnet", "lpips-alex")
    slices = {"0": 1, "3": 2, "6": 3, "8": 4, "10": 5}
    whole = {
        re.sub(
            r"features\.(\d+)", lambda found: f"net.slice{slices[found[1]]}.{found[1]}", key
        ): one
        for key, one in state.items()
    }
    whole |= {f"lins.{key[3:]}": one for key, one in state.items() if key.startswith("lin")}
    whole["scaling_layer.shift"] = torch.zeros(1, 3, 1, 1)
    one, other = torch.rand(2, 1, 3, 64, 64, generator=SOURCE)
    assert torch.equal(lpips_of(whole)(one, other), lpips_of(state)(one, other))


@pytest.mark.parametrize("name", ["alexnet", "lpips-alex", "raft-small"])
def test_one_file_of_two_is_not_enough(name: str) -> None:
    state = random_state(name)
    with pytest.raises(CheckpointError, match=rf"two files at once.*have {next(iter(state))}"):
        lpips_of(state)


def test_the_layers_of_the_other_network_are_refused() -> None:
    with pytest.raises(CheckpointError, match=r"LPIPS with alex: lin1.*\(1, 128, 1, 1\), expected"):
        lpips_of(both("alexnet", "lpips-vgg"))


def test_small_pictures_are_refused() -> None:
    network = lpips_of(both("alexnet", "lpips-alex"))
    with pytest.raises(ValueError, match=r"at least 32 px a side, got \(31, 40\)"):
        network(torch.zeros(1, 3, 31, 40), torch.zeros(1, 3, 31, 40))
    assert network(torch.zeros(1, 3, 32, 32), torch.zeros(1, 3, 32, 32)).shape == (1,)
