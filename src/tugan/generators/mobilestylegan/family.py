"""MobileStyleGAN as a generator family."""

from typing import final

import torch

from tugan.generators.assembly import LatentShape, load_tensors, make_info, parse_architecture
from tugan.generators.formats.checkpoint import RawCheckpoint
from tugan.generators.mobilestylegan.config import MobileStyleGanConfig
from tugan.generators.mobilestylegan.network import MobileStyleGan, feature_blocks
from tugan.generators.model_config import CanonicalModel


@final
class MobileStyleGanFamily:
    """Builds :class:`MobileStyleGan`; foreign checkpoints of it are converted by a tool."""

    name = "mobilestylegan"

    def build(self, model: CanonicalModel) -> MobileStyleGan:
        """The network with its tensors."""
        config = parse_architecture(model, MobileStyleGanConfig)
        latent = LatentShape(
            num_ws=config.num_ws, w_dim=config.w_dim, z_dim=config.z_dim, label_dim=0
        )
        info = make_info(
            model,
            size_hw=(config.size_px, config.size_px),
            latent=latent,
            blocks=feature_blocks(config),
        )
        with torch.device("meta"):
            network = MobileStyleGan(config, info)
        load_tensors(network, model)
        return network

    def adopt(self, raw: RawCheckpoint, *, name: str) -> CanonicalModel | None:
        """None: no foreign form of it is read at run time."""
        return None
