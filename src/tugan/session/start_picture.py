"""The latent that a picture starts from."""

import torch
from torch.nn import functional as F

from tugan.generators.protocol import Generator, GeneratorInfo, Ws, sample_z
from tugan.session.errors import SessionError

MAX_SEED = 2**32 - 1
MAX_PSI = 2.0


def check_start(seed: int, psi: float, label: int | None, *, info: GeneratorInfo | None) -> None:
    """:class:`SessionError` for a seed, truncation or class that there is not."""
    if not 0 <= seed <= MAX_SEED:
        raise SessionError(
            "bad-start", f"{seed} is no seed.", f"Take a whole number from 0 to {MAX_SEED}."
        )
    if not -MAX_PSI <= psi <= MAX_PSI:
        raise SessionError(
            "bad-start", f"The truncation cannot be {psi:g}.", "Take -2 to 2, usually 0.5 to 1."
        )
    if info is not None and label is not None and not 0 <= label < info.label_dim:
        known = f"the classes 0 to {info.label_dim - 1}" if info.label_dim else "no classes"
        raise SessionError("bad-start", f"{info.name} knows {known}.", "Choose another class.")


def usual_label(info: GeneratorInfo, label: int | None) -> int | None:
    """The class, or the first one for models that need one."""
    return 0 if label is None and info.label_dim else label


@torch.no_grad()
def latent_of(generator: Generator, *, seed: int, psi: float, label: int | None) -> Ws:
    """The latent of a seed, on the CPU."""
    info = generator.info
    one_hot = None
    if label is not None:
        one_hot = F.one_hot(torch.tensor([label]), info.label_dim).float().to(generator.device)
    z = sample_z(seed, z_dim=info.z_dim).to(generator.device)
    return generator.map(z, psi=psi, label=one_hot).detach().cpu().float().contiguous()
