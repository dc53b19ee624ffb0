"""StyleGAN3 as a generator family."""

from typing import final

import torch

from tugan.generators.assembly import LatentShape, load_tensors, make_info, parse_architecture
from tugan.generators.formats.checkpoint import RawCheckpoint
from tugan.generators.model_config import CanonicalModel
from tugan.generators.stylegan3.config import StyleGan3Config
from tugan.generators.stylegan3.network import StyleGan3, feature_blocks
from tugan.generators.stylegan3.nvidia import adopt_nvidia


@final
class StyleGan3Family:
    """Builds :class:`StyleGan3`; adopts NVIDIA's pickles of configurations t and r."""

    name = "stylegan3"

    def build(self, model: CanonicalModel) -> StyleGan3:
        """The network with its tensors."""
        config = parse_architecture(model, StyleGan3Config)
        latent = LatentShape(
            num_ws=config.num_ws,
            w_dim=config.w_dim,
            z_dim=config.z_dim,
            label_dim=config.label_dim,
        )
        info = make_info(
            model,
            size_hw=(config.size_px, config.size_px),
            latent=latent,
            blocks=feature_blocks(config),
        )
        with torch.device("meta"):
            network = StyleGan3(config, info)
        load_tensors(network, model)
        return network

    def adopt(self, raw: RawCheckpoint, *, name: str) -> CanonicalModel | None:
        """The model in an NVIDIA pickle, or in a state dict whatever it is in; or None."""
        known = raw.format != "tensorflow-pickle"
        return adopt_nvidia(raw, name=name) if known else None
