"""Mean and covariance of W, estimated from mapped samples."""

from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch.nn import functional as F

from tugan.core.atomic_write import atomic_path
from tugan.core.cache_folder import cache_folder
from tugan.core.errors import CheckpointError, OutputError
from tugan.core.grad_mode import in_ordinary_mode
from tugan.core.tensor_file import save_tensors
from tugan.generators.protocol import Generator, PretrainedGenerator, WStatistics
from tugan.generators.saving import fingerprint

SAMPLES = 20_000
_RIDGE = 1e-6
_AT_ONCE = 2000


@in_ordinary_mode
def w_statistics_of(generator: Generator) -> WStatistics:
    """Those that came with the model, or else estimated once and kept in the cache folder.

    Conditional generators: over all classes alike.
    """
    if generator.info.w_statistics is not None:
        return generator.info.w_statistics
    path = None
    if isinstance(generator, PretrainedGenerator):
        path = _place(fingerprint(generator))
    if path is not None:
        kept = _read(path, w_dim=generator.info.w_dim)
        if kept is not None:
            return kept
    found = estimate_w_statistics(generator, any_label=True)
    if path is not None:
        _keep(path, found)
    return found


def estimate_w_statistics(
    generator: Generator, *, samples: int = SAMPLES, any_label: bool = False
) -> WStatistics:
    """Moments of W over ``samples`` draws of z (seed 0), without truncation.

    A small ridge keeps the factor invertible where the mapping leaves directions unused.
    ``ValueError`` for conditional generators, whose W depends on the label, unless ``any_label``
    takes all classes alike; :class:`CheckpointError` if W is not finite.
    """
    classes = generator.info.label_dim
    if classes and not any_label:
        raise ValueError("W of a conditional generator depends on the label")
    rng = torch.Generator().manual_seed(0)
    z = torch.randn(samples, generator.info.z_dim, generator=rng).to(generator.device)
    labels = None
    if classes:
        labels = F.one_hot(torch.arange(samples) % classes, classes).float().to(generator.device)
    with torch.no_grad():
        w = (
            torch.cat(
                [
                    generator.map(
                        z[start : start + _AT_ONCE],
                        psi=1.0,
                        label=None if labels is None else labels[start : start + _AT_ONCE],
                    )[:, 0]
                    for start in range(0, samples, _AT_ONCE)
                ]
            )
            .cpu()
            .double()
        )
    mean = w.mean(dim=0)
    covariance = (w - mean).T @ (w - mean) / (samples - 1)
    if not bool(torch.isfinite(covariance).all()):
        raise CheckpointError(
            f"W of {generator.info.name} has values that are NaN or infinite: its mapping network"
            " is damaged"
        )
    covariance += _RIDGE * covariance.diagonal().mean() * torch.eye(len(mean)).to(covariance)
    factor = torch.linalg.cholesky(covariance)
    return WStatistics(mean=mean.float().cpu(), covariance_factor=factor.float().cpu().contiguous())


def _place(whose: str) -> Path | None:
    """None where there is no home for a cache."""
    try:
        return cache_folder() / "w-statistics" / f"{whose}.safetensors"
    except OutputError:
        return None


def _read(path: Path, *, w_dim: int) -> WStatistics | None:
    """None if there is no such file, or it is damaged."""
    try:
        tensors = load_file(path) if path.is_file() else {}
    except (SafetensorError, OSError):
        return None
    mean, factor = tensors.get("mean"), tensors.get("covariance_factor")
    if mean is None or factor is None:
        return None
    if mean.shape != (w_dim,) or factor.shape != (w_dim, w_dim):
        return None
    mean, factor = mean.float(), factor.float()
    if not bool(torch.isfinite(mean).all() and torch.isfinite(factor).all()):
        return None
    return WStatistics(mean=mean, covariance_factor=factor)


def _keep(path: Path, statistics: WStatistics) -> None:
    """Where the cache cannot be written, the next drag estimates anew."""
    tensors = {"mean": statistics.mean, "covariance_factor": statistics.covariance_factor}
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with atomic_path(path) as temporary:
            save_tensors(tensors, temporary, metadata={"format": "pt"})
    except (OSError, OutputError):
        return
