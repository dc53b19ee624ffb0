"""NVIDIA's StyleGAN3 files: what is deduced, what is believed, and what is refused by name."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor

from generators.stylegan3_reference import R, Shape, T, random_tensors, write_pickle
from tugan.core.errors import CheckpointError
from tugan.generators.loading import load_generator
from tugan.generators.protocol import synthesize
from tugan.generators.stylegan3.network import StyleGan3

SMALL = replace(T, num_layers=6, channel_max=6, img_resolution=32)
Tensors = dict[str, Tensor]


def opened(path: Path) -> StyleGan3:
    network = load_generator(path, device="cpu")
    assert isinstance(network, StyleGan3)
    return network


@pytest.mark.parametrize(
    "shape",
    [T, R, replace(T, img_resolution=16, filter_size=4, margin_size=12, channel_max=300)],
    ids=["t", "r", "other"],
)
def test_a_shape_is_deduced_from_tensors_alone(shape: Shape, tmp_path: Path) -> None:
    tensors = random_tensors(shape)
    config = opened(write_pickle(tmp_path / "silent.pkl", tensors)).config
    assert config.size_px == shape.img_resolution
    assert config.num_layers == 14
    assert config.margin_size == shape.margin_size
    assert config.filter_size == shape.filter_size
    assert config.conv_kernel == shape.conv_kernel
    assert config.radial_filters == shape.use_radial_filters
    assert config.z_dim == 12
    assert config.mapping_widths == (16, 16)
    # what tensors do not say is what the program does unasked
    assert config.conv_clamp == 256
    assert config.output_scale == 0.25


@pytest.mark.parametrize("prefix", ["", "G_ema.", "decoder."])
def test_a_state_dict_is_opened_with_the_programs_defaults(prefix: str, tmp_path: Path) -> None:
    tensors = random_tensors(SMALL)
    torch.save({prefix + name: one for name, one in tensors.items()}, tmp_path / "a.pt")
    bare, pickled = opened(tmp_path / "a.pt"), opened(write_pickle(tmp_path / "a.pkl", tensors))
    assert bare.config == pickled.config
    ws = bare.map(torch.ones(1, 12))
    assert torch.equal(synthesize(bare, ws), synthesize(pickled, ws))
    assert "bare state dict" in bare.info.notes
    assert pickled.info.notes == ""


@pytest.mark.parametrize("prefix", ["", "g_ema.", "G_ema.", "module.", "model._orig_mod."])
def test_bare_safetensors_are_opened_like_a_state_dict(prefix: str, tmp_path: Path) -> None:
    tensors = random_tensors(SMALL)
    save_file({prefix + name: one.clone() for name, one in tensors.items()}, tmp_path / "a.st")
    bare, pickled = opened(tmp_path / "a.st"), opened(write_pickle(tmp_path / "a.pkl", tensors))
    ws = bare.map(torch.ones(1, 12))
    assert torch.equal(synthesize(bare, ws), synthesize(pickled, ws))
    assert "bare state dict" in bare.info.notes


def test_a_compiled_part_and_a_mean_in_rows(tmp_path: Path) -> None:
    tensors = random_tensors(SMALL)
    wrapped = {
        name.replace("synthesis.", "synthesis._orig_mod."): one for name, one in tensors.items()
    }
    wrapped["mapping.w_avg"] = tensors["mapping.w_avg"].repeat(8, 1)
    torch.save({"state_dict": wrapped}, tmp_path / "a.pt")
    network = opened(tmp_path / "a.pt")
    assert torch.equal(network.state_dict()["w_mean"], tensors["mapping.w_avg"])
    assert "8 equal rows" in network.info.notes


def test_what_a_layer_or_the_network_states_of_itself_counts(tmp_path: Path) -> None:
    path = write_pickle(
        tmp_path / "a.pkl",
        random_tensors(SMALL),
        stated={"output_scale": 0.5},
        layer_stated={"conv_clamp": None},
    )
    config = opened(path).config
    assert config.output_scale == 0.5
    assert config.conv_clamp is None


def test_two_statements_that_disagree_are_refused(tmp_path: Path) -> None:
    path = write_pickle(
        tmp_path / "a.pkl",
        random_tensors(SMALL),
        stated={"conv_clamp": 256},
        layer_stated={"conv_clamp": 128},
    )
    with pytest.raises(CheckpointError, match=r"several things of conv_clamp \(128, 256\)"):
        load_generator(path)


@pytest.mark.parametrize(
    ("said", "message"),
    [
        ({"output_scale": "much"}, "output_scale must be a number; the file says 'much'"),
        ({"num_critical": 1.5}, "num_critical must be a whole number; the file says 1.5"),
        ({"first_cutoff": float("nan")}, "first_cutoff is nan in the file, which cannot be"),
        ({"first_cutoff": -1}, "0 < first_cutoff < first_stopband"),
        ({"num_critical": 0}, "num_critical must be between 1 and 5"),
        ({"lrelu_upsampling": 1000}, "lrelu_upsampling must be between 1 and 4"),
        ({"last_stopband_rel": 1.0}, "last_stopband_rel must be above 1"),
    ],
)
def test_nonsense_is_refused(said: dict[str, object], message: str, tmp_path: Path) -> None:
    path = write_pickle(tmp_path / "a.pkl", random_tensors(SMALL), stated=said)
    with pytest.raises(CheckpointError, match=message):
        load_generator(path)


@pytest.mark.parametrize(
    ("name", "change", "message"),
    [
        ("mapping.w_avg", None, "mapping.w_avg is missing"),
        ("mapping.fc1.bias", None, "mapping.fc1.bias is missing"),
        ("synthesis.input.freqs", None, "synthesis.input.freqs is missing"),
        ("synthesis.L2_52_6.bias", None, "synthesis.L2_52_6.bias is missing"),
        ("synthesis.L2_52_6.weight", None, "each once; found L3 in place of L2"),
        ("synthesis.L2_52_6.magnitude_ema", None, "L2_52_6.magnitude_ema is missing"),
        (
            "synthesis.L2_52_6.magnitude_ema",
            lambda old: old * 0,
            "L2_52_6.magnitude_ema must be positive; got 0",
        ),
        (
            "synthesis.L2_52_6.weight",
            lambda old: old[:, :-1],
            r"L2_52_6.weight is \(6, 5, 3, 3\), expected \(6, 6, 3, 3\)",
        ),
        (
            "synthesis.L1_36_6.affine.weight",
            lambda old: old[:, :-1],
            r"L1_36_6.affine.weight is \(6, 15\), expected \(6, 16\)",
        ),
        (
            "synthesis.input.freqs",
            lambda old: old.T,
            r"synthesis.input.freqs is \(2, 6\), expected \(6, 2\)",
        ),
        ("synthesis.L2_52_6.up_filter", None, "L2_52_6.up_filter is absent and not the filter"),
        (
            "synthesis.L2_52_6.down_filter",
            lambda old: old + 2e-4,
            "L2_52_6.down_filter is one of .12,. taps and not the filter",
        ),
    ],
)
def test_what_is_missing_or_misshapen_is_named(
    name: str, change: Callable[[Tensor], Tensor] | None, message: str, tmp_path: Path
) -> None:
    tensors = random_tensors(SMALL)
    old = tensors.pop(name)
    if change is not None:
        tensors[name] = change(old)
    with pytest.raises(CheckpointError, match=message):
        load_generator(write_pickle(tmp_path / "a.pkl", tensors))


def test_filters_of_other_cutoffs_are_refused(tmp_path: Path) -> None:
    # the maps' sizes are those of the defaults; only the filters tell
    tensors = random_tensors(replace(SMALL, first_cutoff=2.5))
    with pytest.raises(CheckpointError, match=r"_filter is one of .12,. taps and not the filter"):
        load_generator(write_pickle(tmp_path / "a.pkl", renamed_as(SMALL, tensors)))


def test_maps_of_other_sizes_are_refused(tmp_path: Path) -> None:
    tensors = random_tensors(replace(SMALL, last_stopband_rel=3.9, first_stopband=7.9))
    with pytest.raises(CheckpointError, match=r"_6 gives \d+ cells, expected \d+ for cutoffs"):
        load_generator(write_pickle(tmp_path / "a.pkl", tensors))


def test_pictures_that_are_not_rgb_are_refused(tmp_path: Path) -> None:
    tensors = {
        name.replace("L6_32_3", "L6_32_1"): tensor for name, tensor in random_tensors(SMALL).items()
    }
    with pytest.raises(CheckpointError, match="L6_32_1 gives 1 colour channels; only RGB"):
        load_generator(write_pickle(tmp_path / "a.pkl", tensors))


def test_the_original_gains_of_a_linear_layer_are_its_attributes(tmp_path: Path) -> None:
    plain = opened(write_pickle(tmp_path / "a.pkl", random_tensors(SMALL)))
    assert plain.info.family == "stylegan3"
    tensors = random_tensors(SMALL)
    # unit weights times 1 / sqrt(fan in), times the mapping's learning-rate multiplier
    torch.testing.assert_close(
        plain.state_dict()["mapping.layers.0.weight"],
        tensors["mapping.fc0.weight"] * 0.01 / 12**0.5,
    )
    assert synthesize(plain, plain.map(torch.zeros(1, 12))).shape == (1, 3, 32, 32)


def renamed_as(shape: Shape, tensors: Tensors) -> Tensors:
    """The same tensors where channels differ by the cutoffs, cut to those of ``shape``."""
    wanted = random_tensors(shape)
    theirs = dict(zip(wanted, tensors, strict=True))
    return {
        name: tensors[theirs[name]] if name.endswith("_filter") else tensor
        for name, tensor in wanted.items()
    }
