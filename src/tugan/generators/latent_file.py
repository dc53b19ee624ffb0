"""Latents that other programs found: pivots of PTI, encoders' and projectors' files."""

from collections.abc import Mapping
from pathlib import Path

import torch
from torch import Tensor

from tugan.core.errors import TuganError
from tugan.generators.formats.detect import read_values
from tugan.generators.formats.inert_objects import printable
from tugan.generators.formats.inventory import LATENT_TENSORS
from tugan.generators.protocol import Generator, GeneratorInfo, Ws

NAMES = (
    "w",
    "ws",
    "w_plus",
    "wp",
    "latent",
    "latents",
    "latent_code",
    "latent_codes",
    "w_pivot",
    "pivot",
    "projected_w",
    "latent_in",
    "result_latent",
    "codes",
    "dlatents",
    "dlatent",
)
"""What programs call a latent of W or W+: the last part of its name in the file."""
NOT_W = frozenset({"z", "zs", "noise", "noises", "img", "image", "mask", "s", "seed"})
MANY_TENSORS = 40
"""A file with more, and none that is called a latent, is a network's."""


class LatentFileError(TuganError):
    """A file that holds no latent of this generator."""


def load_latent(path: str | Path, generator: Generator, *, index: int | None = None) -> Ws:
    """The latent of W or W+ in a file of another program, of shape (1, num_ws, w_dim), on the CPU.

    The file is a tensor or a dictionary by torch.save, a pickle, ``.npz``, ``.npy`` or safetensors,
    and is read without running anything. Its latent is (rows, d), (d,) or either with ones before;
    one row stands for all. Of several, (n, rows, d), ``index`` says which, from 0.
    :class:`LatentFileError` if it is none of this generator, or holds NaN;
    :class:`CheckpointError` if the file cannot be read.
    """
    place = Path(path)
    raw = read_values(place)
    if raw.format in ("nvidia-pickle", "tensorflow-pickle") or raw.config:
        raise LatentFileError(_model(place))
    name, tensor = _chosen(place, raw.tensors, generator.info)
    latent = _picked(place, name, tensor.to(torch.float32), generator.info, index)
    if not bool(torch.isfinite(latent).all()):
        raise LatentFileError(
            f"{place}: the latent {printable(name)} holds NaN or infinite numbers: what found it"
            " failed; find it anew"
        )
    return latent.expand(1, generator.info.num_ws, -1).clone()


def _chosen(path: Path, tensors: Mapping[str, Tensor], info: GeneratorInfo) -> tuple[str, Tensor]:
    """The tensor that is the latent: by its name, else the only one that may be one."""
    last = {name: name.rpartition(".")[2] for name in tensors}
    named = [name for name in tensors if last[name] in NAMES]
    if not named and len(tensors) > MANY_TENSORS:
        raise LatentFileError(_model(path))
    able = [
        name
        for name, tensor in tensors.items()
        if last[name] not in NOT_W and _may_be(tensor, info) and not _within(name, NOT_W)
    ]
    fitting = [name for name in named if name in able] or named or able
    if len(fitting) == 1:
        return fitting[0], tensors[fitting[0]]
    if not fitting:
        raise LatentFileError(
            f"{path} holds no latent of {info.name}: expected {_wanted(info)}; found"
            f" {_listed(tensors, list(tensors))}"
        )
    raise LatentFileError(
        f"{path} holds several latents ({_listed(tensors, fitting)}): save the one that is meant"
        " alone"
    )


def _within(name: str, parts: frozenset[str]) -> bool:
    return any(part in parts for part in name.split("."))


def _may_be(tensor: Tensor, info: GeneratorInfo) -> bool:
    return tensor.is_floating_point() and tensor.ndim > 0 and tensor.shape[-1] == info.w_dim


def _picked(
    path: Path, name: str, tensor: Tensor, info: GeneratorInfo, index: int | None
) -> Tensor:
    """One latent as (1, rows, d) or (1, 1, d)."""
    shape, several = tuple(tensor.shape), tensor
    while several.ndim > 1 and several.shape[0] == 1:
        several = several[0]
    wrong = LatentFileError(
        f"{path}: {printable(name)} is {shape}, which is no latent of {info.name}: expected"
        f" {_wanted(info)}. Give the model that it was found with by --model"
    )
    if several.ndim == 0 or several.shape[-1] != info.w_dim or several.numel() == 0:
        raise wrong
    if several.ndim == 1:
        several = several[None, None]
    elif several.ndim == 2:
        # as many rows as the model has are one latent's; others can only be several of W
        alone = several.shape[0] == info.num_ws
        if not alone and index is None:
            raise wrong
        several = several[None] if alone else several[:, None]
    if several.ndim != 3 or several.shape[1] not in (1, info.num_ws):
        raise wrong
    return _one_of(path, several, index)


def _one_of(path: Path, several: Tensor, index: int | None) -> Tensor:
    count = len(several)
    if index is None and count > 1:
        raise LatentFileError(
            f"{path} holds {count} latents: say which, as {path}:0 to {path}:{count - 1}"
            " (index=0 in Python)"
        )
    if not 0 <= (index or 0) < count:
        held = "one latent, which is 0" if count == 1 else f"the latents 0 to {count - 1}"
        raise LatentFileError(f"{path} has no latent {index}: it holds {held}")
    chosen = index or 0
    return several[chosen : chosen + 1]


def _wanted(info: GeneratorInfo) -> str:
    return f"({info.num_ws}, {info.w_dim}) or ({info.w_dim},), or either behind ones"


def _model(path: Path) -> str:
    return (
        f"{path} is a model, not a latent: give it with --model, and with --latent the latent that"
        " was found with it"
    )


def _listed(tensors: Mapping[str, Tensor], names: list[str]) -> str:
    shown = ", ".join(f"{printable(name)} {tuple(tensors[name].shape)}" for name in names[:6])
    return (shown or "no tensors") + (" ..." if len(names) > LATENT_TENSORS else "")


def parse_place(text: str) -> tuple[Path, int | None]:
    """``FILE`` or ``FILE:N``; a file whose whole name is that comes first."""
    name, colon, number = text.rpartition(":")
    if colon and number.isdecimal() and not Path(text).exists():
        return Path(name), int(number)
    return Path(text), None
