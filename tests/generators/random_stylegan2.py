"""StyleGAN2s of any shape, with seeded random weights."""

import torch

from tugan.generators.loading import build
from tugan.generators.model_config import About, CanonicalModel, ModelConfig, architecture_json
from tugan.generators.protocol import DragHints
from tugan.generators.stylegan2.config import StyleGan2Config
from tugan.generators.stylegan2.network import StyleGan2
from tugan.generators.toy import ToyGenerator


def random_network(
    const_hw: tuple[int, int],
    *,
    blocks: int = 6,
    domain: str = "noise",
    conv_clamp: float | None = None,
) -> StyleGan2:
    """Of so many blocks, with a constant of this size."""
    config = StyleGan2Config(
        channels=(6,) * blocks,
        const_hw=const_hw,
        z_dim=8,
        w_dim=8,
        mapping_widths=(8,),
        conv_clamp=conv_clamp,
    )
    hints = DragHints(feature_px=32, latent="w+", rows=4, whitened=False, learning_rate=1e-3)
    model_config = ModelConfig(
        family="stylegan2",
        about=About(name="random", domain=domain),
        hints=hints,
        architecture=architecture_json(config),
    )
    with torch.device("meta"):
        shapes = StyleGan2(config, ToyGenerator().info).state_dict()
    rng = torch.Generator().manual_seed(0)
    tensors = {name: 0.5 * torch.randn(t.shape, generator=rng) for name, t in shapes.items()}
    network = build(CanonicalModel(config=model_config, tensors=tensors))
    assert isinstance(network, StyleGan2)
    return network
