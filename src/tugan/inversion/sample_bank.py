"""Small pictures of many latents: where the search for a picture's latent starts."""

from dataclasses import dataclass, field
from pathlib import Path

import torch
from jaxtyping import Float, UInt8
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor

from tugan.core.atomic_write import atomic_path
from tugan.core.cache_folder import cache_folder
from tugan.core.errors import OutputError
from tugan.core.grad_mode import in_ordinary_mode
from tugan.core.tensor_file import save_tensors
from tugan.generators.preview import PreviewHead
from tugan.generators.protocol import Generator, PretrainedGenerator
from tugan.generators.saving import fingerprint
from tugan.inversion.latent_path import LatentPath
from tugan.inversion.target import InversionTarget, resized

THUMBNAIL_PX = 16
"""Finer ones say more of the background than of the face: 32 px gave worse starts."""
SAMPLES = 2000
RIDGE = 0.03
_SEED = 0
_AT_ONCE = 8


@dataclass(frozen=True, kw_only=True)
class SampleBank:
    """Latents of standard truncation and what they look like."""

    w: Float[Tensor, "n d"] = field(repr=False)
    thumbnails: UInt8[Tensor, "n 3 t t"] = field(repr=False)

    def guess(self, target: InversionTarget, path: LatentPath) -> Float[Tensor, "1 d"]:
        """Coordinates that a latent of this picture probably has.

        Ridge regression from the weighed thumbnails, solved among the samples: it draws on all of
        them, and comes nearer than the best of them.
        """
        scale = resized(target.weight, THUMBNAIL_PX).sqrt().cpu()
        known = ((self.thumbnails.float() / 127.5 - 1) * scale).flatten(1)
        wanted = (resized(target.picture, THUMBNAIL_PX).cpu() * scale).flatten(1)
        mean = known.mean(dim=0)
        known, wanted = known - mean, wanted - mean
        alike = known @ known.T
        ridge = RIDGE * alike.diagonal().mean() * torch.eye(len(alike))
        weights = torch.linalg.solve(alike + ridge, known @ wanted.T)
        found: Tensor = weights.T @ path.coordinates(self.w.to(path.mean)).cpu()
        return found


@in_ordinary_mode
def sample_bank_of(
    generator: Generator, *, head: PreviewHead, samples: int = SAMPLES
) -> SampleBank:
    """The generator's bank, drawn once and kept in the cache folder."""
    place = _place(generator, samples)
    thumbnails = None if place is None else _read(place, samples)
    if thumbnails is None:
        thumbnails = _drawn(generator, head, samples)
        if place is not None:
            _keep(place, thumbnails)
    return SampleBank(w=_latents(generator, samples), thumbnails=thumbnails)


@torch.no_grad()
def _latents(generator: Generator, samples: int) -> Float[Tensor, "n d"]:
    rng = torch.Generator().manual_seed(_SEED)
    z = torch.randn(samples, generator.info.z_dim, generator=rng)
    label = None
    if generator.info.label_dim:
        classes = torch.arange(samples) % generator.info.label_dim
        label = torch.nn.functional.one_hot(classes, generator.info.label_dim).float()
        label = label.to(generator.device)
    return generator.map(z.to(generator.device), psi=1.0, label=label)[:, 0].cpu()


@torch.no_grad()
def _drawn(generator: Generator, head: PreviewHead, samples: int) -> UInt8[Tensor, "n 3 t t"]:
    found = []
    for w in _latents(generator, samples).split(_AT_ONCE):
        ws = w[:, None].expand(-1, generator.info.num_ws, -1)
        block = generator.advance(generator.begin(ws), until_px=head.until_px)
        small = resized(head.draw(block.features), THUMBNAIL_PX)
        found.append(((small.clamp(-1, 1) + 1) * 127.5).round().to(torch.uint8).cpu())
    return torch.cat(found)


def _place(generator: Generator, samples: int) -> Path | None:
    """None where there is no home for a cache, or nothing that tells models apart."""
    if not isinstance(generator, PretrainedGenerator):
        return None
    name = f"{fingerprint(generator)}-{samples}-{THUMBNAIL_PX}.safetensors"
    try:
        return cache_folder() / "thumbnails" / name
    except OutputError:
        return None


def _read(path: Path, samples: int) -> UInt8[Tensor, "n 3 t t"] | None:
    """None if there is no such file, or it is damaged."""
    try:
        found = load_file(path).get("thumbnails") if path.is_file() else None
    except (SafetensorError, OSError):
        return None
    shape = (samples, 3, THUMBNAIL_PX, THUMBNAIL_PX)
    if found is None or found.shape != shape or found.dtype != torch.uint8:
        return None
    return found


def _keep(path: Path, thumbnails: UInt8[Tensor, "n 3 t t"]) -> None:
    """Where the cache cannot be written, the next photograph draws them anew."""
    try:
        with atomic_path(path) as temporary:
            save_tensors({"thumbnails": thumbnails}, temporary, metadata={"format": "pt"})
    except OutputError:
        return
