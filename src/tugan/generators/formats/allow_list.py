"""The short list of names that a checkpoint's pickle may mention, and what each becomes.

Nothing is imported: a name is looked up here, or stands for itself and does nothing, or is refused.
"""

import re
import sys
from collections.abc import Mapping
from types import MappingProxyType

import torch

from tugan.core.errors import CheckpointError, UnsafeCheckpointError
from tugan.generators.formats import inert_objects, numpy_data
from tugan.generators.formats.budget import Budget
from tugan.generators.formats.inert_objects import (
    Arguments,
    Constructor,
    ForeignName,
    Marker,
    printable,
)
from tugan.generators.formats.tensor_data import ElementType, TensorData, tensor_data

Allowed = Mapping[tuple[str, str], Constructor | Marker | ElementType]

_UNREAD = re.compile(r"torch\.nn\.(modules|utils)(\.[a-z_]{1,40}){1,2}")
"""Modules whose classes the parts beside a generator are made of: kept as names, never looked up.

Full matches only, with one plain class name behind: no dotted path leads further from there.
"""
_CLASS_NAME = re.compile(r"_?[A-Z][A-Za-z0-9]{0,60}")

_FOREIGN_MODULE = re.compile(r"[A-Za-z_]\w{0,60}(\.[A-Za-z_]\w{0,60}){0,8}", re.ASCII)
_FOREIGN_CLASS = re.compile(r"(?!__)[A-Za-z_]\w{0,60}(\.(?!__)[A-Za-z_]\w{0,60}){0,3}", re.ASCII)
_NEVER_FOREIGN = sys.stdlib_module_names | {
    "torch",
    "numpy",
    "tugan",
    # Python 2's, and what it called others
    "__builtin__",
    "cPickle",
    "commands",
    "copy_reg",
    "exceptions",
    "new",
    "popen2",
    "thread",
    "urllib2",
}
"""No program's own classes live there, but all that payloads are made of: refused by name."""
_ACTIVATIONS = re.compile(r"(torch\.nn\.functional|torch\._C\._nn)\.[a-z][a-z_0-9]{0,40}")
"""Functions that layers keep as attributes: mentioned, never called while reading."""
_TRAINING = re.compile(r"torch\.(nn\.parallel|optim|amp|cuda\.amp)(\.[a-z_]{1,40}){1,2}")
"""What of PyTorch stands around a generator in training: objects of it are not read, either."""

_FORKED = re.compile(r"(?:[A-Za-z_]\w*\.){1,6}(torch_utils\.persistence|dnnlib\.util)", re.ASCII)
"""NVIDIA's two modules inside somebody's package: what they hold is read as if it were theirs."""

_TENSORFLOW_NETWORKS = (("dnnlib.tflib.network", "Network"), ("tfutil", "Network"))
"""StyleGAN 1, 2 and ADA; and the progressive GAN, so that it can be called by its name."""

_STORAGES = {
    "FloatStorage": torch.float32,
    "HalfStorage": torch.float16,
    "BFloat16Storage": torch.bfloat16,
    "DoubleStorage": torch.float64,
    "LongStorage": torch.int64,
    "IntStorage": torch.int32,
    "ShortStorage": torch.int16,
    "CharStorage": torch.int8,
    "ByteStorage": torch.uint8,
    "BoolStorage": torch.bool,
}
_DTYPES = ("float16", "bfloat16", "float32", "float64", "int64", "int32", "uint8", "bool")


def _rebuild_tensor(arguments: Arguments, _budget: Budget) -> TensorData:
    if not 6 <= len(arguments) <= 7:
        raise CheckpointError("expected storage, offset, shape and strides of a tensor")
    return tensor_data(*arguments[:4])


def _rebuild_parameter(arguments: Arguments, _budget: Budget) -> TensorData:
    data = arguments[0] if 3 <= len(arguments) <= 4 else None
    if not isinstance(data, TensorData):
        raise CheckpointError("expected the tensor of a parameter")
    return data


_CALLS = {
    ("torch_utils.persistence", "_reconstruct_persistent_obj"): inert_objects.persistent_object,
    ("dnnlib.util", "EasyDict"): inert_objects.dictionary,
    ("dnnlib", "EasyDict"): inert_objects.dictionary,
    ("collections", "OrderedDict"): inert_objects.dictionary,
    ("collections", "defaultdict"): inert_objects.default_dictionary,
    ("argparse", "Namespace"): inert_objects.namespace,
    ("builtins", "set"): inert_objects.plain_set,
    ("__builtin__", "set"): inert_objects.plain_set,
    ("builtins", "bytes"): inert_objects.empty_bytes,
    ("__builtin__", "bytes"): inert_objects.empty_bytes,
    ("_codecs", "encode"): inert_objects.encoded_bytes,
    ("torch", "Size"): inert_objects.size_tuple,
    ("torch", "device"): inert_objects.device_name,
    ("torch._utils", "_rebuild_tensor_v2"): _rebuild_tensor,
    ("torch._utils", "_rebuild_parameter"): _rebuild_parameter,
    ("torch._utils", "_rebuild_parameter_with_state"): _rebuild_parameter,
    ("numpy", "dtype"): numpy_data.numpy_dtype,
    ("numpy.core.multiarray", "_reconstruct"): numpy_data.empty_array,
    ("numpy._core.multiarray", "_reconstruct"): numpy_data.empty_array,
    ("numpy.core.multiarray", "scalar"): numpy_data.scalar,
    ("numpy._core.multiarray", "scalar"): numpy_data.scalar,
    ("numpy.core.numeric", "_frombuffer"): numpy_data.array_from_buffer,
    ("numpy._core.numeric", "_frombuffer"): numpy_data.array_from_buffer,
}

_PATHS = ("PosixPath", "WindowsPath", "PurePosixPath", "PureWindowsPath")
_PATH_HOMES = ("pathlib", "pathlib._local")
_TYPES = ("bool", "dict", "float", "int", "list", "long", "str", "tuple", "unicode")
"""As defaultdicts and descriptions of options mention them; never called.

Protocol 2, which torch.save uses, calls them as Python 2 did.
"""

ALLOWED: Allowed = MappingProxyType(
    {
        **{key: Constructor(".".join(key), build) for key, build in _CALLS.items()},
        **{key: inert_objects.tensorflow_network_of(".".join(key)) for key in _TENSORFLOW_NETWORKS},
        **{("torch", name): ElementType(name, dtype) for name, dtype in _STORAGES.items()},
        **{("torch", name): Marker(f"torch.{name}") for name in _DTYPES},
        **{
            (home, name): Marker(f"builtins.{name}")
            for home in ("builtins", "__builtin__")
            for name in _TYPES
        },
        ("typing", "Any"): Marker("typing.Any"),
        **{
            (home, name): Constructor(f"{home}.{name}", inert_objects.path_text)
            for home in _PATH_HOMES
            for name in _PATHS
        },
        ("numpy", "ndarray"): numpy_data.NDARRAY,
    }
)
"""What every pickle may mention."""


def look_up(
    allowed: Allowed, module: str, name: str
) -> Constructor | Marker | ElementType | ForeignName:
    """What a name becomes; UnsafeCheckpointError names any that is not on the list.

    A class of a program's own is a :class:`ForeignName`: of it objects may be made that nobody
    reads, but it is not called.
    """
    forked = _FORKED.fullmatch(module)
    found = allowed.get((forked[1] if forked else module, name))
    if found is not None:
        return found
    if _UNREAD.fullmatch(module) and _CLASS_NAME.fullmatch(name):
        return inert_objects.unread_object_of(f"{module}.{name}")
    if _ACTIVATIONS.fullmatch(f"{module}.{name}") or _is_foreign(module, name):
        return ForeignName(f"{module}.{name}")
    raise not_on_the_list(f"{module}.{name}")


def _is_foreign(module: str, name: str) -> bool:
    if _TRAINING.fullmatch(module):
        return bool(_CLASS_NAME.fullmatch(name))
    return bool(
        _FOREIGN_MODULE.fullmatch(module)
        and _FOREIGN_CLASS.fullmatch(name)
        and module.partition(".")[0] not in _NEVER_FOREIGN
    )


def not_on_the_list(name: str) -> UnsafeCheckpointError:
    """The error for a file that asks for this name."""
    return UnsafeCheckpointError(
        f"the file asks for {printable(name)}, which is not on the short list of "
        "what a checkpoint may contain; nothing of it was run. Get the weights from their "
        "original source, or have their author save the generator's state_dict alone, by "
        "torch.save or as safetensors"
    )
