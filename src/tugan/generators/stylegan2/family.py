"""StyleGAN2 as a generator family."""

from typing import final

import torch

from tugan.generators.assembly import LatentShape, load_tensors, make_info, parse_architecture
from tugan.generators.formats.checkpoint import RawCheckpoint
from tugan.generators.model_config import CanonicalModel
from tugan.generators.stylegan2.config import StyleGan2Config
from tugan.generators.stylegan2.network import StyleGan2, feature_blocks
from tugan.generators.stylegan2.nvidia import adopt_nvidia
from tugan.generators.stylegan2.rosinality import adopt_rosinality
from tugan.generators.stylegan2.tensorflow import adopt_tensorflow


@final
class StyleGan2Family:
    """Builds :class:`StyleGan2`; adopts NVIDIA's and rosinality's files, whatever they are in."""

    name = "stylegan2"

    def build(self, model: CanonicalModel) -> StyleGan2:
        """The network with its tensors."""
        config = parse_architecture(model, StyleGan2Config)
        latent = LatentShape(
            num_ws=config.num_ws,
            w_dim=config.w_dim,
            z_dim=config.z_dim,
            label_dim=config.label_dim,
        )
        info = make_info(
            model,
            size_hw=config.size_hw(len(config.channels) - 1),
            latent=latent,
            blocks=feature_blocks(config),
        )
        with torch.device("meta"):
            network = StyleGan2(config, info)
        load_tensors(network, model)
        return network

    def adopt(self, raw: RawCheckpoint, *, name: str) -> CanonicalModel | None:
        """The model in a foreign file of any layout, or None if it is no StyleGAN2."""
        if raw.format == "tensorflow-pickle":
            return adopt_tensorflow(raw, name=name)
        return adopt_nvidia(raw, name=name) or adopt_rosinality(raw, name=name)
