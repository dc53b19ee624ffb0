"""The converter's reading of OpenVINO IR, on a graph small enough to write by hand."""

import struct
from pathlib import Path

import pytest
import torch

import convert_random_face

XML = b"""<?xml version="1.0"?>
<net version="10">
  <layers>
    <layer id="0" name="style" type="Parameter"><data shape="1, 2" element_type="f32"/></layer>
    <layer id="1" name="a.modulation.weight" type="Const">
      <data element_type="f32" shape="3, 2" offset="0" size="24"/></layer>
    <layer id="2" name="gemm" type="MatMul"/>
    <layer id="3" name="a.modulation.bias" type="Const">
      <data element_type="f32" shape="1, 3" offset="24" size="12"/></layer>
    <layer id="4" name="sum" type="Add"/>
    <layer id="5" name="shape" type="Const">
      <data element_type="i64" shape="1" offset="36" size="8"/></layer>
    <layer id="6" name="reshaped" type="Reshape"/>
    <layer id="7" name="scale" type="Const">
      <data element_type="f32" shape="1, 1, 1, 1" offset="44" size="4"/></layer>
    <layer id="8" name="scaled" type="Multiply"/>
    <layer id="9" name="result" type="Result"/>
  </layers>
  <edges>
    <edge from-layer="0" from-port="0" to-layer="2" to-port="0"/>
    <edge from-layer="1" from-port="0" to-layer="2" to-port="1"/>
    <edge from-layer="3" from-port="0" to-layer="4" to-port="1"/>
    <edge from-layer="2" from-port="2" to-layer="4" to-port="0"/>
    <edge from-layer="4" from-port="2" to-layer="6" to-port="0"/>
    <edge from-layer="5" from-port="0" to-layer="6" to-port="1"/>
    <edge from-layer="6" from-port="2" to-layer="8" to-port="0"/>
    <edge from-layer="7" from-port="0" to-layer="8" to-port="1"/>
    <edge from-layer="8" from-port="2" to-layer="9" to-port="0"/>
  </edges>
</net>"""
WEIGHTS = struct.pack("<9fq1f", *range(9), 1, 10.0)


@pytest.fixture
def graph() -> convert_random_face.Graph:
    return convert_random_face.Graph(XML, WEIGHTS)


def test_nodes_come_in_order_with_their_inputs(graph: convert_random_face.Graph) -> None:
    nodes = list(graph.nodes("MatMul", "Add", "Multiply"))
    assert [node.name for node in nodes] == ["gemm", "sum", "scaled"]
    # by port, whatever the order of the edges
    assert [node.inputs for node in nodes] == [("0", "1"), ("2", "3"), ("6", "7")]


def test_constants_are_read_where_they_lie(graph: convert_random_face.Graph) -> None:
    assert graph.named("a.modulation.bias").tolist() == [[6.0, 7.0, 8.0]]
    with pytest.raises(SystemExit, match="no constant b"):
        graph.named("b")


def test_the_scalar_after_a_style_is_folded_in(graph: convert_random_face.Graph) -> None:
    tensors = convert_random_face.affine(graph, "a", "ours")
    assert torch.equal(tensors["ours.weight"], 10 * torch.arange(6.0).reshape(3, 2))
    assert tensors["ours.bias"].tolist() == [60.0, 70.0, 80.0]


def test_another_wheel_is_refused(tmp_path: Path) -> None:
    (tmp_path / "other.whl").write_bytes(b"PK")
    with pytest.raises(SystemExit, match=r"sha256 .* expected e5d10e2b"):
        convert_random_face.read_wheel(tmp_path / "other.whl")
