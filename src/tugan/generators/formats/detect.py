"""Tells checkpoint formats apart by what is in the file, never by its name, and reads them."""

import io
import os
import stat
from pathlib import Path

from tugan.core.errors import CheckpointError
from tugan.generators.formats.budget import Budget
from tugan.generators.formats.checkpoint import RawCheckpoint
from tugan.generators.formats.finite import check_finite
from tugan.generators.formats.flatten import FlatTree, flatten
from tugan.generators.formats.inert_objects import printable
from tugan.generators.formats.nvidia_pickle import generator_of, holds_modules
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
_NEEDED_WITH_IT = ("latent_avg", "args")

_EXPECTED = (
    "expected a folder with config.json and model.safetensors, a safetensors file, a torch.save "
    "file or an NVIDIA pickle (PyTorch or TensorFlow)"
)
_UNPACK = "unpack it and name the checkpoint inside"
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
    (b"\x93NUMPY", "a numpy array: name the checkpoint of a generator instead"),
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
    try:
        raw = _read(path)
        check_finite(raw.tensors)
        return raw
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


def _read(path: Path) -> RawCheckpoint:
    kind = os.stat(path).st_mode
    if stat.S_ISDIR(kind):
        return read_folder(path)
    if not stat.S_ISREG(kind):
        raise CheckpointError(f"{_EXPECTED}; found neither a file nor a folder")
    with path.open("rb") as file:
        return _read_file(path, file)


def _read_file(path: Path, file: io.BufferedReader) -> RawCheckpoint:
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
        return _from_tree(read_zip(file, span, budget), budget)
    if head.startswith(b"\x80"):
        tree, from_torch = read_plain_pickle(span, budget)
        bare = not from_torch and not holds_networks(tree)
        return _from_tree(generator_of(tree) if bare else tree, budget)
    raise CheckpointError(f"{_EXPECTED}; {_what_it_is(head)}")


def _from_tree(tree: object, budget: Budget) -> RawCheckpoint:
    """The layout decides: torch.save may hold the modules of an NVIDIA pickle as well."""
    if holds_networks(tree):
        return _raw("tensorflow-pickle", flatten(network_tree(tree), budget))
    if holds_modules(tree):
        return _raw("nvidia-pickle", flatten(generator_of(tree), budget))
    return _raw("torch", flatten(_without_training(tree), budget))


def _raw(layout: str, flat: FlatTree) -> RawCheckpoint:
    return RawCheckpoint(format=layout, tensors=flat.tensors, attributes=flat.attributes, config={})


def _without_training(tree: object) -> object:
    """The best of a file's generators alone: not the discriminator, nor optimisers."""
    if isinstance(tree, dict):
        for generator in GENERATORS:
            if isinstance(tree.get(generator), dict):
                needed = (generator, *_NEEDED_WITH_IT)
                return {key: tree[key] for key in needed if key in tree}
    return tree


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
