"""A model with random weights."""

import torch

from tugan.generators.model_config import About, CanonicalModel, ModelConfig, architecture_json
from tugan.generators.protocol import DragHints
from tugan_weave.config import WeaveConfig
from tugan_weave.family import weave_family
from tugan_weave.network import Weave


def random_weave(seed: int = 0, config: WeaveConfig | None = None) -> Weave:
    """Wavelengths from 26 to 52 px, so that no two places look alike."""
    config = config or WeaveConfig()
    rng = torch.Generator().manual_seed(seed)
    tensors = {
        "mapping.weight": torch.eye(config.w_dim),
        "mapping.bias": torch.zeros(config.w_dim),
        "wavelengths_px": 26 + 26 * torch.rand(config.bands, generator=rng),
        "colours": torch.randn(3, config.bands, generator=rng) / 3,
        "px_per_unit": torch.tensor(12.0),
    }
    model_config = ModelConfig(
        family=weave_family.name,
        about=About(
            name=f"weave-{seed}",
            domain="woven bands",
            licence="Apache-2.0",
            source="random weights of the example tugan-weave",
            notes="The whole cloth moves at once.",
        ),
        hints=DragHints(
            feature_px=config.size_px // 2,
            latent="w",
            rows=config.num_ws,
            whitened=False,
            learning_rate=2e-2,
        ),
        architecture=architecture_json(config),
    )
    return weave_family.build(CanonicalModel(config=model_config, tensors=tensors))
