"""Random StyleGAN2 weights, and the real pickle and torch.save to write foreign checkpoints with.

For the tests, tools/fuzz_checkpoints.py and tools/bench_checkpoints.py. No program of the layouts'
authors is needed or used: their classes are stood in for while a file is written. The layouts
themselves are in foreign_layouts.py.
"""

import io
import pickle
import sys
import types
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

import torch
from torch import Tensor

Tensors = dict[str, Tensor]


@dataclass(frozen=True, kw_only=True)
class Shape:
    """What a random generator looks like."""

    channels: tuple[int, ...] = (8, 8, 6)
    const_hw: tuple[int, int] = (4, 4)
    z_dim: int = 8
    w_dim: int = 8
    mapping_widths: tuple[int, ...] = (8, 8)
    label_dim: int = 0
    embed_dim: int = 0

    @property
    def sizes(self) -> list[int]:
        """The blocks' longer sides, which are in their names."""
        return [max(self.const_hw) << index for index in range(len(self.channels))]


class Persistent:
    """Pickles as NVIDIA's persistent classes do; ``module_src`` is what their loader would run."""

    def __init__(
        self,
        class_name: str,
        state: Mapping[str, object],
        *,
        module_src: str = "",
        version: int = 6,
    ) -> None:
        """``state`` is that of a torch module."""
        self.meta = {
            "type": "class",
            "version": version,
            "module_src": module_src,
            "class_name": class_name,
            "state": dict(state),
        }

    def __reduce__(self) -> tuple[Callable[[object], object], tuple[object]]:
        """As their programs describe an object."""
        return sys.modules["torch_utils.persistence"]._reconstruct_persistent_obj, (self.meta,)


def _reconstruct_persistent_obj(meta: object) -> object:
    raise AssertionError("a reader called NVIDIA's own constructor")


class Network:
    """Pickles as the networks of NVIDIA's TensorFlow programs do."""

    def __init__(self, state: Mapping[str, object]) -> None:
        """``state`` has variables, static_kwargs, components and so on."""
        self.state = dict(state)

    def __getstate__(self) -> dict[str, object]:
        """What is stored of it."""
        return self.state

    def __setstate__(self, state: object) -> None:
        """Never called by a reader that runs nothing."""
        raise AssertionError("a reader called the constructor of a TensorFlow network")


class EasyDict(dict[str, object]):
    """Pickles as the dictionaries of NVIDIA's programs do."""


@contextmanager
def stand_ins() -> Iterator[None]:
    """While it lasts, the classes above can be pickled under the names of the originals."""
    homes = {
        "torch_utils.persistence": _reconstruct_persistent_obj,
        "dnnlib.tflib.network": Network,
        "dnnlib.util": EasyDict,
    }
    made: dict[str, types.ModuleType] = {}
    for path, member in homes.items():
        parts = path.split(".")
        for depth in range(1, len(parts) + 1):
            made.setdefault(".".join(parts[:depth]), types.ModuleType(parts[depth - 1]))
        setattr(made[path], member.__name__, member)
    before = {name: sys.modules.get(name) for name in made}
    modules = {member: member.__module__ for member in homes.values()}
    sys.modules.update(made)
    for path, member in homes.items():
        member.__module__ = path
    try:
        yield
    finally:
        for member, module in modules.items():
            member.__module__ = module
        for name, module_before in before.items():
            if module_before is None:
                sys.modules.pop(name, None)
            else:
                sys.modules[name] = module_before


def pickled(value: object, *, protocol: int = 4) -> bytes:
    """What pickle.dump writes of it."""
    with stand_ins():
        return pickle.dumps(value, protocol=protocol)


def torch_saved(value: object, *, legacy: bool = False) -> bytes:
    """What torch.save writes of it, new or old."""
    target = io.BytesIO()
    with stand_ins():
        torch.save(value, target, _use_new_zipfile_serialization=not legacy)
    return target.getvalue()


def random_tensors(shape: Shape, *, seed: int = 0) -> Tensors:
    """A generator's tensors in NVIDIA's names, as training begins: unit weights, before gains."""
    rng = torch.Generator().manual_seed(seed)

    def normal(*size: int) -> Tensor:
        return torch.randn(size, generator=rng)

    made = {"mapping.w_avg": normal(shape.w_dim)}
    if shape.label_dim:
        made["mapping.embed.weight"] = normal(shape.embed_dim, shape.label_dim)
        made["mapping.embed.bias"] = normal(shape.embed_dim)
    fans = (shape.z_dim + (shape.embed_dim if shape.label_dim else 0), *shape.mapping_widths)
    for index, fan_out in enumerate(shape.mapping_widths):
        made[f"mapping.fc{index}.weight"] = normal(fan_out, fans[index]) / 0.01
        made[f"mapping.fc{index}.bias"] = normal(fan_out)
    height, width = shape.const_hw
    made[f"synthesis.b{shape.sizes[0]}.const"] = normal(shape.channels[0], height, width)
    for index, (size, channels) in enumerate(zip(shape.sizes, shape.channels, strict=True)):
        before = shape.channels[max(index - 1, 0)]
        for conv, fan_in in (("conv0", before), ("conv1", channels))[index == 0 :]:
            layer = f"synthesis.b{size}.{conv}"
            made[f"{layer}.weight"] = normal(channels, fan_in, 3, 3)
            made[f"{layer}.noise_const"] = normal(height << index, width << index)
            made[f"{layer}.noise_strength"] = normal().abs() * 0.1
            made |= _affine(normal, layer, fan_in, channels, shape.w_dim)
        made[f"synthesis.b{size}.torgb.weight"] = normal(3, channels, 1, 1)
        made |= _affine(normal, f"synthesis.b{size}.torgb", channels, 3, shape.w_dim)
    return made


def _affine(
    normal: Callable[..., Tensor], layer: str, fan_in: int, fan_out: int, w_dim: int
) -> Tensors:
    return {
        f"{layer}.bias": normal(fan_out) * 0.1,
        f"{layer}.affine.weight": normal(fan_in, w_dim),
        f"{layer}.affine.bias": 1 + 0.1 * normal(fan_in),
    }
