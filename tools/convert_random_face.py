"""Make the default model, faces-1024, from the PyPI wheel ``random-face`` 2021.7.21.1.

    pip download --no-deps random-face==2021.7.21.1
    python tools/convert_random_face.py random_face-2021.7.21.1-py3-none-any.whl OUT_FOLDER

The wheel carries MobileStyleGAN (Belousov 2021) as OpenVINO IR version 10: an XML graph beside a
flat binary. Both are read as data; neither OpenVINO nor the wheel's own code is needed.
"""

import argparse
import hashlib
import sys
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import torch
from torch import Tensor

from tugan.core.atomic_write import atomic_path
from tugan.generators.mobilestylegan.config import MobileStyleGanConfig
from tugan.generators.mobilestylegan.family import MobileStyleGanFamily
from tugan.generators.mobilestylegan.network import MobileStyleGan
from tugan.generators.model_config import (
    STATISTICS_PREFIX,
    About,
    CanonicalModel,
    ModelConfig,
    architecture_json,
)
from tugan.generators.protocol import DragHints
from tugan.generators.saving import save_pretrained
from tugan.generators.w_statistics import estimate_w_statistics

WHEEL_SHA256 = "e5d10e2be7df63f06123855ec591ca35dcb1d059eba47ddcb175d7d26b4019b5"
CONFIG = MobileStyleGanConfig(channels=(512, 512, 512, 512, 512, 256, 128, 64), num_ws=18)
ABOUT = About(
    name="faces-1024",
    domain="faces",
    licence="Apache-2.0 (weights); see the card for what the teacher's terms mean",
    source="PyPI random-face 2021.7.21.1 by Sergei Belousov: MobileStyleGAN, arXiv 2104.04767",
    notes=(
        "Pose, mouth, eyes, jaw and hair outline move well; glasses, hands and backgrounds"
        " follow the face rather than the hand."
    ),
)
HINTS = DragHints(feature_px=64, latent="w", rows=8, whitened=False, learning_rate=5e-3)


@dataclass(frozen=True)
class Node:
    """One operation of the graph, with its constant inputs."""

    id: str
    kind: str
    name: str
    inputs: tuple[str, ...] = field(repr=False)


class Graph:
    """An OpenVINO IR graph: nodes in order of execution, constants by node."""

    def __init__(self, xml: bytes, weights: bytes) -> None:
        """Both files of one network."""
        root = ElementTree.fromstring(xml)
        self.weights = weights
        self.layers = {layer.attrib["id"]: layer for layer in root.iterfind("layers/layer")}
        sources: dict[str, list[tuple[int, str]]] = {}
        for edge in root.iterfind("edges/edge"):
            port = int(edge.attrib["to-port"])
            sources.setdefault(edge.attrib["to-layer"], []).append(
                (port, edge.attrib["from-layer"])
            )
        self.sources = {
            layer: [one for _, one in sorted(ports)] for layer, ports in sources.items()
        }

    def nodes(self, *kinds: str) -> Iterator[Node]:
        """Operations of these kinds, in the file's (execution) order."""
        for key, layer in self.layers.items():
            if layer.attrib["type"] in kinds:
                inputs = tuple(self.sources.get(key, ()))
                yield Node(key, layer.attrib["type"], layer.attrib["name"], inputs)

    def constants_of(self, node: Node) -> list[Tensor]:
        """The float constants among a node's inputs."""
        found = (self._constant(key) for key in node.inputs)
        return [constant for constant in found if constant is not None]

    def named(self, name: str) -> Tensor:
        """The constant of this name."""
        for key, layer in self.layers.items():
            if layer.attrib["name"] == name:
                constant = self._constant(key)
                if constant is not None:
                    return constant
        raise SystemExit(f"the graph has no constant {name}: is it the right wheel?")

    def feeds(self, producer: str) -> list[Node]:
        """The nodes that take this node's output."""
        kinds = {layer.attrib["type"] for layer in self.layers.values()}
        return [node for node in self.nodes(*kinds) if producer in node.inputs]

    def node_named(self, name: str) -> Node:
        """The operation or constant of this name."""
        kinds = {layer.attrib["type"] for layer in self.layers.values()}
        return next(node for node in self.nodes(*kinds) if node.name == name)

    def _constant(self, key: str) -> Tensor | None:
        layer = self.layers[key]
        data = layer.find("data")
        if layer.attrib["type"] != "Const" or data is None or data.attrib["element_type"] != "f32":
            return None
        offset, size = int(data.attrib["offset"]), int(data.attrib["size"])
        shape = [int(side) for side in data.attrib["shape"].split(",") if side.strip()]
        values = np.frombuffer(self.weights, "<f4", count=size // 4, offset=offset)
        return torch.from_numpy(values.copy()).reshape(shape)


def mapping_tensors(graph: Graph) -> dict[str, Tensor]:
    """The mapping network: linear layers in order, gains already folded in."""
    out: dict[str, Tensor] = {}
    weights = [graph.constants_of(node)[0] for node in graph.nodes("MatMul")]
    # a bias reaches its sum through a reshape
    biases = [
        constant
        for node in graph.nodes("Reshape")
        for constant in graph.constants_of(node)
        if constant.ndim == 1
    ]
    for index, (weight, bias) in enumerate(zip(weights, biases, strict=True)):
        out[f"mapping.layers.{index}.weight"] = weight
        out[f"mapping.layers.{index}.bias"] = bias.flatten()
    return out


def synthesis_tensors(graph: Graph) -> dict[str, Tensor]:
    """The synthesis network, walked in order of execution."""
    out = {"const": graph.named("m.input.input")[0]}
    pieces = iter(list(convolution_pieces(graph)))
    out |= {
        "first.weight": next(pieces),
        "first.activation.noise": next(pieces)[0, 0],
        "first.bias": next(pieces).flatten(),
        **affine(graph, "m.conv1.conv", "first.affine"),
    }
    for index in range(len(CONFIG.channels) - 1):
        theirs, ours = f"m.layers.{index}", f"blocks.{index}"
        out |= affine(graph, f"{theirs}.up", f"{ours}.affine")
        for position in (0, 1):
            conv = f"{ours}.conv{position}"
            out |= affine(graph, f"{theirs}.conv{position + 1}.conv", f"{conv}.affine")
            out[f"{conv}.depthwise"] = next(pieces)[:, 0]
            out[f"{conv}.pointwise"] = next(pieces)
            out[f"{conv}.activation.noise"] = next(pieces)[0, 0]
            out[f"{conv}.bias"] = next(pieces).flatten()
    last = f"m.layers.{len(CONFIG.channels) - 2}.to_img.conv"
    out |= affine(graph, last, "rgb_affine")
    out["rgb_weight"] = next(pieces)
    out["rgb_bias"] = next(pieces).flatten()
    return out


def convolution_pieces(graph: Graph) -> Iterator[Tensor]:
    """Weights, noise maps and biases along the main path; all are four-dimensional or more."""
    for node in graph.nodes("Convolution", "GroupConvolution", "Add"):
        for constant in graph.constants_of(node):
            if constant.ndim >= 4:
                yield constant


def affine(graph: Graph, theirs: str, ours: str) -> dict[str, Tensor]:
    """A style's affine map with the constant that multiplies its result folded in."""
    weight = graph.named(f"{theirs}.modulation.weight")
    bias = graph.named(f"{theirs}.modulation.bias").flatten()
    scale = style_scale(graph, f"{theirs}.modulation.bias")
    return {f"{ours}.weight": weight * scale, f"{ours}.bias": bias * scale}


def style_scale(graph: Graph, bias_name: str) -> float:
    """The scalar that a style is multiplied with after its bias, or 1."""
    current = graph.node_named(bias_name)
    while True:
        followers = [n for n in graph.feeds(current.id) if n.kind in ("Add", "Reshape", "Multiply")]
        if not followers:
            return 1.0
        current = followers[0]
        if current.kind == "Multiply":
            constants = [one for one in graph.constants_of(current) if one.numel() == 1]
            return float(constants[0]) if constants else 1.0


def read_wheel(path: Path) -> tuple[Graph, Graph]:
    """The mapping and the synthesis graph; exits if it is another wheel."""
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    if digest != WHEEL_SHA256:
        sys.exit(f"{path} has sha256 {digest}, expected {WHEEL_SHA256}")
    with zipfile.ZipFile(path) as wheel:
        graphs = [
            Graph(wheel.read(f"random_face/data/{n}.xml"), wheel.read(f"random_face/data/{n}.bin"))
            for n in ("MappingNetwork", "SynthesisNetwork")
        ]
    return graphs[0], graphs[1]


def with_statistics(model: CanonicalModel) -> CanonicalModel:
    """The same with mean and covariance factor of W."""
    statistics = estimate_w_statistics(MobileStyleGanFamily().build(model))
    extra = {
        "w_mean": statistics.mean,
        STATISTICS_PREFIX + "mean": statistics.mean,
        STATISTICS_PREFIX + "covariance_factor": statistics.covariance_factor,
    }
    return replace(model, tensors=model.tensors | extra)


def main() -> None:
    """Convert, check that it builds, write."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("wheel", type=Path)
    parser.add_argument("folder", type=Path)
    arguments = parser.parse_args()
    mapping, synthesis = read_wheel(arguments.wheel)
    tensors = mapping_tensors(mapping) | synthesis_tensors(synthesis)
    config = ModelConfig(
        family="mobilestylegan", about=ABOUT, hints=HINTS, architecture=architecture_json(CONFIG)
    )
    bare = CanonicalModel(config=config, tensors=tensors | {"w_mean": torch.zeros(CONFIG.w_dim)})
    network: MobileStyleGan = MobileStyleGanFamily().build(with_statistics(bare))
    card = arguments.folder / "README.md"
    kept = card.read_text(encoding="utf-8") if card.exists() else None
    save_pretrained(network, arguments.folder, dtype=torch.float16)
    if kept is not None:  # the card is written by hand
        with atomic_path(card) as path:
            path.write_text(kept, encoding="utf-8")
    print(f"wrote {arguments.folder}")


if __name__ == "__main__":
    main()
