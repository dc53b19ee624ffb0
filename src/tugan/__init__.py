"""tugan: drag points of a generated photograph to where they should be.

>>> import torch, tugan
>>> generator = tugan.load_generator("faces-1024")
>>> ws = generator.map(tugan.sample_z(0, z_dim=512))
>>> problem = tugan.DragProblem(
...     generator=generator, ws=ws,
...     handles_xy=torch.tensor([[640.0, 740.0]]), targets_xy=torch.tensor([[664.0, 710.0]]),
... )
>>> for step in tugan.drag(problem):
...     print(step.index, step.farthest_px)

Importing it is cheap: torch is loaded with the first name that needs it.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tugan.core.errors import TuganError as TuganError
    from tugan.core.images import to_rgb_array as to_rgb_array
    from tugan.core.outcome import Outcome as Outcome
    from tugan.dragging.live import LiveDrag as LiveDrag
    from tugan.dragging.problem import DragProblem as DragProblem
    from tugan.dragging.settings import DragSettings as DragSettings
    from tugan.dragging.solve import drag as drag
    from tugan.dragging.solvers.adam import Adam as Adam
    from tugan.dragging.solvers.newton import Newton as Newton
    from tugan.dragging.solvers.newton_settings import NewtonSettings as NewtonSettings
    from tugan.dragging.step import DragStep as DragStep
    from tugan.generators.loading import load_generator as load_generator
    from tugan.generators.preview_store import preview_head_of as preview_head_of
    from tugan.generators.protocol import Generator as Generator
    from tugan.generators.protocol import sample_z as sample_z
    from tugan.generators.protocol import synthesize as synthesize
    from tugan.generators.saving import save_pretrained as save_pretrained

__version__ = "0.1.0"

_HOMES = {
    "Adam": "tugan.dragging.solvers.adam",
    "DragProblem": "tugan.dragging.problem",
    "DragSettings": "tugan.dragging.settings",
    "DragStep": "tugan.dragging.step",
    "Generator": "tugan.generators.protocol",
    "LiveDrag": "tugan.dragging.live",
    "Newton": "tugan.dragging.solvers.newton",
    "NewtonSettings": "tugan.dragging.solvers.newton_settings",
    "Outcome": "tugan.core.outcome",
    "TuganError": "tugan.core.errors",
    "drag": "tugan.dragging.solve",
    "load_generator": "tugan.generators.loading",
    "preview_head_of": "tugan.generators.preview_store",
    "sample_z": "tugan.generators.protocol",
    "save_pretrained": "tugan.generators.saving",
    "synthesize": "tugan.generators.protocol",
    "to_rgb_array": "tugan.core.images",
}

__all__ = [*sorted(_HOMES), "__version__"]


def __getattr__(name: str) -> object:
    if name in _HOMES:
        return getattr(import_module(_HOMES[name]), name)
    raise AttributeError(f"module 'tugan' has no attribute {name!r}")


def __dir__() -> list[str]:
    return __all__
