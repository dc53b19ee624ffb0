"""Files crafted to cost much or to confuse: each is refused with what is wrong with it."""

import json
import struct
import zipfile
from collections.abc import Callable
from io import BytesIO

import numpy as np
import pytest
import torch
from safetensors.torch import save

from foreign_checkpoints import (
    Network,
    Persistent,
    pickled,
    torch_saved,
)
from foreign_layouts import nvidia_module, tensorflow_network
from generators.refusing import (
    FORMATS,
    TENSORS,
    network_with,
    refuse,
    unharmed,  # noqa: F401
)

pytestmark = pytest.mark.usefixtures("unharmed")


def _cyclic_module() -> object:
    module = nvidia_module(TENSORS)
    state = module.meta["state"]
    assert isinstance(state, dict)
    state["_modules"]["again"] = state["_modules"]["synthesis"]
    inner = state["_modules"]["synthesis"].meta["state"]
    inner["_modules"] = {"me": inner["_modules"], **inner["_modules"]}
    inner["_modules"]["me"]["loop"] = inner["_modules"]
    return {"G_ema": module}


def _cyclic_network() -> object:
    network = tensorflow_network(TENSORS)
    network.state["components"] = {"mapping": network}
    return network


def _cyclic_dict() -> object:
    tree: dict[str, object] = dict(TENSORS)
    tree["me"] = tree
    return tree


def _deep() -> object:
    tree: object = 1
    for _ in range(200):
        tree = {"a": tree}
    return {"G_ema": nvidia_module(TENSORS, {"": {"deep": tree}})}


def _variables(*pairs: object) -> Callable[[], bytes]:
    return lambda: pickled(network_with(variables=list(pairs)))


def _safetensors(change: Callable[[dict[str, dict[str, object]]], object]) -> Callable[[], bytes]:
    """A safetensors file whose header was changed."""

    def write() -> bytes:
        data = save({"a": torch.ones(4), "b": torch.ones(2, 3)}, metadata={"config": "{}"})
        length = struct.unpack("<Q", data[:8])[0]
        header = json.loads(data[8 : 8 + length])
        change(header)
        changed = json.dumps(header).encode()
        return struct.pack("<Q", len(changed)) + changed + data[8 + length :]

    return write


def _raw_safetensors(header: bytes, length: int | None = None) -> Callable[[], bytes]:
    size = len(header) if length is None else length
    return lambda: struct.pack("<Q", size) + header


def _zip_of_one_place(copies: int) -> bytes:
    """Many entries of a zip's directory that all point to the same bytes."""
    target = BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        archive.writestr("a/data.pkl", pickled({"x": 1}, protocol=2))
        archive.writestr("a/data/0", b"\0" * 1000)
        first = archive.getinfo("a/data/0")
        for index in range(1, copies):
            entry = zipfile.ZipInfo(f"a/data/{index}")
            entry.header_offset, entry.file_size = first.header_offset, first.file_size
            entry.compress_size, entry.CRC = first.compress_size, first.CRC
            archive.filelist.append(entry)
        archive._didModify = True  # type: ignore[attr-defined]
    return target.getvalue()


def _bomb() -> bytes:
    target = BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a/data.pkl", pickled({"x": 1}, protocol=2))
        archive.writestr("a/data/0", b"\0" * (64 << 20))
    return target.getvalue()


HUGE = 1 << 50
CRAFTED: dict[str, tuple[Callable[[], bytes], str]] = {
    "empty": (lambda: b"", "the file is empty"),
    "cyclic modules": (lambda: pickled(_cyclic_module()), "contains itself"),
    "cyclic network": (lambda: pickled(_cyclic_network()), "nest too deep"),
    "cyclic state dict": (lambda: torch_saved(_cyclic_dict()), "contains itself at me"),
    "deep attributes": (lambda: pickled(_deep()), "at most 64 deep"),
    "variables that are none": (
        lambda: pickled(network_with(variables=3)),
        "to have a list of variables",
    ),
    "variables without names": (_variables((1, 2)), "to have a name and a value"),
    "variables of three": (_variables(("a", 1, 2)), "to have a name and a value"),
    "variables twice": (_variables(("a", 1), ("a", 2)), "holds a twice"),
    "components that are none": (
        lambda: pickled(network_with(components=[1])),
        "list its components by name",
    ),
    "components named as variables": (
        _variables(("mapping", 1)),
        "holds mapping twice",
    ),
    "networks without the last": (
        lambda: pickled((tensorflow_network(TENSORS), None)),
        "expected the running average .* found NoneType",
    ),
    "a network made with arguments": (
        lambda: b"\x80\x04\x8c\x15dnnlib.tflib.network\x8c\x07Network\x93K\x01\x85\x81.".replace(
            b"\x15", b"\x14"
        ),
        "made without arguments",
    ),
    "variables of objects": (
        _variables(("a", np.array([{}], dtype=object))),
        "plain numeric numpy dtype",
    ),
    "state of a list": (
        lambda: b"\x80\x04\x8c\x14dnnlib.tflib.network\x8c\x07Network\x93)\x81]b.",
        "expected a dictionary as state",
    ),
    "dunder state": (
        lambda: pickled(Network({"__class__": 1, "variables": []})),
        "sets the attribute __class__",
    ),
    "header of a petabyte": (_raw_safetensors(b'{"a": 1}', HUGE), "first bytes are"),
    "header of gigabytes": (_raw_safetensors(b"{}", 1 << 31), "first bytes are"),
    "header that is no JSON": (_raw_safetensors(b"{'a': 1}"), "begin with a JSON header"),
    "header too deep": (_raw_safetensors(b'{"a":' * 100_000), "begin with a JSON header"),
    "header with a name twice": (
        _raw_safetensors(b'{"a": {}, "a": {}}'),
        "a name stands in it twice",
    ),
    "header with a huge number": (_raw_safetensors(b'{"a": ' + b"9" * 9000 + b"}"), "JSON header"),
    "entry that is no object": (_raw_safetensors(b'{"a": [1]}'), "expected a in the safetensors"),
    "unknown type of number": (
        _safetensors(lambda h: h["a"].update(dtype="F8_E4M3")),
        "a type that is not read",
    ),
    "shape of a petabyte": (_safetensors(lambda h: h["a"].update(shape=[HUGE])), "at most"),
    "negative shape": (_safetensors(lambda h: h["a"].update(shape=[-4])), "whole number from 0"),
    "shape that does not fit": (_safetensors(lambda h: h["a"].update(shape=[5])), "has 4 numbers"),
    "nine dimensions": (
        _safetensors(lambda h: h["a"].update(shape=[1] * 8 + [4])),
        "at most 8 dimensions",
    ),
    "offsets backwards": (
        _safetensors(lambda h: h["a"].update(data_offsets=[16, 0])),
        "from byte 16 to 0",
    ),
    "offsets beyond": (
        _safetensors(lambda h: h["a"].update(data_offsets=[HUGE, HUGE + 16])),
        "the file is damaged",
    ),
    "offsets that are text": (
        _safetensors(lambda h: h["a"].update(data_offsets=["0", "16"])),
        "whole number",
    ),
    "offsets that overlap": (
        _safetensors(lambda h: h["b"].update(data_offsets=[0, 24])),
        "gap or overlap|not read|numbers to be",
    ),
    "bytes that nobody owns": (_safetensors(lambda h: h.pop("b")), "numbers to be 16 bytes"),
    "metadata that is a list": (
        _raw_safetensors(b'{"__metadata__": []}'),
        r"no config\.json beside it",
    ),
    "config that is no JSON": (
        _safetensors(lambda h: h["__metadata__"].update(config="{")),
        "the file's metadata to hold JSON",
    ),
    "zip bomb": (_bomb, "is compressed, which torch.save never does"),
    "zip of one place": (lambda: _zip_of_one_place(500), "no generator family known"),
    "zip with bytes behind it": (lambda: torch_saved(TENSORS) + b"x" * 70_000, "zip"),
    "module without a state": (
        lambda: pickled({"G_ema": Persistent("G", {})}).replace(b"state", b"stale"),
        "to have a class name and a state",
    ),
    "parts that are no dictionary": (
        lambda: pickled({"G_ema": Persistent("G", {"_parameters": [1]})}),
        "to list its parts by name",
    ),
    "a generator that is text": (lambda: pickled({"G_ema": "x"}), "G_ema to be a generator"),
    "numbers only": (lambda: pickled({"a": 1}), "with the generator under G_ema; this one has a"),
    "gain without end": (
        lambda: pickled({"G_ema": nvidia_module(TENSORS, {"mapping.fc0": {"weight_gain": 1e30}})}),
        "no gain is that large",
    ),
    "gain that is no number": (
        lambda: pickled(
            {"G_ema": nvidia_module(TENSORS, {"mapping.fc0": {"weight_gain": float("nan")}})}
        ),
        "no gain is that large",
    ),
    "negative clamp": (
        lambda: pickled(
            {"G_ema": nvidia_module(TENSORS, {"synthesis.b4.conv1": {"conv_clamp": -1}})}
        ),
        "conv_clamp must be positive",
    ),
    "another architecture": (
        lambda: pickled(
            {"G_ema": nvidia_module(TENSORS, {"synthesis.b8": {"architecture": "resnet"}})}
        ),
        "only StyleGAN2's 'skip' architecture",
    ),
    "another filter": (
        lambda: FORMATS["nvidia"]({**TENSORS, "synthesis.b8.resample_filter": torch.ones(4, 4)}),
        r"is not the \[1, 3, 3, 1\] filter",
    ),
    "grey pictures": (
        lambda: FORMATS["nvidia"]({**TENSORS, "synthesis.b8.torgb.weight": torch.ones(1, 8, 1, 1)}),
        "1 colour channels",
    ),
    "no mapping": (
        lambda: FORMATS["state-dict"](
            {k: v for k, v in TENSORS.items() if not k.startswith("mapping.fc")}
        ),
        r"mapping\.fc0\.weight is missing",
    ),
    "complex numbers": (
        lambda: FORMATS["state-dict"]({**TENSORS, "x": torch.ones(2, dtype=torch.complex64)}),
        r"asks for torch\.ComplexFloatStorage",
    ),
    "program of TorchScript": (
        lambda: _script(),
        "TorchScript program",
    ),
}


def _script() -> bytes:
    target = BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        archive.writestr("a/data.pkl", pickled({}, protocol=2))
        archive.writestr("a/constants.pkl", pickled((), protocol=2))
        archive.writestr("a/code/__torch__.py", "import os")
    return target.getvalue()


@pytest.mark.parametrize("name", CRAFTED)
def test_crafted_files(name: str) -> None:
    write, message = CRAFTED[name]
    refuse(write(), message)
