"""Every row of the table of formats: it loads, draws the right picture, and survives conversion."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor

from foreign_checkpoints import (
    Network,
    Persistent,
    Shape,
    Tensors,
    pickled,
    random_tensors,
    torch_saved,
)
from foreign_layouts import nvidia_module, rosinality_tensors, tensorflow_network
from generators.format_rows import CONFIG_F, LABELLED, PLAIN, ROWS, clamped, row_of_networks
from tugan.core.errors import CheckpointError
from tugan.generators.formats.detect import read_checkpoint
from tugan.generators.loading import load_generator
from tugan.generators.protocol import PretrainedGenerator, sample_z, synthesize
from tugan.generators.saving import save_pretrained
from tugan.generators.stylegan2.network import StyleGan2


def load(tmp_path: Path, data: bytes) -> StyleGan2:
    path = tmp_path / "file"
    path.write_bytes(data)
    return StyleGan2.from_pretrained(path, device="cpu")


def picture(generator: PretrainedGenerator) -> Tensor:
    info = generator.info
    label = torch.eye(info.label_dim)[[1]] if info.label_dim else None
    ws = generator.map(sample_z(0, z_dim=info.z_dim), psi=0.7, label=label)
    return synthesize(generator, ws)


def folded(tensors: Tensors) -> Tensors:
    """What our network must hold: every gain of an equalised learning rate multiplied in."""
    made = {"w_mean": tensors["mapping.w_avg"]}
    blocks = sorted({int(key.split(".")[1][1:]) for key in tensors if key.startswith("synth")})
    for name, tensor in tensors.items():
        parts = name.split(".")
        gain = {"weight": 1 / tensor[0].numel() ** 0.5 if tensor.ndim else 1.0}.get(parts[-1], 1.0)
        if parts[1].startswith("fc"):
            made[f"mapping.layers.{parts[1][2:]}.{parts[2]}"] = tensor * gain * 0.01
        elif parts[1] == "embed":
            made[f"mapping.{parts[1]}.{parts[2]}"] = tensor * gain
        elif parts[-1] == "const":
            made["const"] = tensor
        elif parts[0] == "synthesis":
            index = blocks.index(int(parts[1][1:]))
            convs = ["conv1"] if index == 0 else ["conv0", "conv1"]
            layer = f"convs.{convs.index(parts[2])}" if parts[2] in convs else "to_rgb"
            if "affine" in parts:
                tensor = tensor * gain
                if layer == "to_rgb":
                    tensor = tensor / tensors[f"synthesis.{parts[1]}.torgb.weight"].shape[1] ** 0.5
            rest = ".".join(parts[3:]).replace("noise_const", "noise")
            made[f"blocks.{index}.{layer}.{rest}"] = tensor
    return made


@pytest.mark.parametrize("row", ROWS)
def test_every_row_gives_its_tensors(tmp_path: Path, row: str) -> None:
    network = load(tmp_path, ROWS[row].write())
    found, wanted = network.state_dict(), folded(ROWS[row].tensors)
    assert found.keys() == wanted.keys()
    for name, tensor in wanted.items():
        torch.testing.assert_close(found[name], tensor, atol=1e-6, rtol=1e-6, msg=name)
    assert torch.isfinite(picture(network)).all()


@pytest.mark.parametrize("row", ROWS)
def test_every_row_draws_the_same_picture_after_conversion(tmp_path: Path, row: str) -> None:
    network = load(tmp_path, ROWS[row].write())
    save_pretrained(network, tmp_path / "ours")
    again = load_generator(tmp_path / "ours", device="cpu")
    assert again.config == network.config
    assert torch.equal(picture(again), picture(network))


def test_a_tall_picture_is_twice_as_high_as_wide(tmp_path: Path) -> None:
    network = load(tmp_path, ROWS["stylegan-human"].write())
    assert network.info.size_hw == (32, 16)
    assert picture(network).shape == (1, 3, 32, 16)


def test_tensorflow_weights_draw_what_the_original_program_drew(
    tmp_path: Path, oracle_dir: Path
) -> None:
    raw = read_checkpoint(oracle_dir / "nvidia-stylegan2-128.pkl")
    tensors = {k: v for k, v in raw.tensors.items() if not k.endswith("resample_filter")}
    data = pickled(row_of_networks(tensors, conv_clamp=256.0, **CONFIG_F))
    network = load(tmp_path, data)
    assert network.config.conv_clamp == 256
    with np.load(oracle_dir / "stylegan2-128-expected.npz") as file:
        ws, wanted = torch.from_numpy(file["ws_psi07"]), torch.from_numpy(file["image_const"])
    drawn = synthesize(network, ws[:, None].repeat(1, 12, 1), noise="const")
    torch.testing.assert_close(drawn[: len(wanted)], wanted, atol=1e-4, rtol=0)


def test_labels_of_config_f_are_normalised_together_with_the_latent(tmp_path: Path) -> None:
    tensors = {k: v for k, v in LABELLED.items() if k != "mapping.embed.bias"}
    data = pickled((tensorflow_network(tensors, labels_joined=True),))
    network = load(tmp_path, data)
    z = sample_z(0, z_dim=8)
    x = torch.cat([z[0], tensors["mapping.embed.weight"][:, 2]])
    x = x / (x.square().mean() + 1e-8).sqrt()
    for layer in ("mapping.fc0", "mapping.fc1"):
        weight = tensors[f"{layer}.weight"]
        x = 0.01 * (weight @ x / weight.shape[1] ** 0.5 + tensors[f"{layer}.bias"])
        x = torch.where(x > 0, x, 0.2 * x) * 2**0.5
    found = network.map(z, psi=1.0, label=torch.eye(3)[[2]])[0, 0]
    torch.testing.assert_close(found, x, atol=1e-6, rtol=1e-5)
    save_pretrained(network, tmp_path / "ours")
    assert torch.equal(picture(load_generator(tmp_path / "ours", device="cpu")), picture(network))


def test_a_learning_rate_multiplier_of_the_file_counts(tmp_path: Path) -> None:
    slow = load(tmp_path, pickled(row_of_networks(PLAIN, mapping_lrmul=0.02)))
    torch.testing.assert_close(
        slow.mapping.layers[0].bias, PLAIN["mapping.fc0.bias"] * 0.02, atol=1e-6, rtol=1e-6
    )


def test_clamps_are_taken_from_the_modules(tmp_path: Path) -> None:
    network = load(tmp_path, pickled({"G_ema": clamped(PLAIN, 0.25)}))
    assert network.config.conv_clamp == 0.25


REFUSED: dict[str, tuple[Callable[[], object], str]] = {
    "orig": (lambda: row_of_networks(PLAIN, architecture="orig"), "architecture is 'orig'; only"),
    "resnet": (lambda: row_of_networks(PLAIN, architecture="resnet"), "only 'skip' is supported"),
    "relu": (lambda: row_of_networks(PLAIN, nonlinearity="relu"), "nonlinearity is 'relu'"),
    "box filter": (lambda: row_of_networks(PLAIN, resample_kernel=[1, 1]), "resample_kernel is"),
    "long filter": (
        lambda: row_of_networks(PLAIN, resample_kernel=[1, 3, 3, 1, 1]),
        "resample_kernel is",
    ),
    "lrmul": (lambda: row_of_networks(PLAIN, mapping_lrmul="x"), "mapping_lrmul to be a positive"),
    "stylegan1": (
        lambda: Network(
            {
                "variables": [],
                "components": {
                    "synthesis": Network(
                        {"variables": [("4x4/Const/StyleMod/weight", np.zeros((2, 2)))]}
                    )
                },
            }
        ),
        r"a StyleGAN \(1\) generator; StyleGAN2 and 3 are supported",
    ),
    "progressive": (
        lambda: Network({"variables": [("4x4/Dense/weight", np.zeros((2, 2), np.float32))]}),
        "generator of progressive GAN; StyleGAN2 and 3",
    ),
    "no tensorflow StyleGAN": (
        lambda: Network({"variables": [("a/b", np.zeros(2, np.float32))]}),
        "no generator family known here",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_not_computed_here_is_refused_by_name(tmp_path: Path, name: str) -> None:
    make, message = REFUSED[name]
    with pytest.raises(CheckpointError, match=message):
        load(tmp_path, pickled(make()))


@pytest.mark.parametrize("write", [rosinality_tensors, dict])
def test_a_mean_that_lacks_is_estimated_and_noted(
    tmp_path: Path, write: Callable[[Tensors], Tensors]
) -> None:
    tensors = {k: v for k, v in write(PLAIN).items() if k != "mapping.w_avg"}
    network = load(tmp_path, torch_saved(tensors))
    assert "no mean of W" in network.info.notes
    z = torch.randn(2000, 8, generator=torch.Generator().manual_seed(5))
    w = network.map(z, psi=1.0)[:, 0]
    assert (w.mean(dim=0) - network.w_mean).norm() < 0.1 * (w - w.mean(dim=0)).norm(dim=1).mean()


def test_blocks_that_do_not_double_are_refused(tmp_path: Path) -> None:
    cut = {k: v for k, v in PLAIN.items() if ".b8." not in k}
    with pytest.raises(CheckpointError, match=r"double the size of the one before.*\[4, 16\]"):
        load(tmp_path, torch_saved(cut))


@pytest.mark.parametrize("row", ["nvidia-only-g-ema", "state-dict", "tensorflow-numpy-1"])
def test_a_tensor_that_lacks_is_named(tmp_path: Path, row: str) -> None:
    cut = {k: v for k, v in PLAIN.items() if k != "synthesis.b8.conv1.weight"}
    files = {
        "nvidia-only-g-ema": lambda: pickled({"G_ema": nvidia_module(cut)}),
        "state-dict": lambda: torch_saved(cut),
        "tensorflow-numpy-1": lambda: pickled(tensorflow_network(cut)),
    }
    names = r"synthesis\.(b8\.conv1\.|8x8/Conv1/)weight"
    with pytest.raises(CheckpointError, match=f"{names} is missing"):
        load(tmp_path, files[row]())


@pytest.mark.parametrize("size", [0, 2, 900])
@pytest.mark.parametrize("name", sorted(PLAIN))
def test_tensors_of_other_shapes_get_a_sentence(tmp_path: Path, name: str, size: int) -> None:
    """Whatever tensor is bent, in whatever layout, the answer is one error."""
    bent = {**PLAIN, name: torch.ones(size)}
    for data in (pickled({"G_ema": nvidia_module(bent)}), torch_saved(bent)):
        with pytest.raises(CheckpointError):
            load(tmp_path, data)


def test_a_picture_of_absurd_size_is_refused_before_it_is_filled_in(tmp_path: Path) -> None:
    shape = Shape(channels=(1,) * 12, const_hw=(1, 1), z_dim=1, w_dim=1, mapping_widths=(1,))
    small = random_tensors(shape)
    tensors = {k: v for k, v in small.items() if not k.endswith("noise_const")}
    tensors["synthesis.b1.const"] = torch.ones(1, 64, 64)
    with pytest.raises(CheckpointError, match="pictures of at most 8192 px"):
        load(tmp_path, torch_saved(tensors))


def test_a_generator_inside_another_module_keeps_its_clamps(tmp_path: Path) -> None:
    inner = clamped(PLAIN, 0.25)
    outer = Persistent("Wrapper", {"_modules": {"backbone": inner}})
    network = load(tmp_path, pickled({"G_ema": outer}))
    assert network.config.conv_clamp == 0.25
    assert torch.equal(network.w_mean, PLAIN["mapping.w_avg"])
