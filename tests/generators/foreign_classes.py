"""Objects of classes that no reader has: a program's own, pickled under a module that is gone."""

import sys
import types
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from foreign_checkpoints import Tensors

HOME = "some_lab.discriminators"


class MultiScaleCritic(nn.Module):
    """A discriminator as somebody writes one."""

    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.Sequential(nn.Conv2d(3, 4, 3), nn.LeakyReLU(0.2))
        self.activation = torch.nn.functional.relu
        self.kind = Options
        self.head = nn.Linear(4, 1)


class AttributeDict(dict[str, object]):
    """As Lightning keeps hyperparameters."""


class Milestones(list[int]):
    """A list with a class of its own."""


class Named(tuple[int, ...]):
    """Is made with named arguments."""

    def __new__(cls, *, size: int) -> "Named":
        return super().__new__(cls, (size,))

    def __getnewargs_ex__(self) -> tuple[tuple[()], dict[str, int]]:
        return (), {"size": self[0]}


@dataclass
class Options:
    """What a training was started with."""

    rate: float = 0.1
    milestones: object = None


CLASSES = (MultiScaleCritic, AttributeDict, Milestones, Named, Options)


@contextmanager
def elsewhere() -> Iterator[None]:
    """While it lasts, the classes above are those of a program that is not here."""
    names = ("some_lab", HOME)
    for name in names:
        sys.modules[name] = types.ModuleType(name)
        sys.modules[name].__file__ = __file__  # where torch.save looks for the program text
    before = {kind: kind.__module__ for kind in CLASSES}
    for kind in CLASSES:
        setattr(sys.modules[HOME], kind.__name__, kind)
        kind.__module__ = HOME
    try:
        yield
    finally:
        for kind, module in before.items():
            kind.__module__ = module
        for name in names:
            del sys.modules[name]


def module_of(tensors: Tensors) -> nn.Module:
    """A real module whose state dict has these names."""
    root = nn.Module()
    for name, tensor in tensors.items():
        *path, last = name.split(".")
        owner = root
        for part in path:
            if part not in dict(owner.named_children()):
                owner.add_module(part, nn.Module())
            owner = owner.get_submodule(part)
        owner.register_buffer(last, tensor)
    return root


def named(prefix: str, tensors: Tensors) -> dict[str, Tensor]:
    """With a prefix before every name."""
    return {f"{prefix}{key}": value for key, value in tensors.items()}
