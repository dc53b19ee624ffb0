"""One StyleGAN2's tensors in each of the foreign layouts: NVIDIA's two, and rosinality's."""

import math
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import torch
from torch import Tensor

from foreign_checkpoints import EasyDict, Network, Persistent, Tensors

Array = np.ndarray[tuple[int, ...], np.dtype[np.float32]]


@dataclass
class _Node:
    parameters: Tensors = field(default_factory=dict)
    children: dict[str, "_Node"] = field(default_factory=dict)

    def place(self, name: str, tensor: Tensor) -> None:
        head, _, rest = name.partition(".")
        if rest:
            self.children.setdefault(head, _Node()).place(rest, tensor)
        else:
            self.parameters[head] = tensor


_BUFFERS = ("w_avg", "noise_const", "resample_filter")
_CLASSES = {"mapping": "MappingNetwork", "synthesis": "SynthesisNetwork", "torgb": "ToRGBLayer"}


def nvidia_module(
    tensors: Mapping[str, Tensor],
    attributes: Mapping[str, Mapping[str, object]] | None = None,
    *,
    version: int = 6,
    module_src: str = "",
) -> Persistent:
    """The tree of modules of NVIDIA's PyTorch programs.

    ``attributes`` are more entries of the modules' states, by the modules' dotted names.
    """
    root = _Node()
    for name, tensor in tensors.items():
        root.place(name, tensor)

    def build(name: str, node: _Node) -> Persistent:
        own = node.parameters.items()
        state: dict[str, object] = {
            "training": False,
            "_parameters": OrderedDict(
                (key, torch.nn.Parameter(value)) for key, value in own if key not in _BUFFERS
            ),
            "_buffers": OrderedDict((key, value) for key, value in own if key in _BUFFERS),
            "_non_persistent_buffers_set": set(),
            "_backward_hooks": OrderedDict(),
            "_modules": OrderedDict(
                (key, build(f"{name}.{key}" if name else key, child))
                for key, child in node.children.items()
            ),
            **(attributes or {}).get(name, {}),
        }
        kind = _CLASSES.get(name.rpartition(".")[2], "Generator" if not name else "Layer")
        return Persistent(kind, state, version=version, module_src=module_src)

    return build("", root)


def tensorflow_network(
    tensors: Mapping[str, Tensor],
    *,
    static_kwargs: Mapping[str, object] | None = None,
    labels_joined: bool = False,
    build_func_name: str = "G_main",
) -> Network:
    """The same generator as NVIDIA's TensorFlow programs store it; square pictures from 4 px."""
    mapping: dict[str, Array] = {}
    synthesis: dict[str, Array] = {}
    top: list[tuple[str, object]] = [("lod", np.float32(0))]
    for name, tensor in tensors.items():
        array = tensor.detach().float().numpy()
        part, _, rest = name.partition(".")
        if name == "mapping.w_avg":
            top.append(("dlatent_avg", array))
        elif name == "mapping.embed.weight" and labels_joined:
            mapping["LabelConcat/weight"] = array.T
        elif part == "mapping":
            layer, _, kind = rest.partition(".")
            theirs = "LabelEmbed" if layer == "embed" else layer.replace("fc", "Dense")
            if not (labels_joined and layer == "embed"):
                mapping[f"{theirs}/{kind}"] = array.T if kind == "weight" else array
        else:
            theirs, array = _tensorflow_entry(rest, array)
            synthesis[theirs] = array
    kwargs = dict(static_kwargs or {})

    def component(name: str, variables: Mapping[str, object]) -> Network:
        items = [(key, _as_session_gives(value)) for key, value in variables.items()]
        return Network(_network_state(name, items, kwargs, {}, f"G_{name}"))

    components = {"mapping": component("mapping", mapping)}
    components["synthesis"] = component("synthesis", synthesis)
    return Network(_network_state("Gs", top, kwargs, components, build_func_name))


def _network_state(
    name: str,
    variables: list[tuple[str, object]],
    static_kwargs: Mapping[str, object],
    components: Mapping[str, Network],
    build_func_name: str,
) -> dict[str, object]:
    return {
        "version": 4,
        "name": name,
        "static_kwargs": EasyDict(static_kwargs),
        "components": EasyDict(components),
        "build_module_src": "raise SystemExit('the program text was run')",
        "build_func_name": build_func_name,
        "variables": variables,
    }


def _as_session_gives(array: object) -> object:
    """Variables without dimensions come out of a session as scalars."""
    return array[()] if isinstance(array, np.ndarray) and array.ndim == 0 else array


def _tensorflow_entry(name: str, array: Array) -> tuple[str, Array]:
    block, _, rest = name.partition(".")
    size = int(block.removeprefix("b"))
    scope = f"{size}x{size}"
    if rest == "const":
        return f"{scope}/Const/const", array[None]
    layer, _, kind = rest.partition(".")
    if kind == "noise_const":
        return f"noise{2 * int(math.log2(size)) - (5 if layer == 'conv0' else 4)}", array[
            None, None
        ]
    theirs = {"conv0": "Conv0_up", "conv1": "Conv" if size == 4 else "Conv1", "torgb": "ToRGB"}
    if kind == "weight":
        array = array[:, :, ::-1, ::-1] if layer == "conv0" else array
        array = array.transpose(2, 3, 1, 0)
    elif kind == "affine.weight":
        array = array.T
    elif kind == "affine.bias":
        array = array - 1
    kind = kind.replace("affine.", "mod_")
    return f"{scope}/{theirs[layer]}/{kind}", array


def rosinality_tensors(tensors: Mapping[str, Tensor]) -> Tensors:
    """The same generator in the names of rosinality's port, without the mean of W."""
    made: Tensors = {}
    first = min(int(key.split(".")[1][1:]) for key in tensors if key.startswith("synthesis."))
    for name, tensor in tensors.items():
        parts = name.split(".")
        if parts[0] == "mapping" and parts[1].startswith("fc"):
            made[f"style.{int(parts[1][2:]) + 1}.{parts[2]}"] = tensor
        elif parts[0] == "synthesis":
            made |= _rosinality_entry(int(math.log2(int(parts[1][1:]) // first)), parts[2:], tensor)
    return made


def _rosinality_entry(index: int, parts: list[str], tensor: Tensor) -> Tensors:
    if parts == ["const"]:
        return {"input.input": tensor[None]}
    layer, kind = parts[0], ".".join(parts[1:])
    if layer == "torgb":
        scope = "to_rgb1" if index == 0 else f"to_rgbs.{index - 1}"
        bias = {f"{scope}.bias": tensor.reshape(1, -1, 1, 1)}
    else:
        number = 2 * index - (2 if layer == "conv0" else 1)
        scope = "conv1" if index == 0 else f"convs.{number}"
        bias = {f"{scope}.activate.bias": tensor}
    if kind == "bias":
        return bias
    if kind == "noise_const":
        return {f"noises.noise_{0 if index == 0 else number + 1}": tensor[None, None]}
    if kind == "noise_strength":
        return {f"{scope}.noise.weight": tensor.reshape(1)}
    if kind == "weight":
        return {f"{scope}.conv.weight": tensor[None]}
    return {f"{scope}.conv.modulation.{parts[-1]}": tensor}
