"""State dicts of random numbers with the names and shapes of published files.

The lists in ``tests/data/published_weights`` were written from the published architectures, not
from our networks.
"""

import json
from pathlib import Path

import torch
from torch import Tensor

LISTS = Path(__file__).parent.parent / "data/published_weights"
_TWIN = (".downsample.1.", ".norm3.")
_LAST = ("delta_block.to_delta.15.", "flow_head.conv2.")
_GENTLE = 0.02
"""What the last layers are multiplied by: large random changes make the updates chaotic."""


def listed(name: str) -> dict[str, tuple[int, ...]]:
    """Names and shapes of a published file, in its order."""
    shapes = json.loads((LISTS / f"{name}.json").read_text())
    return {key: tuple(shape) for key, shape in shapes.items()}


def random_state(name: str, *, seed: int = 0) -> dict[str, Tensor]:
    """Small weights, and figures that a batch norm could have."""
    source = torch.Generator().manual_seed(seed)
    state = {}
    for key, shape in listed(name).items():
        if key.endswith("num_batches_tracked"):
            state[key] = torch.tensor(100_000)
        elif key.endswith(("running_var", "norm.weight", "13.weight")):
            state[key] = 0.5 + torch.rand(shape, generator=source)
        else:
            fan_in = max(torch.Size(shape[1:]).numel(), 1)
            gain = _GENTLE if any(last in key for last in _LAST) else 1.0
            state[key] = gain * torch.randn(shape, generator=source) / fan_in**0.5
    for key in [key for key in state if _TWIN[0] in key]:
        # the authors' files have a block's third norm under two names
        if (twin := key.replace(*_TWIN)) in state:
            state[key] = state[twin]
    return state


def parameters(name: str) -> int:
    """How many numbers training changed: without running figures, and without twins."""
    shapes = listed(name)
    return sum(
        torch.Size(shape).numel()
        for key, shape in shapes.items()
        if "running_" not in key
        and "num_batches" not in key
        and (_TWIN[0] not in key or key.replace(*_TWIN) not in shapes)
    )
