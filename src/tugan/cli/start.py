"""Where pictures start from: seed, truncation, label, noise. Imports torch: for use in commands."""

from typing import cast, get_args

import torch

from tugan.cli.options import OptionError
from tugan.generators.latent_file import load_latent, parse_place
from tugan.generators.protocol import Generator, Noise, Ws, sample_z


def start_latent(generator: Generator, *, seed: int, psi: float, label: int | None) -> Ws:
    """The latent of a seed; :class:`OptionError` if a label is missing, unknown or not wanted."""
    info = generator.info
    if not -2 <= psi <= 2:
        raise OptionError(f"--psi is {psi:g}; it should be between -2 and 2, usually 0.5 to 1")
    one_hot = None
    if info.label_dim:
        if label is None or label >= info.label_dim:
            raise OptionError(
                f"{info.name} draws {info.label_dim} classes: give --label 0 to"
                f" {info.label_dim - 1}"
            )
        one_hot = torch.nn.functional.one_hot(torch.tensor([label]), info.label_dim).float()
    elif label is not None:
        raise OptionError(f"{info.name} knows no classes: leave --label out")
    z = sample_z(seed, z_dim=info.z_dim)
    with torch.no_grad():
        return generator.map(z, psi=psi, label=one_hot)


def latent_from_file(text: str, generator: Generator) -> Ws:
    """The latent of ``FILE`` or ``FILE:N``, on the generator's device."""
    path, index = parse_place(text)
    return load_latent(path, generator, index=index).to(generator.device)


DTYPES = {"float32": torch.float32, "float16": torch.float16, "bfloat16": torch.bfloat16}


def parse_dtype(text: str) -> torch.dtype:
    """A precision of weights; :class:`OptionError` lists them."""
    if text not in DTYPES:
        raise OptionError(f"--dtype is {text!r}; expected one of {', '.join(DTYPES)}")
    return DTYPES[text]


def parse_noise(text: str) -> Noise:
    """A kind of noise; :class:`OptionError` lists them."""
    if text not in get_args(Noise):
        raise OptionError(f"--noise is {text!r}; expected one of {', '.join(get_args(Noise))}")
    return cast(Noise, text)
