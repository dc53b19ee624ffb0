"""The oracle's files, and NVIDIA-like pickles written by Python's own pickle module."""

import io
import pickle
import sys
import types
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
import torch

from tugan.generators.formats.checkpoint import RawCheckpoint
from tugan.generators.formats.detect import read_checkpoint


@dataclass
class Persistent:
    """Pickles as NVIDIA's persistent classes do; ``module_src`` is what their loader would run."""

    class_name: str
    state: dict[str, object]
    module_src: str = ""

    def __reduce__(self) -> tuple[Callable[[object], object], tuple[object]]:
        function = sys.modules["torch_utils.persistence"]._reconstruct_persistent_obj
        meta = {
            "type": "class",
            "version": 6,
            "module_src": self.module_src,
            "class_name": self.class_name,
            "state": self.state,
        }
        return function, (meta,)


def _reconstruct_persistent_obj(meta: object) -> object:
    raise AssertionError("a reader called NVIDIA's own constructor")


@pytest.fixture
def nvidia(monkeypatch: pytest.MonkeyPatch) -> type[Persistent]:
    """The class of such objects, while NVIDIA's modules seem to be installed."""
    module = types.ModuleType("torch_utils.persistence")
    _reconstruct_persistent_obj.__module__ = "torch_utils.persistence"
    module._reconstruct_persistent_obj = _reconstruct_persistent_obj  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "torch_utils", types.ModuleType("torch_utils"))
    monkeypatch.setitem(sys.modules, "torch_utils.persistence", module)
    return Persistent


@pytest.fixture
def small_nvidia_pickle(nvidia: type[Persistent]) -> bytes:
    """A complete pickle of two modules, a parameter, a buffer and scalars; under 3 KB."""
    inner = nvidia(
        "SynthesisLayer",
        {
            "_parameters": {"weight": torch.nn.Parameter(torch.arange(6.0).reshape(2, 3))},
            "_buffers": {"noise": torch.zeros(2)},
            "_modules": {},
            "conv_clamp": 256,
        },
    )
    outer = nvidia("Generator", {"_modules": {"b4": inner}, "_init_kwargs": {"z_dim": 3}})
    return pickle.dumps({"G": None, "G_ema": outer}, protocol=4)


@pytest.fixture
def read_bytes(tmp_path: Path) -> Callable[[bytes], RawCheckpoint]:
    """Write bytes to a file and read it as a checkpoint."""

    def read(data: bytes) -> RawCheckpoint:
        path = tmp_path / "file"
        path.write_bytes(data)
        return read_checkpoint(path)

    return read


@pytest.fixture
def saved() -> Callable[..., bytes]:
    """What torch.save writes."""

    def save(value: object, *, legacy: bool = False, protocol: int = 2) -> bytes:
        buffer = io.BytesIO()
        torch.save(
            value,
            buffer,
            _use_new_zipfile_serialization=not legacy,
            pickle_protocol=protocol,
        )
        return buffer.getvalue()

    return save
