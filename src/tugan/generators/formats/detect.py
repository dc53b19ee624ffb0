"""Tells checkpoint formats apart by what is in the file, never by its name, and reads them."""

import io
import os
import stat
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from torch import Tensor

from tugan.core.errors import CheckpointError
from tugan.generators.formats.budget import Budget
from tugan.generators.formats.checkpoint import RawCheckpoint
from tugan.generators.formats.finite import check_finite
from tugan.generators.formats.flatten import FlatTree, flatten, unread
from tugan.generators.formats.inert_objects import UnreadObject, printable
from tugan.generators.formats.left_out import left_out
from tugan.generators.formats.mean_names import MEAN_NAMES
from tugan.generators.formats.numpy_file import MAGIC, MAX_BYTES, is_npz, read_npy, read_npz
from tugan.generators.formats.nvidia_pickle import generator_of, holds_modules, holds_tensors
from tugan.generators.formats.safetensors_folder import (
    looks_like_safetensors,
    read_folder,
    read_weights,
)
from tugan.generators.formats.spans import Span
from tugan.generators.formats.tensorflow_pickle import holds_networks, network_tree
from tugan.generators.formats.torch_container import read_plain_pickle, read_zip

HEAD_BYTES = 512
MAX_FILE_BYTES = 8 << 30
"""Generators are a tenth of that at most; their training checkpoints a quarter."""

GENERATORS = ("g_ema", "G_ema", "g", "G")
"""Under which names training programs save a generator's tensors, the running average first."""

_EXPECTED = (
    "expected a folder with config.json and model.safetensors, a safetensors file, a torch.save "
    "file or an NVIDIA pickle (PyTorch or TensorFlow)"
)
_UNPACK = "unpack it and name the checkpoint inside"
_LATENT = "if it is a latent, give it with --latent, and with --model the model that it belongs to"
_OTHER_KINDS = (
    (b"\x1f\x8b", f"a gzip archive: {_UNPACK}"),
    (b"BZh", f"a bzip2 archive: {_UNPACK}"),
    (b"\xfd7zXZ\x00", f"an xz archive: {_UNPACK}"),
    (b"7z\xbc\xaf\x27\x1c", f"a 7z archive: {_UNPACK}"),
    (b"Rar!", f"a rar archive: {_UNPACK}"),
    (b"\x89PNG", "a PNG picture: name the checkpoint of a generator instead"),
    (b"\xff\xd8\xff", "a JPEG picture: name the checkpoint of a generator instead"),
    (b"GIF8", "a GIF picture: name the checkpoint of a generator instead"),
    (b"RIFF", "a WebP picture or a sound: name the checkpoint of a generator instead"),
    (b"\x93NUMPY", f"a numpy array: {_LATENT}"),
    (b"GGUF", "a GGUF file of a language model: name the checkpoint of a generator instead"),
    (b"\x89HDF", "an HDF5 file, perhaps of Keras: get the PyTorch version of this network"),
    (
        b"version https://git-lfs",
        "a git-lfs pointer that stands for the real file: run git lfs pull",
    ),
)


def read_checkpoint(path: Path) -> RawCheckpoint:
    """Read any supported checkpoint as plain tensors and scalars.

    Nothing in it is executed. CheckpointError says what was expected, what was found and what to
    do; UnsafeCheckpointError names what the file asks for beyond weights.
    """
    with _told_of(path):
        raw = _read(path)
        check_finite(raw.tensors)
        return raw


def read_values(path: Path) -> RawCheckpoint:
    """Read the tensors of a file that is no checkpoint of a network, such as a latent's.

    By the same rules; numpy's own files as well, and NaN is the caller's to look for.
    """
    with _told_of(path):
        if stat.S_ISREG(os.stat(path).st_mode):
            with path.open("rb") as file:
                arrays = _arrays(file)
            if arrays is not None:
                return RawCheckpoint(format="numpy", tensors=arrays, attributes={}, config={})
        return _read(path, of_a_network=False)


def _arrays(file: io.BufferedReader) -> dict[str, Tensor] | None:
    head = file.read(HEAD_BYTES)
    file.seek(0)
    if head.startswith(MAGIC):
        return {"array": read_npy(file.read(MAX_BYTES + 1), "the file")}
    if head.startswith(b"PK\x03\x04") and is_npz(file):
        return read_npz(file)
    return None


@contextmanager
def _told_of(path: Path) -> Iterator[None]:
    """Errors that name the file."""
    try:
        yield
    except CheckpointError as error:
        raise type(error)(f"{path}: {error}") from error
    except OSError as error:
        reason = error.strerror or str(error)
        if path.is_symlink():
            reason += f" (it is a symbolic link to {printable(os.readlink(path))})"
        raise CheckpointError(
            f"{path}: expected a file or folder that can be read: {reason}"
        ) from error
    except (MemoryError, RecursionError) as error:
        raise CheckpointError(
            f"{path}: it does not fit in the memory, or is damaged so that it seems not to"
        ) from error


def _read(path: Path, *, of_a_network: bool = True) -> RawCheckpoint:
    kind = os.stat(path).st_mode
    if stat.S_ISDIR(kind):
        return read_folder(path)
    if not stat.S_ISREG(kind):
        raise CheckpointError(f"{_EXPECTED}; found neither a file nor a folder")
    with path.open("rb") as file:
        return _read_file(path, file, of_a_network=of_a_network)


def _read_file(path: Path, file: io.BufferedReader, *, of_a_network: bool) -> RawCheckpoint:
    head = file.read(HEAD_BYTES)
    size = os.fstat(file.fileno()).st_size
    if size > MAX_FILE_BYTES:
        raise CheckpointError(
            f"expected at most {MAX_FILE_BYTES >> 30} GiB but the file has {size / (1 << 30):.1f}:"
            " no generator is that large"
        )
    span, budget = Span(file, 0, size), Budget(size)
    if looks_like_safetensors(head, size):  # first: its length may begin with a pickle's 0x80
        return read_weights(path)
    if head.startswith(b"PK\x03\x04"):
        if of_a_network and is_npz(file):
            raise CheckpointError(f"{_EXPECTED}; this is a numpy archive (.npz): {_LATENT}")
        return _from_tree(read_zip(file, span, budget), budget)
    if head.startswith(b"\x80"):
        tree, from_torch = read_plain_pickle(span, budget)
        modules = not from_torch and not holds_networks(tree) and not holds_tensors(tree)
        if modules and of_a_network:
            generator_of(tree)  # says what it is instead
        return _from_tree(tree, budget)
    raise CheckpointError(f"{_EXPECTED}; {_what_it_is(head)}")


def _from_tree(tree: object, budget: Budget) -> RawCheckpoint:
    """The layout decides: torch.save may hold the modules of an NVIDIA pickle as well."""
    if holds_networks(tree):
        return _raw("tensorflow-pickle", flatten(network_tree(tree), budget))
    if holds_modules(tree):
        generator = generator_of(tree)
        others = left_out(tree, generator=generator)
        return _raw("nvidia-pickle", flatten(generator, budget), others)
    needed, own = _without_training(tree)
    return _raw("torch", flatten(needed, budget, own=own), left_out(tree))


def _raw(layout: str, flat: FlatTree, others: Mapping[str, str] | None = None) -> RawCheckpoint:
    return RawCheckpoint(
        format=layout,
        tensors=flat.tensors,
        attributes=flat.attributes,
        config={},
        left_out=others or {},
    )


def _without_training(tree: object) -> tuple[object, str | None]:
    """The best of a file's generators alone, and its name: no discriminator, no optimisers.

    The whole tree, and None, where no generator has one of the usual names.
    """
    if not isinstance(tree, dict):
        return tree, None
    for generator in GENERATORS:
        if isinstance(tree.get(generator), dict):
            needed = (generator, *MEAN_NAMES, "args")
            return {key: tree[key] for key in needed if key in tree}, generator
    for generator in GENERATORS:
        if isinstance(found := tree.get(generator), UnreadObject):
            raise unread(generator, found.name)
    return tree, None


def _what_it_is(head: bytes) -> str:
    if not head:
        return "the file is empty: its download probably failed, fetch it again"
    for start, description in _OTHER_KINDS:
        if head.startswith(start):
            return f"this is {description}"
    if head[257:262] == b"ustar":
        return f"this is a tar archive: {_UNPACK}"
    if head.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] == b"<":
        return "this looks like a web page: the download probably failed, fetch the file itself"
    return f"the first bytes are {head[:16]!r}: check that this is the file that you mean"
