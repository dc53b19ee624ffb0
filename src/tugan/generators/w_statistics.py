"""Mean and covariance of W, estimated from mapped samples."""

import torch

from tugan.core.errors import CheckpointError
from tugan.generators.protocol import Generator, WStatistics

SAMPLES = 20_000
_RIDGE = 1e-6


def estimate_w_statistics(generator: Generator, *, samples: int = SAMPLES) -> WStatistics:
    """Moments of W over ``samples`` draws of z (seed 0), without truncation.

    A small ridge keeps the factor invertible where the mapping leaves directions unused.
    ``ValueError`` for conditional generators, whose W depends on the label;
    :class:`CheckpointError` if W is not finite.
    """
    if generator.info.label_dim:
        raise ValueError("W of a conditional generator depends on the label")
    rng = torch.Generator().manual_seed(0)
    z = torch.randn(samples, generator.info.z_dim, generator=rng)
    with torch.no_grad():
        w = torch.cat([generator.map(part, psi=1.0)[:, 0] for part in z.split(2000)]).cpu().double()
    mean = w.mean(dim=0)
    covariance = (w - mean).T @ (w - mean) / (samples - 1)
    if not bool(torch.isfinite(covariance).all()):
        raise CheckpointError(
            f"W of {generator.info.name} has values that are NaN or infinite: its mapping network"
            " is damaged"
        )
    covariance += _RIDGE * covariance.diagonal().mean() * torch.eye(len(mean)).to(covariance)
    factor = torch.linalg.cholesky(covariance)
    return WStatistics(mean=mean.float().cpu(), covariance_factor=factor.float().cpu())
