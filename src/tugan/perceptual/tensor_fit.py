"""Published tensors into a network of ours: names, shapes and values are checked first."""

from collections.abc import Mapping

import torch
from torch import Tensor, nn

from tugan.core.errors import CheckpointError

_SHOWN = 4
_COUNTER = ".num_batches_tracked"
"""Batch norms count training's batches, which nothing reads; some files leave it out."""


def fill(network: nn.Module, tensors: Mapping[str, Tensor], *, name: str) -> None:
    """Give ``network``, which may be on the meta device, its tensors as float32, and freeze it.

    :class:`CheckpointError` lists what is missing, left over, of another shape or not finite;
    ``name`` is what the network is called there.
    """
    expected = network.state_dict()
    given = {key: tensor for key, tensor in tensors.items() if not key.endswith(_COUNTER)}
    counters = {key: torch.zeros((), dtype=torch.int64) for key in expected if _counts(key)}
    _check(expected.keys() - counters.keys(), expected, given, name)
    floats = {key: tensor.detach().to(torch.float32).clone() for key, tensor in given.items()}
    network.load_state_dict(floats | counters, assign=True)
    network.requires_grad_(False)
    network.eval()


def _counts(key: str) -> bool:
    return key.endswith(_COUNTER)


def _check(
    wanted: set[str], expected: Mapping[str, Tensor], given: Mapping[str, Tensor], name: str
) -> None:
    problems = [
        *(f"{key} is missing" for key in sorted(wanted - given.keys())),
        *(f"{key} is not part of it" for key in sorted(given.keys() - wanted)),
        *(
            f"{key} is {tuple(given[key].shape)}, expected {tuple(expected[key].shape)}"
            for key in sorted(wanted & given.keys())
            if given[key].shape != expected[key].shape
        ),
        *(
            f"{key} has values that are NaN or infinite"
            for key in sorted(wanted & given.keys())
            if not bool(torch.isfinite(given[key]).all())
        ),
    ]
    if problems:
        more = f" (and {len(problems) - _SHOWN} more)" if len(problems) > _SHOWN else ""
        raise CheckpointError(
            f"the tensors do not fit {name}: {'; '.join(problems[:_SHOWN])}{more}. Fetch the"
            " published file again"
        )
