"""What the families' networks share: a mapping, truncation, and synthesis in stages."""

from abc import abstractmethod
from dataclasses import replace
from pathlib import Path
from typing import Self

import torch
from jaxtyping import Float
from torch import Tensor, nn

from tugan.generators.mapping import MappingNetwork, truncate
from tugan.generators.protocol import GeneratorInfo, Noise, RepaintingSketch, SynthesisState, Ws
from tugan.generators.replay import Replays
from tugan.generators.stepping import blocks_until


class StagedNetwork(nn.Module):
    """A frozen generator; see :class:`tugan.generators.protocol.PretrainedGenerator`.

    A family sets ``mapping`` and ``w_mean`` and says how it begins, runs its blocks and finishes.
    """

    mapping: MappingNetwork
    w_mean: Tensor

    def __init__(self, info: GeneratorInfo) -> None:
        """Parameters are the family's."""
        super().__init__()
        self._info = info
        self._replays = Replays()

    @property
    def info(self) -> GeneratorInfo:
        """What it is."""
        return self._info

    def know_repainting(self, sketch: RepaintingSketch) -> None:
        """Keep what was computed of this network with what is known of it (``info``)."""
        self._info = replace(self._info, repainting=sketch)

    @property
    def device(self) -> torch.device:
        """Where its weights are."""
        return self.w_mean.device

    def lay_out_weights(self) -> None:
        """Rearrange the weights in memory as synthesis reads them: otherwise each pass does so."""
        for weight in self.parameters():
            if weight.ndim == 4:
                weight.data = weight.data.contiguous(memory_format=torch.channels_last)

    @property
    def replays(self) -> Replays:
        """Recordings of work that is done with this network, as its weights are now."""
        return self._replays.of_weights(self.parameters)

    def map(
        self,
        z: Float[Tensor, "b z"],
        *,
        psi: float = 0.7,
        label: Float[Tensor, "b c"] | None = None,
        cutoff: int | None = None,
    ) -> Ws:
        """``ws`` of standard normal ``z``; ``cutoff`` limits truncation to the first rows.

        ``ValueError`` for other widths, and for a label where there are no classes.
        """
        if label is not None and not self._info.label_dim:
            raise ValueError("this generator takes no label")
        w = self.mapping(z.to(self.w_mean), None if label is None else label.to(self.w_mean))
        return truncate(w, mean=self.w_mean, psi=psi, num_ws=self._info.num_ws, cutoff=cutoff)

    @abstractmethod
    def begin(self, ws: Ws, *, noise: Noise = "const", noise_seed: int = 0) -> SynthesisState:
        """Synthesis before the first block; ``ValueError`` if ``ws`` has another shape."""

    def advance(self, state: SynthesisState, *, until_px: int) -> SynthesisState:
        """Run blocks through the one of this size; ``ValueError`` if there is none ahead."""
        return self._run(state, blocks_until(state, self._info, until_px=until_px))

    @abstractmethod
    def finish(self, state: SynthesisState) -> Float[Tensor, "b 3 h w"]:
        """Run what is left; the picture."""

    def forward(self, ws: Ws, noise: Noise = "const") -> Float[Tensor, "b 3 h w"]:
        """``ws`` to the picture."""
        return self.finish(self.begin(ws, noise=noise))

    @classmethod
    def from_pretrained(
        cls,
        model: str | Path,
        *,
        device: str | torch.device = "auto",
        dtype: torch.dtype = torch.float32,
    ) -> Self:
        """Like :func:`tugan.load_generator`; ``TypeError`` if the model is of another family."""
        from tugan.generators.loading import load_as

        return load_as(cls, model, device=device, dtype=dtype)

    def save_pretrained(self, folder: str | Path, *, dtype: torch.dtype = torch.float32) -> None:
        """Like :func:`tugan.save_pretrained`."""
        from tugan.generators.protocol import PretrainedGenerator
        from tugan.generators.saving import save_pretrained

        assert isinstance(self, PretrainedGenerator)
        save_pretrained(self, folder, dtype=dtype)

    @abstractmethod
    def _run(self, state: SynthesisState, until_block: int) -> SynthesisState:
        """Run blocks until so many are done."""
