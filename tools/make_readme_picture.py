"""Make docs/images/drag.jpg, the README's picture, with the default model and the solver adam.

python tools/make_readme_picture.py docs/images/drag.jpg
"""

import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from PIL import Image

import tugan
from tugan.core.images import RgbArray
from tugan.render.image_file import write_image
from tugan.render.overlays import draw_drag

PANEL_PX = 400


@dataclass(frozen=True, kw_only=True)
class Example:
    """A picture and what is done to it."""

    seed: int
    start_xy: tuple[float, float]
    goal_xy: tuple[float, float]


EXAMPLES = (
    Example(seed=14, start_xy=(608, 762), goal_xy=(636, 722)),
    Example(seed=20, start_xy=(512, 650), goal_xy=(590, 650)),
)


def panels(generator: tugan.Generator, example: Example) -> list[RgbArray]:
    """Before, with the points drawn in; after."""
    problem = tugan.DragProblem(
        generator=generator,
        ws=generator.map(tugan.sample_z(example.seed, z_dim=generator.info.z_dim)),
        handles_xy=torch.tensor([example.start_xy]),
        targets_xy=torch.tensor([example.goal_xy]),
    )
    pictures = []
    adam = tugan.Adam(settings=tugan.DragSettings.for_generator(generator.info))
    for step in tugan.drag(problem, solver=adam):
        if step.index == 0:
            before = tugan.to_rgb_array(step.image())
            pictures.append(
                draw_drag(before, handles_xy=step.handles_xy, targets_xy=step.targets_xy)
            )
    assert step.outcome is not None
    print(f"seed {example.seed}: {step.outcome.sentence}")
    pictures.append(tugan.to_rgb_array(step.image()))
    return pictures


def main() -> None:
    """All panels side by side."""
    generator = tugan.load_generator(device="cpu")
    shown = [picture for example in EXAMPLES for picture in panels(generator, example)]
    size = (PANEL_PX, PANEL_PX)
    small = [Image.fromarray(one).resize(size, Image.Resampling.LANCZOS) for one in shown]
    write_image(Path(sys.argv[1]), np.concatenate([np.asarray(one) for one in small], axis=1))


if __name__ == "__main__":
    main()
