"""Real files of every format are read, and hold what was saved."""

import argparse
import io
import json
import pickle
import zipfile
from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from tugan.core.errors import CheckpointError
from tugan.generators.formats.checkpoint import RawCheckpoint
from tugan.generators.formats.detect import read_checkpoint

Read = Callable[[bytes], RawCheckpoint]
Save = Callable[..., bytes]


@pytest.fixture(scope="module")
def pickled(oracle_dir: Path) -> RawCheckpoint:
    return read_checkpoint(oracle_dir / "nvidia-stylegan2-128.pkl")


@pytest.fixture(scope="module")
def ported(oracle_dir: Path) -> RawCheckpoint:
    return read_checkpoint(oracle_dir / "rosinality-stylegan2-128.pt")


def test_nvidia_pickle_gives_tensors_and_attributes(pickled: RawCheckpoint) -> None:
    assert pickled.format == "nvidia-pickle"
    assert pickled.tensors["synthesis.b128.conv1.noise_const"].shape == (128, 128)
    assert pickled.tensors["mapping.w_avg"].shape == (512,)
    assert pickled.attributes["class_name"] == "Generator"
    assert pickled.attributes["synthesis.class_name"] == "SynthesisNetwork"
    assert pickled.attributes["img_resolution"] == 128
    assert pickled.attributes["synthesis.b4.conv1.conv_clamp"] == 256
    assert pickled.attributes["init_kwargs.img_resolution"] == 128
    assert all(isinstance(tensor, torch.Tensor) for tensor in pickled.tensors.values())


@pytest.mark.parametrize(
    ("nvidia_name", "port_name"),
    [
        ("mapping.fc0.weight", "g_ema.style.1.weight"),
        ("mapping.fc1.bias", "g_ema.style.2.bias"),
        ("mapping.w_avg", "latent_avg"),
        ("synthesis.b4.const", "g_ema.input.input"),
        ("synthesis.b4.conv1.weight", "g_ema.conv1.conv.weight"),
        ("synthesis.b4.conv1.noise_const", "g_ema.noises.noise_0"),
        ("synthesis.b4.torgb.bias", "g_ema.to_rgb1.bias"),
        ("synthesis.b8.conv0.affine.weight", "g_ema.convs.0.conv.modulation.weight"),
        ("synthesis.b8.conv1.noise_strength", "g_ema.convs.1.noise.weight"),
        ("synthesis.b64.conv1.bias", "g_ema.convs.7.activate.bias"),
        ("synthesis.b128.conv0.noise_const", "g_ema.noises.noise_9"),
        ("synthesis.b128.torgb.weight", "g_ema.to_rgbs.4.conv.weight"),
    ],
)
def test_both_ports_of_a_network_hold_the_same_numbers(
    pickled: RawCheckpoint, ported: RawCheckpoint, nvidia_name: str, port_name: str
) -> None:
    ours, theirs = pickled.tensors[nvidia_name], ported.tensors[port_name]
    assert torch.equal(ours.flatten(), theirs.flatten())


def test_torch_file_agrees_with_torch(ported: RawCheckpoint, oracle_dir: Path) -> None:
    expected = torch.load(oracle_dir / "rosinality-stylegan2-128.pt", weights_only=True)
    assert ported.format == "torch"
    names = {f"g_ema.{name}" for name in expected["g_ema"]} | {"latent_avg"}
    assert set(ported.tensors) == names
    for name, tensor in expected["g_ema"].items():
        assert torch.equal(ported.tensors[f"g_ema.{name}"], tensor)


def _typical_tree() -> dict[str, object]:
    state = torch.nn.Linear(3, 2).state_dict()  # an OrderedDict with a _metadata attribute
    base = torch.arange(24.0)
    return {
        "state": state,
        "ordered": OrderedDict(a=1, b=2.5),
        "args": argparse.Namespace(size=256, name="cats", lr=None),
        "transposed": base.reshape(4, 6).t(),
        "window": base[5:9],
        "scalar": torch.tensor(7.0),
        "empty": torch.zeros(0, 5),
        "parameter": torch.nn.Parameter(base[:2]),
        "list": [1, (2, "three")],
    }


def _check_typical(raw: RawCheckpoint, tree: dict[str, Any]) -> None:
    for name in ("transposed", "window", "scalar", "empty", "parameter"):
        assert torch.equal(raw.tensors[name], tree[name].detach()), name
        assert raw.tensors[name].is_contiguous()
    assert torch.equal(raw.tensors["state.weight"], tree["state"]["weight"])
    assert dict(raw.attributes) == {
        "ordered.a": 1,
        "ordered.b": 2.5,
        "args.size": 256,
        "args.name": "cats",
        "args.lr": None,
        "list.0": 1,
        "list.1.0": 2,
        "list.1.1": "three",
    }


@pytest.mark.parametrize("legacy", [False, True])
@pytest.mark.parametrize("protocol", [2, 3, 4, 5])
def test_what_torch_saves_is_read(
    read_bytes: Read, saved: Save, legacy: bool, protocol: int
) -> None:
    tree = _typical_tree()
    raw = read_bytes(saved(tree, legacy=legacy, protocol=protocol))
    assert raw.format == "torch"
    _check_typical(raw, tree)


@pytest.mark.parametrize("legacy", [False, True])
@pytest.mark.parametrize(
    "dtype",
    [
        torch.float32,
        torch.float16,
        torch.bfloat16,
        torch.float64,
        torch.int64,
        torch.int32,
        torch.int16,
        torch.int8,
        torch.uint8,
        torch.bool,
    ],
)
def test_every_dtype_is_read(
    read_bytes: Read, saved: Save, dtype: torch.dtype, legacy: bool
) -> None:
    tensor = torch.tensor([0, 1, 3, 100]).to(dtype)
    read = read_bytes(saved({"t": tensor}, legacy=legacy)).tensors["t"]
    assert read.dtype == dtype
    assert torch.equal(read, tensor)


@pytest.mark.parametrize("protocol", [2, 3, 4, 5])
def test_what_pickle_writes_of_a_module_is_read(
    read_bytes: Read, nvidia: Callable[..., object], protocol: int
) -> None:
    weight = torch.randn(4, 5)
    inner = nvidia(
        "Layer",
        {
            "_parameters": {"weight": torch.nn.Parameter(weight.t()), "bias": None},
            "_buffers": OrderedDict(table=torch.arange(3)),
            "_modules": {},
            "_non_persistent_buffers_set": {"table"},
            "_forward_hooks": OrderedDict(),
            "gain": np.float64(0.5),
            "channels": np.int64(64),
            "sizes": [4, 8],
            "array": np.arange(6, dtype=np.float32).reshape(2, 3),
        },
    )
    outer = nvidia(
        "Generator",
        {"_modules": {"b4": inner}, "_init_kwargs": {"deep": {"z_dim": 3}}, "training": False},
    )
    raw = read_bytes(pickle.dumps({"G_ema": outer, "D": None}, protocol=protocol))
    assert raw.format == "nvidia-pickle"
    assert set(raw.tensors) == {"b4.weight", "b4.table", "b4.array"}
    assert torch.equal(raw.tensors["b4.weight"], weight.t())
    assert raw.tensors["b4.array"].tolist() == [[0, 1, 2], [3, 4, 5]]
    assert dict(raw.attributes) == {
        "class_name": "Generator",
        "training": False,
        "init_kwargs.deep.z_dim": 3,
        "b4.class_name": "Layer",
        "b4.gain": 0.5,
        "b4.channels": 64,
        "b4.sizes.0": 4,
        "b4.sizes.1": 8,
    }
    assert type(raw.attributes["b4.gain"]) is float


@pytest.mark.parametrize("legacy", [False, True])
def test_a_module_in_a_torch_file_has_the_layout_of_nvidia(
    read_bytes: Read, saved: Save, nvidia: Callable[..., object], legacy: bool
) -> None:
    whole = nvidia("Generator", {"_buffers": {"w_avg": torch.ones(2)}})
    raw = read_bytes(saved(whole, legacy=legacy))
    assert raw.format == "nvidia-pickle"
    assert raw.tensors["w_avg"].tolist() == [1, 1]


def test_a_generator_may_be_the_whole_pickle(
    read_bytes: Read, nvidia: Callable[..., object]
) -> None:
    raw = read_bytes(pickle.dumps(nvidia("Generator", {"z_dim": 3})))
    assert raw.attributes == {"class_name": "Generator", "z_dim": 3}


def test_a_lone_tensor_gets_a_name(read_bytes: Read, saved: Save) -> None:
    assert read_bytes(saved(torch.ones(3))).tensors["tensor"].tolist() == [1, 1, 1]


def test_a_tensor_held_twice_stays_one(read_bytes: Read, saved: Save) -> None:
    tied = torch.ones(1000, 300)
    raw = read_bytes(saved({f"t{i}": tied for i in range(50)}))
    assert len({tensor.data_ptr() for tensor in raw.tensors.values()}) == 1


def test_tensors_are_writable_and_the_file_stays(tmp_path: Path, saved: Save) -> None:
    path = tmp_path / "file"
    data = saved({"t": torch.ones(5)})
    path.write_bytes(data)
    tensor = read_checkpoint(path).tensors["t"]
    path.write_bytes(b"\0" * len(data))
    assert tensor.tolist() == [1] * 5
    tensor.zero_()


def test_bools_are_zero_or_one(read_bytes: Read, saved: Save) -> None:
    data = saved({"t": torch.tensor([True] * 40)}).replace(b"\1" * 40, b"\7" * 40)
    assert read_bytes(data).tensors["t"].view(torch.uint8).tolist() == [1] * 40


def test_big_endian_torch_file(read_bytes: Read, saved: Save) -> None:
    swapped = torch.from_numpy(np.array([1.5, -2.0], dtype=np.float32).byteswap())
    target = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(saved({"t": swapped}))) as old,
        zipfile.ZipFile(target, "w") as new,
    ):
        for name in old.namelist():
            new.writestr(name, b"big" if name.endswith("byteorder") else old.read(name))
    assert read_bytes(target.getvalue()).tensors["t"].tolist() == [1.5, -2.0]


@pytest.mark.parametrize(
    "array",
    [
        np.arange(6, dtype=">f4").reshape(2, 3),
        np.asfortranarray(np.arange(6, dtype=np.float64).reshape(2, 3)),
        np.array(3, dtype=np.int16),
        np.zeros((0, 4), dtype=np.float32),
        np.array([True, False]),
        np.arange(4, dtype=np.uint8)[::2],
        np.arange(24, dtype=np.float32).reshape(2, 3, 4).transpose(2, 0, 1),
    ],
    ids=["big-endian", "fortran", "zero-dim", "empty", "bool", "strided", "permuted"],
)
@pytest.mark.parametrize("protocol", [2, 4, 5])
def test_numpy_arrays_are_read(
    read_bytes: Read, nvidia: Callable[..., object], array: "np.ndarray[Any, Any]", protocol: int
) -> None:
    data = pickle.dumps({"G_ema": nvidia("G", {"a": array})}, protocol=protocol)
    read = read_bytes(data).tensors["a"]
    assert read.shape == array.shape
    assert read.tolist() == array.tolist()


def test_numpy_1_spelled_its_modules_otherwise(
    read_bytes: Read, nvidia: Callable[..., object]
) -> None:
    value = {"a": np.arange(3, dtype=np.float32), "s": np.float32(2)}
    data = pickle.dumps({"G_ema": nvidia("G", {"v": value})}, protocol=2)
    assert b"numpy._core" in data
    raw = read_bytes(data.replace(b"numpy._core", b"numpy.core"))
    assert raw.tensors["v.a"].tolist() == [0, 1, 2]
    assert raw.attributes["v.s"] == 2


def _folder(folder: Path) -> Path:
    folder.mkdir()
    save_file({"a.b": torch.arange(4.0)}, folder / "model.safetensors")
    config = {"family": "stylegan2", "licence": {"name": "MIT", "years": [2020, None]}}
    (folder / "config.json").write_text(json.dumps(config), encoding="utf-8")
    return folder


@pytest.mark.parametrize("name", ["", "model.safetensors"])
def test_safetensors_with_config_beside(tmp_path: Path, name: str) -> None:
    raw = read_checkpoint(_folder(tmp_path / "folder") / name)
    assert raw.format == "safetensors"
    assert raw.tensors["a.b"].tolist() == [0, 1, 2, 3]
    assert raw.config["family"] == "stylegan2"
    assert raw.attributes == {}


def test_safetensors_with_config_in_its_metadata(tmp_path: Path) -> None:
    path = tmp_path / "alone"
    save_file({"t": torch.ones(1)}, path, metadata={"config": '{"size": 3}'})
    assert read_checkpoint(path).config == {"size": 3}
    save_file({"t": torch.ones(1)}, path)
    assert read_checkpoint(path).config == {}


def test_safetensors_whose_first_byte_is_that_of_a_pickle(tmp_path: Path) -> None:
    path = tmp_path / "alone"
    for padding in range(256):
        save_file({"t": torch.ones(1)}, path, metadata={"pad": "x" * padding})
        if path.read_bytes()[0] == 0x80:
            break
    assert path.read_bytes()[0] == 0x80
    assert read_checkpoint(path).format == "safetensors"


@pytest.mark.parametrize("config", ["[1]", "{", '{"a": ' * 100_000, "\xff"])
def test_safetensors_with_a_bad_config(tmp_path: Path, config: str) -> None:
    folder = _folder(tmp_path / "folder")
    (folder / "config.json").write_text(config, encoding="latin1")
    with pytest.raises(CheckpointError):
        read_checkpoint(folder)


def test_safetensors_outlive_their_file(tmp_path: Path) -> None:
    folder = _folder(tmp_path / "folder")
    raw = read_checkpoint(folder)
    with (folder / "model.safetensors").open("r+b") as file:
        file.truncate(8)
    assert raw.tensors["a.b"].tolist() == [0, 1, 2, 3]
