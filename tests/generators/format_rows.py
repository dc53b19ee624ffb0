"""The table of formats as files: one row each, and the tensors that it must give."""

import argparse
from collections.abc import Callable
from dataclasses import dataclass

import torch

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

PLAIN = random_tensors(Shape())
LABELLED = random_tensors(Shape(label_dim=3, embed_dim=8))
ONE_LAYER = random_tensors(Shape(channels=(8, 4), mapping_widths=(8,)))
UNEVEN = random_tensors(Shape(channels=(10, 6, 12, 4), z_dim=5, mapping_widths=(7, 9, 6), w_dim=6))
TALL = random_tensors(Shape(const_hw=(4, 2), channels=(8, 8, 6, 4)))
MEAN = {"latent_avg": PLAIN["mapping.w_avg"]}
WHOLE = rosinality_tensors(PLAIN)


def halved(tensors: Tensors) -> Tensors:
    """Upper blocks in float16, as programs that train in half precision may leave them."""
    upper = ("synthesis.b8.", "synthesis.b16.")
    return {key: value.half() if key.startswith(upper) else value for key, value in tensors.items()}


def clamped(tensors: Tensors, clamp: float) -> Persistent:
    """With the attributes that ADA's modules have."""
    layer = {"conv_clamp": clamp, "activation": "lrelu"}
    attributes: dict[str, dict[str, object]] = {
        "": {"_init_kwargs": {"synthesis_kwargs": {"num_fp16_res": 4, "conv_clamp": clamp}}},
        "synthesis": {"num_fp16_res": 4},
    }
    for size in (4, 8, 16):
        attributes[f"synthesis.b{size}"] = {"use_fp16": size > 4, "architecture": "skip"}
        for conv in ("conv0", "conv1") if size > 4 else ("conv1",):
            attributes[f"synthesis.b{size}.{conv}"] = layer
        attributes[f"synthesis.b{size}.torgb"] = {"conv_clamp": clamp}
    return nvidia_module(tensors, attributes)


def discriminator() -> Persistent:
    """A part that nobody needs, made of PyTorch's own modules."""
    layers = torch.nn.Sequential(
        torch.nn.Conv2d(3, 4, 3), torch.nn.LeakyReLU(0.2), torch.nn.Flatten(), torch.nn.Linear(4, 1)
    )
    normed = torch.nn.utils.spectral_norm(torch.nn.Linear(2, 2))
    return Persistent("Discriminator", {"_modules": {"b4": layers, "out": normed}})


def training_pickle(tensors: Tensors) -> dict[str, object]:
    module = nvidia_module(tensors)
    return {
        "G": module,
        "D": discriminator(),
        "G_ema": module,
        "augment_pipe": torch.nn.Identity(),
        "training_set_kwargs": {"class_name": "training.dataset.ImageFolderDataset", "size": 3},
    }


def row_of_networks(tensors: Tensors, **options: object) -> tuple[Network, Network, Network]:
    other = {name: torch.zeros_like(tensor) for name, tensor in tensors.items()}
    return (
        tensorflow_network(other),
        Network({"name": "D", "version": 4, "variables": []}),
        tensorflow_network(tensors, static_kwargs=options),
    )


CONFIG_F = {
    "architecture": "skip",
    "nonlinearity": "lrelu",
    "resample_kernel": [1, 3, 3, 1],
    "fused_modconv": True,
    "mapping_lrmul": 0.01,
    "fmap_base": 32768,
}


@dataclass(frozen=True)
class Row:
    """A file of some format, and the tensors that it must give, in NVIDIA's names."""

    write: Callable[[], bytes]
    tensors: Tensors


ROWS = {
    "nvidia-ada-training": Row(lambda: pickled(training_pickle(PLAIN)), PLAIN),
    "nvidia-training-zip": Row(lambda: torch_saved(training_pickle(PLAIN)), PLAIN),
    "nvidia-training-old": Row(lambda: torch_saved(training_pickle(PLAIN), legacy=True), PLAIN),
    "nvidia-ada-old-version": Row(
        lambda: pickled({"G_ema": nvidia_module(PLAIN, version=1)}, protocol=2), PLAIN
    ),
    "nvidia-stylegan3-repo": Row(
        lambda: pickled(
            {
                "G": None,
                "D": None,
                "G_ema": nvidia_module(PLAIN, {"": {"init_kwargs": {"c_dim": 0}}}),
            }
        ),
        PLAIN,
    ),
    "nvidia-only-g-ema": Row(lambda: pickled({"G_ema": nvidia_module(PLAIN)}), PLAIN),
    "nvidia-generator-alone": Row(lambda: pickled(nvidia_module(PLAIN), protocol=5), PLAIN),
    "nvidia-conditional": Row(lambda: pickled({"G_ema": nvidia_module(LABELLED)}), LABELLED),
    "nvidia-one-mapping-layer": Row(lambda: pickled(nvidia_module(ONE_LAYER)), ONE_LAYER),
    "nvidia-uneven-widths": Row(lambda: pickled(nvidia_module(UNEVEN)), UNEVEN),
    "nvidia-half-precision": Row(
        lambda: pickled({"G_ema": clamped(halved(PLAIN), 256.0)}),
        {key: value.float() for key, value in halved(PLAIN).items()},
    ),
    "stylegan-human": Row(lambda: pickled({"G_ema": nvidia_module(TALL)}), TALL),
    "pti-zip": Row(lambda: torch_saved(nvidia_module(PLAIN)), PLAIN),
    "pti-old": Row(lambda: torch_saved(nvidia_module(PLAIN), legacy=True), PLAIN),
    "pti-pickle": Row(lambda: pickled(nvidia_module(PLAIN), protocol=3), PLAIN),
    "state-dict": Row(lambda: torch_saved(PLAIN), PLAIN),
    "state-dict-old": Row(lambda: torch_saved(PLAIN, legacy=True), PLAIN),
    "state-dict-under-g-ema": Row(
        lambda: torch_saved({"G_ema": PLAIN, "D": {"x": torch.ones(3)}}), PLAIN
    ),
    "tensorflow-config-f": Row(lambda: pickled(row_of_networks(PLAIN, **CONFIG_F)), PLAIN),
    "tensorflow-single-protocol-2": Row(
        lambda: pickled(tensorflow_network(PLAIN), protocol=2), PLAIN
    ),
    "tensorflow-numpy-1": Row(
        lambda: pickled(row_of_networks(PLAIN), protocol=3).replace(b"numpy._core", b"numpy.core"),
        PLAIN,
    ),
    "tensorflow-ada-auto-conditional": Row(
        lambda: pickled(row_of_networks(LABELLED, conv_clamp=None, num_fp16_res=4)), LABELLED
    ),
    "rosinality": Row(
        lambda: torch_saved(
            {"g_ema": WHOLE, "args": argparse.Namespace(size=16, n_mlp=2), "d": {}, **MEAN}
        ),
        PLAIN,
    ),
    "rosinality-old": Row(lambda: torch_saved({"g_ema": WHOLE, **MEAN}, legacy=True), PLAIN),
    "rosinality-g": Row(lambda: torch_saved({"g": WHOLE, **MEAN}), PLAIN),
    "rosinality-plain": Row(lambda: torch_saved({**WHOLE, **MEAN}), PLAIN),
    "rosinality-as-a-decoder": Row(
        lambda: torch_saved(
            {"state_dict": {f"decoder.{key}": value for key, value in WHOLE.items()}, **MEAN}
        ),
        PLAIN,
    ),
    "rosinality-uneven-widths": Row(
        lambda: torch_saved(
            {"g_ema": rosinality_tensors(UNEVEN), "latent_avg": UNEVEN["mapping.w_avg"]}
        ),
        UNEVEN,
    ),
}
