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
    from tugan.generators.hub import from_pretrained as from_pretrained
    from tugan.generators.hub import push_to_hub as push_to_hub
    from tugan.generators.latent_file import load_latent as load_latent
    from tugan.generators.loading import load_generator as load_generator
    from tugan.generators.preview_store import preview_head_of as preview_head_of
    from tugan.generators.protocol import Generator as Generator
    from tugan.generators.protocol import sample_z as sample_z
    from tugan.generators.protocol import synthesize as synthesize
    from tugan.generators.saving import save_pretrained as save_pretrained
    from tugan.inversion.align import Alignment as Alignment
    from tugan.inversion.align import find_faces as find_faces
    from tugan.inversion.align import manual_crop as manual_crop
    from tugan.inversion.invert import invert as invert
    from tugan.inversion.photo_edit import PhotoEdit as PhotoEdit
    from tugan.inversion.photo_edit import PhotoSource as PhotoSource
    from tugan.inversion.photo_edit_file import load_photo_edit as load_photo_edit
    from tugan.inversion.photo_edit_file import save_photo_edit as save_photo_edit
    from tugan.inversion.portrait import FaceTools as FaceTools
    from tugan.inversion.portrait import PhotoStep as PhotoStep
    from tugan.inversion.portrait import begin_photo as begin_photo
    from tugan.inversion.portrait import edited_photo as edited_photo
    from tugan.inversion.portrait import generator_of as generator_of
    from tugan.inversion.portrait import invert_photo as invert_photo
    from tugan.inversion.portrait import more_tuning as more_tuning
    from tugan.inversion.settings import InversionSettings as InversionSettings
    from tugan.inversion.settings import TuningSettings as TuningSettings
    from tugan.inversion.target import InversionTarget as InversionTarget
    from tugan.inversion.target import prepare_target as prepare_target
    from tugan.inversion.tuning import tune as tune
    from tugan.perceptual.dlib_faces import DlibFaces as DlibFaces
    from tugan.perceptual.faces import Face as Face
    from tugan.perceptual.identity import IdentityModel as IdentityModel
    from tugan.render.photo_file import read_photo as read_photo
    from tugan.render.photo_file import write_photo as write_photo

__version__ = "0.1.0"

_HOMES = {
    "Adam": "tugan.dragging.solvers.adam",
    "Alignment": "tugan.inversion.align",
    "DlibFaces": "tugan.perceptual.dlib_faces",
    "DragProblem": "tugan.dragging.problem",
    "DragSettings": "tugan.dragging.settings",
    "DragStep": "tugan.dragging.step",
    "Face": "tugan.perceptual.faces",
    "FaceTools": "tugan.inversion.portrait",
    "Generator": "tugan.generators.protocol",
    "IdentityModel": "tugan.perceptual.identity",
    "InversionSettings": "tugan.inversion.settings",
    "InversionTarget": "tugan.inversion.target",
    "LiveDrag": "tugan.dragging.live",
    "Newton": "tugan.dragging.solvers.newton",
    "NewtonSettings": "tugan.dragging.solvers.newton_settings",
    "Outcome": "tugan.core.outcome",
    "PhotoEdit": "tugan.inversion.photo_edit",
    "PhotoSource": "tugan.inversion.photo_edit",
    "PhotoStep": "tugan.inversion.portrait",
    "TuganError": "tugan.core.errors",
    "TuningSettings": "tugan.inversion.settings",
    "begin_photo": "tugan.inversion.portrait",
    "drag": "tugan.dragging.solve",
    "edited_photo": "tugan.inversion.portrait",
    "find_faces": "tugan.inversion.align",
    "from_pretrained": "tugan.generators.hub",
    "generator_of": "tugan.inversion.portrait",
    "invert": "tugan.inversion.invert",
    "invert_photo": "tugan.inversion.portrait",
    "load_generator": "tugan.generators.loading",
    "load_latent": "tugan.generators.latent_file",
    "load_photo_edit": "tugan.inversion.photo_edit_file",
    "manual_crop": "tugan.inversion.align",
    "more_tuning": "tugan.inversion.portrait",
    "prepare_target": "tugan.inversion.target",
    "preview_head_of": "tugan.generators.preview_store",
    "push_to_hub": "tugan.generators.hub",
    "read_photo": "tugan.render.photo_file",
    "sample_z": "tugan.generators.protocol",
    "save_photo_edit": "tugan.inversion.photo_edit_file",
    "save_pretrained": "tugan.generators.saving",
    "synthesize": "tugan.generators.protocol",
    "to_rgb_array": "tugan.core.images",
    "tune": "tugan.inversion.tuning",
    "write_photo": "tugan.render.photo_file",
}

__all__ = [*sorted(_HOMES), "__version__"]


def __getattr__(name: str) -> object:
    if name in _HOMES:
        return getattr(import_module(_HOMES[name]), name)
    raise AttributeError(f"module 'tugan' has no attribute {name!r}")


def __dir__() -> list[str]:
    return __all__
