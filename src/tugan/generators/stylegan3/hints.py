"""Where to drag on a StyleGAN3 that nobody has tried yet."""

from tugan.generators.protocol import DragHints
from tugan.generators.stylegan3.config import StyleGan3Config
from tugan.generators.stylegan3.sampling import last_layers, signals

FEATURE_PX = 128
"""Features of this size at most: those of the paper's drags (Pan et al. 2023)."""


def hints_for(config: StyleGan3Config) -> DragHints:
    """Features of a quarter of the picture's side, and every row that has a say in them."""
    found = signals(config)
    wanted_px = min(FEATURE_PX, config.size_px // 4)
    fitting = [index for index in last_layers(found) if found[index].rate <= wanted_px]
    last = max(fitting) if fitting else last_layers(found)[0]
    return DragHints(
        feature_px=found[last].rate,
        latent="w+",
        # the first row is the input's
        rows=last + 2,
        whitened=False,
        learning_rate=1e-3,
    )
