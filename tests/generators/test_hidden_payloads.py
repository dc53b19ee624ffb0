"""Payloads hidden in every part of every format are refused by name; nothing runs."""

import os
import pickle
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from foreign_checkpoints import (
    Persistent,
    pickled,
    torch_saved,
)
from foreign_layouts import nvidia_module, tensorflow_network
from generators.refusing import (
    CANARY,
    MEAN,
    PORT,
    TENSORS,
    network_with,
    refuse,
    unharmed,  # noqa: F401
)
from tugan.core.errors import UnsafeCheckpointError
from tugan.generators.loading import load_generator

pytestmark = pytest.mark.usefixtures("unharmed")


class Evil:
    """Runs something when Python's own pickle reads it."""

    def __reduce__(self) -> tuple[Callable[[str], int], tuple[str]]:
        return os.system, (f"touch {CANARY}",)


class EvilState:
    """Sets an attribute of something that is allowed, with a state that runs something."""

    def __reduce__(self) -> tuple[object, ...]:
        return torch.nn.Identity, (), {"training": Evil()}


def with_parts(**parts: object) -> dict[str, object]:
    return {"G_ema": nvidia_module(TENSORS), **parts}


HIDING_PLACES: dict[str, Callable[[], object]] = {
    "alone": Evil,
    "G": lambda: with_parts(G=Evil()),
    "D": lambda: with_parts(D=Persistent("D", {"x": Evil()})),
    "D-layers": lambda: with_parts(D={"layers": torch.nn.Sequential(), "x": EvilState()}),
    "D-build": lambda: with_parts(D=EvilState()),
    "augment-pipe": lambda: with_parts(augment_pipe=[Evil()]),
    "training-set": lambda: with_parts(training_set_kwargs={"class_name": Evil()}),
    "G_ema-attribute": lambda: {"G_ema": nvidia_module(TENSORS, {"synthesis": {"a": Evil()}})},
    "G_ema-hook": lambda: {"G_ema": nvidia_module(TENSORS, {"": {"_forward_hooks": {0: Evil()}}})},
    "G_ema-parts": lambda: {"G_ema": Persistent("G", {"_buffers": {"w_avg": Evil()}})},
    "tensorflow-arguments": lambda: network_with(static_kwargs={"a": Evil()}),
    "tensorflow-source": lambda: network_with(build_module_src=Evil()),
    "tensorflow-variable": lambda: network_with(variables=[("lod", Evil())]),
    "tensorflow-component": lambda: network_with(components={"mapping": Evil()}),
    "tensorflow-D": lambda: (tensorflow_network(TENSORS), Evil(), tensorflow_network(TENSORS)),
    "rosinality-args": lambda: {"g_ema": PORT, "args": Evil(), **MEAN},
    "rosinality-optimiser": lambda: {"g_ema": PORT, "d_optim": {"state": Evil()}, **MEAN},
    "state-dict-entry": lambda: {**TENSORS, "x": Evil()},
}
WRITERS: dict[str, Callable[[object], bytes]] = {
    "pickle-2": lambda value: pickled(value, protocol=2),
    "pickle-5": lambda value: pickled(value, protocol=5),
    "zip": torch_saved,
    "old": lambda value: torch_saved(value, legacy=True),
}


def test_the_canary_is_one() -> None:
    pickle.loads(pickled(Evil()))
    assert CANARY.exists()
    CANARY.unlink()


@pytest.mark.parametrize("place", HIDING_PLACES)
@pytest.mark.parametrize("writer", WRITERS)
def test_a_payload_is_refused_by_name_wherever_it_hides(place: str, writer: str) -> None:
    data = WRITERS[writer](HIDING_PLACES[place]())
    refuse(data, r"asks for (posix|nt)\.system", UnsafeCheckpointError)


def asked(module: str, name: str) -> bytes:
    """A pickle with a good generator, and beside it a call of this name."""
    good = pickled({"G_ema": nvidia_module(TENSORS)}, protocol=2)
    body = f"X\x01\x00\x00\x00Dc{module}\n{name}\n".encode() + b"X\x01\x00\x00\x00a\x85Rs"
    return good.removesuffix(b".") + body + b"."


@pytest.mark.parametrize(
    ("module", "name"),
    [
        ("torch.nn.modules.module", "torch.os.system"),
        ("torch.nn.modules.linear", "init.torch.os.system"),
        ("torch.nn.modules.container", "operator"),
        ("torch.nn.modules.container", "__builtins__"),
        ("torch.nn.modules.module", "Module.__init__"),
        ("torch.nn.modules", "os.System"),
        ("torch.nn.modules..os", "System"),
        ("torch.nn.modules.a.b.c", "System"),
        ("torch.nn.modules_evil.os", "System"),
        ("torch.nn.modulesX", "System"),
        ("torch.nn", "Linear"),
        ("torch.nn.parallel.distributed", "DistributedDataParallel"),
        ("evil.torch.nn.modules.linear", "Linear"),
        ("torch.nn.modules.linear ", "Linear"),
        ("torch.nn.modules.linear", "Linear\x00"),
        ("torch.nn.utils.rnn", "sys"),
    ],
)
def test_only_plain_classes_of_torch_nn_are_passed_over(module: str, name: str) -> None:
    refuse(asked(module, name), "asks for ", UnsafeCheckpointError)


def test_classes_of_torch_nn_are_passed_over_and_never_looked_up() -> None:
    """Even one that does not exist: nothing is imported."""
    Path("good").write_bytes(asked("torch.nn.modules.no_such_module", "NoSuchLayer"))
    assert load_generator("good", device="cpu").info.size_hw == (16, 16)


def test_a_generator_made_of_torch_nn_is_refused_by_name() -> None:
    module = nvidia_module(TENSORS, {"mapping": {"extra": torch.nn.Linear(2, 2)}})
    refuse(
        pickled({"G_ema": module}),
        r"mapping\.extra is an object of torch\.nn\.modules\.linear\.Linear",
        UnsafeCheckpointError,
    )
