"""The family: what tugan asks for networks. ``pyproject.toml`` names :data:`weave_family`."""

from typing import final

import torch

from tugan.generators.assembly import LatentShape, load_tensors, make_info, parse_architecture
from tugan.generators.formats.checkpoint import RawCheckpoint
from tugan.generators.model_config import CanonicalModel
from tugan_weave.config import WeaveConfig
from tugan_weave.network import Weave, feature_blocks


@final
class WeaveFamily:
    """Builds :class:`Weave`."""

    name = "weave"

    def build(self, model: CanonicalModel) -> Weave:
        """The network with its tensors; ``CheckpointError`` if they do not fit."""
        config = parse_architecture(model, WeaveConfig)
        latent = LatentShape(
            num_ws=config.num_ws, w_dim=config.w_dim, z_dim=config.w_dim, label_dim=0
        )
        info = make_info(
            model,
            size_hw=(config.size_px, config.size_px),
            latent=latent,
            blocks=feature_blocks(config),
        )
        with torch.device("meta"):
            network = Weave(config, info)
        load_tensors(network, model)
        return network

    def adopt(self, raw: RawCheckpoint, *, name: str) -> CanonicalModel | None:
        """None: there are no foreign files of it.

        A family with files of its own looks at ``raw.tensors`` here, and gives them back under the
        names of its network.
        """
        return None


weave_family = WeaveFamily()
