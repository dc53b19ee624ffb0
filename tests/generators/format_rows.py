"""The table of formats as files: one row each, and the tensors that it must give."""

import argparse
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save as safetensors
from torch.optim.swa_utils import AveragedModel

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
from generators.foreign_classes import (
    AttributeDict,
    Milestones,
    MultiScaleCritic,
    Named,
    Options,
    elsewhere,
    module_of,
    named,
)

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


IN_ROWS = PLAIN["mapping.w_avg"].repeat(6, 1)
SPREAD = IN_ROWS + torch.tensor([[-1.0], [1.0]]).repeat(3, 1)
"""Rows that differ, with the same mean."""


def with_mean(mean: torch.Tensor) -> Tensors:
    return {**PLAIN, "mapping.w_avg": mean}


def encoder_file(mean: torch.Tensor) -> dict[str, object]:
    """Of the kind of encoder4editing and pixel2style2pixel: the generator is its decoder."""
    encoder = {"encoder.input_layer.0.weight": torch.ones(4, 3, 3, 3)}
    return {
        "state_dict": {**encoder, **named("decoder.", WHOLE)},
        "latent_avg": mean,
        "opts": argparse.Namespace(start_from_latent_avg=True, n_styles=6),
    }


MEANS = {
    "encoder-mean-in-rows": Row(lambda: torch_saved(encoder_file(IN_ROWS)), PLAIN),
    "encoder-mean-in-one-row": Row(lambda: torch_saved(encoder_file(IN_ROWS[:1])), PLAIN),
    "encoder-mean-in-different-rows": Row(lambda: torch_saved(encoder_file(SPREAD)), PLAIN),
    "encoder-mean-in-a-batch-of-rows": Row(lambda: torch_saved(encoder_file(IN_ROWS[None])), PLAIN),
    "encoder-old-mean-in-rows": Row(lambda: torch_saved(encoder_file(IN_ROWS), legacy=True), PLAIN),
    "rosinality-mean-in-rows": Row(
        lambda: torch_saved({"g_ema": WHOLE, "latent_avg": IN_ROWS}), PLAIN
    ),
    "rosinality-mean-beside-its-tensors": Row(
        lambda: torch_saved({"state_dict": {**named("net.", WHOLE), "net.latent_avg": IN_ROWS}}),
        PLAIN,
    ),
    "rosinality-mean-of-another-name": Row(
        lambda: torch_saved({"g_ema": WHOLE, "mean_latent": IN_ROWS[:1]}), PLAIN
    ),
    "rosinality-mean-of-numpy": Row(
        lambda: torch_saved({"g_ema": WHOLE, "latent_avg": IN_ROWS.numpy()}), PLAIN
    ),
    "state-dict-mean-in-rows": Row(lambda: torch_saved(with_mean(IN_ROWS)), PLAIN),
    "nvidia-mean-in-rows": Row(lambda: pickled({"G_ema": nvidia_module(with_mean(SPREAD))}), PLAIN),
    "tensorflow-mean-in-one-row": Row(
        lambda: pickled(row_of_networks(with_mean(IN_ROWS[:1]))), PLAIN
    ),
}


def compiled(module: torch.nn.Module) -> torch.nn.Module:
    made: object = torch.compile(module, backend="eager")
    assert isinstance(made, torch.nn.Module)
    return made


def compiled_parts() -> Tensors:
    """As programs that compile the two halves of a generator leave their names."""
    made = module_of(PLAIN)
    made.add_module("synthesis", compiled(made.get_submodule("synthesis")))
    made.add_module("mapping", compiled(made.get_submodule("mapping")))
    return dict(made.state_dict())


def compiled_port() -> Tensors:
    """A compiled port with a compiled layer inside, in a wrapper for several devices."""
    made = module_of(WHOLE)
    made.add_module("conv1", compiled(made.get_submodule("conv1")))
    return dict(torch.nn.DataParallel(compiled(made)).state_dict())


def contiguous(tensors: Tensors) -> Tensors:
    return {key: value.clone().contiguous() for key, value in tensors.items()}


def in_safetensors(tensors: Tensors) -> Callable[[], bytes]:
    return lambda: safetensors(contiguous(tensors))


SAFETENSORS = {
    "safetensors-nvidia": Row(in_safetensors(PLAIN), PLAIN),
    **{
        f"safetensors-nvidia-{prefix}": Row(in_safetensors(named(f"{prefix}.", PLAIN)), PLAIN)
        for prefix in ("g_ema", "G_ema", "generator", "module", "ema_model", "model", "net.module")
    },
    "safetensors-nvidia-mean-in-rows": Row(in_safetensors(with_mean(IN_ROWS)), PLAIN),
    "safetensors-nvidia-conditional": Row(in_safetensors(LABELLED), LABELLED),
    "safetensors-nvidia-one-mapping-layer": Row(in_safetensors(ONE_LAYER), ONE_LAYER),
    "safetensors-nvidia-uneven-widths": Row(in_safetensors(UNEVEN), UNEVEN),
    "safetensors-nvidia-half-precision": Row(
        in_safetensors(halved(PLAIN)), {key: value.float() for key, value in halved(PLAIN).items()}
    ),
    "safetensors-stylegan-human": Row(in_safetensors(named("G_ema.", TALL)), TALL),
    "safetensors-both-generators": Row(
        in_safetensors(
            {
                **named("G.", {key: torch.zeros_like(value) for key, value in PLAIN.items()}),
                **named("G_ema.", PLAIN),
                "D.b4.out.weight": torch.ones(3),
            }
        ),
        PLAIN,
    ),
    "safetensors-rosinality": Row(in_safetensors({**WHOLE, **MEAN}), PLAIN),
    **{
        f"safetensors-rosinality-{prefix}": Row(
            in_safetensors({**named(f"{prefix}.", WHOLE), **MEAN}), PLAIN
        )
        for prefix in ("g_ema", "decoder", "state_dict.decoder")
    },
    "safetensors-rosinality-mean-inside": Row(
        in_safetensors(named("g_ema.", {**WHOLE, "latent_avg": IN_ROWS})), PLAIN
    ),
    "safetensors-compiled-parts": Row(lambda: safetensors(contiguous(compiled_parts())), PLAIN),
    "safetensors-averaged-model": Row(
        lambda: safetensors(contiguous(dict(AveragedModel(module_of(PLAIN)).state_dict()))), PLAIN
    ),
    "state-dict-compiled-parts": Row(lambda: torch_saved(compiled_parts()), PLAIN),
    "state-dict-pickled": Row(lambda: pickled({"g_ema": PLAIN}), PLAIN),
    "rosinality-compiled": Row(
        lambda: torch_saved({"g_ema": compiled_port(), "latent_avg": IN_ROWS}), PLAIN
    ),
    "state-dict-sharded": Row(
        lambda: torch_saved(
            {
                key.replace("synthesis.", "synthesis._fsdp_wrapped_module."): value
                for key, value in named("_forward_module.", PLAIN).items()
            }
        ),
        PLAIN,
    ),
}


def snapshot(**others: object) -> dict[str, object]:
    """A training snapshot beside whose generator stand these."""
    return {"G": None, "G_ema": nvidia_module(PLAIN), **others}


def foreign(write: Callable[[], bytes]) -> Row:
    def written() -> bytes:
        with elsewhere():
            return write()

    return Row(written, PLAIN)


def lightning_file() -> dict[str, object]:
    """Weights below state_dict, beside objects of other packages."""
    critic = Options(milestones=Milestones([1, 2]))
    options = AttributeDict(critic=critic, kinds=(Any, str), size=16)
    return {
        "state_dict": {**named("model.generator_ema.", WHOLE), "model.latent_avg": IN_ROWS},
        "hyper_parameters": options,
        "callbacks": {"best": Path("runs") / "1", "seen": defaultdict(list, a=[1])},
        "optimizer_states": [],
    }


FOREIGN = {
    "foreign-discriminator": foreign(lambda: pickled(snapshot(D=MultiScaleCritic()))),
    "foreign-discriminator-2": foreign(lambda: pickled(snapshot(D=MultiScaleCritic()), protocol=2)),
    "foreign-discriminator-5": foreign(lambda: pickled(snapshot(D=MultiScaleCritic()), protocol=5)),
    "foreign-discriminator-zip": foreign(lambda: torch_saved(snapshot(D=MultiScaleCritic()))),
    "foreign-discriminator-old": foreign(
        lambda: torch_saved(snapshot(D=MultiScaleCritic()), legacy=True)
    ),
    "foreign-layer-of-the-discriminator": foreign(
        lambda: pickled(
            snapshot(D=Persistent("Discriminator", {"_modules": {"b4": MultiScaleCritic()}}))
        )
    ),
    "foreign-lists-and-dictionaries": foreign(
        lambda: pickled(
            snapshot(
                augment_pipe=Milestones([1, 2]),
                training_set_kwargs=AttributeDict(a=1),
                options=[Options(milestones=Named(size=3))],
            )
        )
    ),
    "foreign-optimiser": foreign(
        lambda: torch_saved(
            snapshot(opt=torch.optim.SGD([torch.nn.Parameter(torch.ones(1))], lr=0.1))
        )
    ),
    "foreign-wrapper-of-the-discriminator": foreign(
        lambda: pickled(snapshot(D=torch.nn.DataParallel(MultiScaleCritic())))
    ),
    "foreign-discriminator-beside-a-state-dict": foreign(
        lambda: torch_saved({"G_ema": PLAIN, "D": MultiScaleCritic()})
    ),
    "foreign-discriminator-beside-rosinality": foreign(
        lambda: torch_saved({"g_ema": WHOLE, "d": MultiScaleCritic(), **MEAN})
    ),
    "foreign-options-of-lightning": foreign(lambda: torch_saved(lightning_file())),
    "nvidia-program-in-a-package": Row(
        lambda: pickled(snapshot(), protocol=3).replace(
            b"ctorch_utils.persistence\n", b"csome_lab.stylegan.torch_utils.persistence\n"
        ),
        PLAIN,
    ),
}

ROWS |= MEANS | SAFETENSORS | FOREIGN
