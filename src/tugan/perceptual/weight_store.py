"""Weights of published networks that people add themselves: checked once, stored as safetensors.

tugan brings none of them and fetches none. A file is read by the safe readers of
``generators/formats``; what is stored here is what a network of ours has been built from.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, final

from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor, nn

from tugan.core.atomic_write import atomic_path
from tugan.core.errors import CheckpointError, OutputError, TuganError
from tugan.core.state_folder import state_folder
from tugan.core.tensor_file import save_tensors
from tugan.perceptual.lpips_network import Lpips
from tugan.perceptual.lpips_weights import lpips_of
from tugan.perceptual.pips_network import Pips
from tugan.perceptual.pips_weights import pips_of
from tugan.perceptual.raft_network import Raft
from tugan.perceptual.raft_weights import raft_of

WeightsName = Literal["raft", "pips", "lpips"]


class WeightsNotInstalledError(TuganError):
    """A network whose weights nobody has added; the message has the command that adds them."""


class UnknownWeightsError(TuganError):
    """A name that no network here has."""


@final
@dataclass(frozen=True, kw_only=True)
class KnownWeights:
    """A network that works once its weights have been added."""

    name: WeightsName
    what: str
    """What it is for, and the paper."""
    files: str
    """What its published files are called."""
    source: str
    """Where its authors publish them."""
    file_count: int = 1
    """How many of them are needed, together."""
    build: Callable[[Mapping[str, Tensor]], nn.Module] = field(repr=False)
    """The network of published tensors, or of those stored here; refuses others."""

    @property
    def command(self) -> str:
        """What adds them."""
        return f"tugan weights add {self.name}{self.file_count * ' FILE'}"

    @property
    def path(self) -> Path:
        """Where they are kept; may not be there."""
        return weights_folder() / f"{self.name}.safetensors"

    @property
    def installed(self) -> bool:
        """Have they been added?"""
        return self.path.is_file()


KNOWN: dict[WeightsName, KnownWeights] = {
    "raft": KnownWeights(
        name="raft",
        what="optical flow, for the tracker raft (Teed & Deng, ECCV 2020)",
        files="raft-things.pth or raft-small.pth; torchvision's raft_large or raft_small",
        source="https://github.com/princeton-vl/RAFT",
        build=raft_of,
    ),
    "pips": KnownWeights(
        name="pips",
        what="points through video, for the tracker pips (Harley et al., ECCV 2022)",
        files="model-000200000.pth",
        source="https://github.com/aharley/pips",
        build=pips_of,
    ),
    "lpips": KnownWeights(
        name="lpips",
        what="how different pictures look, a metric (Zhang et al., CVPR 2018)",
        files=(
            "alexnet-owt-7be5be79.pth of torchvision and weights/v0.1/alex.pth of the package"
            " lpips, or vgg16-397923af.pth and vgg.pth"
        ),
        source="https://download.pytorch.org/models and"
        " https://github.com/richzhang/PerceptualSimilarity",
        file_count=2,
        build=lpips_of,
    ),
}


def weights_folder() -> Path:
    """Where weights are kept: ``weights`` in the user's state folder; need not exist yet."""
    return state_folder() / "weights"


def known_weights(name: str) -> KnownWeights:
    """The network of this name; :class:`UnknownWeightsError` lists the names."""
    for known in KNOWN.values():
        if known.name == name:
            return known
    raise UnknownWeightsError(
        f"there are no weights called {name!r}; expected one of {', '.join(KNOWN)}"
    )


def add_weights(name: str, tensors: Mapping[str, Tensor], *, source: str) -> Path:
    """Check published tensors by building the network, and store them; those before are replaced.

    ``source`` is noted in the file. :class:`CheckpointError` says what does not fit,
    :class:`OutputError` that they cannot be written.
    """
    known = known_weights(name)
    network = known.build(tensors)
    stored = {key: tensor.contiguous() for key, tensor in network.state_dict().items()}
    with atomic_path(known.path) as path:
        save_tensors(stored, path, metadata={"network": known.name, "source": source})
    return known.path


def remove_weights(name: str) -> Path:
    """Delete them, and say where they were; :class:`WeightsNotInstalledError` if there are none."""
    known = _installed(name)
    try:
        known.path.unlink()
    except OSError as error:
        raise OutputError(f"cannot delete {known.path}: {error.strerror or error}") from error
    return known.path


def load_raft() -> Raft:
    """The stored RAFT, frozen and on the CPU.

    :class:`WeightsNotInstalledError` has the command; :class:`CheckpointError` if the file has been
    damaged since.
    """
    with _told_how("raft") as tensors:
        return raft_of(tensors)


def load_pips(*, stride_px: int | None = None) -> Pips:
    """The stored PIPs, likewise; ``stride_px`` other than that of its release."""
    with _told_how("pips") as tensors:
        return pips_of(tensors, stride_px=stride_px)


def load_lpips() -> Lpips:
    """The stored LPIPS, likewise."""
    with _told_how("lpips") as tensors:
        return lpips_of(tensors)


@contextmanager
def _told_how(name: WeightsName) -> Iterator[dict[str, Tensor]]:
    """The stored tensors; what is wrong with them is said with the file and the command."""
    known = _installed(name)
    try:
        yield load_file(known.path)
    except (SafetensorError, OSError, CheckpointError) as error:
        raise CheckpointError(
            f"{known.path} is damaged ({error}): add the weights again with {known.command}"
        ) from error


def _installed(name: str) -> KnownWeights:
    known = known_weights(name)
    if not known.installed:
        raise WeightsNotInstalledError(
            f"the weights of {known.name} are not installed: get {known.files} from"
            f" {known.source}, then: {known.command}"
        )
    return known
