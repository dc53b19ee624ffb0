"""Values computed of frozen weights, kept until the weights change."""

from collections.abc import Callable
from typing import final

import torch
from torch import Tensor


@final
class WeightCache:
    """One value of one weight.

    Computed anew when the weight has been written to, replaced or moved; never kept of a weight
    that is being trained, nor inside a compiled graph.
    """

    def __init__(self, compute: Callable[[Tensor], Tensor]) -> None:
        """``compute`` is called with the weight."""
        self._compute = compute
        self._kept: tuple[tuple[object, ...], Tensor] | None = None

    def of(self, weight: Tensor) -> Tensor:
        """The value for this weight as it is now."""
        if weight.requires_grad or torch.compiler.is_compiling():
            return self._compute(weight)
        # no version is counted of what was made in inference mode, which cannot be written to
        version = 0 if weight.is_inference() else weight._version
        now = (weight.data_ptr(), version, weight.dtype, weight.device)
        kept = self._kept
        if kept is None or kept[0] != now:
            # good for any later pass, whatever this one is for
            with torch.inference_mode(False), torch.no_grad():
                kept = self._kept = (now, self._compute(weight))
        return kept[1]
