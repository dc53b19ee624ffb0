"""Refuses weights that are no numbers: they would draw nothing, and nobody would say why."""

from collections.abc import Mapping

import torch
from torch import Tensor

from tugan.core.errors import CheckpointError
from tugan.generators.formats.inert_objects import printable


def check_finite(tensors: Mapping[str, Tensor]) -> None:
    """CheckpointError names the first tensor that holds NaN or infinity."""
    seen: set[int] = set()
    for name, tensor in tensors.items():
        if not tensor.is_floating_point() or id(tensor) in seen:
            continue
        seen.add(id(tensor))
        # a sum is not finite if a term is not, needs no memory, and settles nearly every tensor
        if bool(torch.isfinite(tensor.sum())) or bool(torch.isfinite(tensor).all()):
            continue
        raise CheckpointError(
            f"expected finite numbers, but {printable(name)} holds "
            f"{int((~torch.isfinite(tensor)).sum())} that are NaN or infinite: its training "
            "failed or the file is damaged; get another copy or an earlier checkpoint"
        )
