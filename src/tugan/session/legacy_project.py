"""Projects of the formats 1 and 2: one drag as safetensors with a JSON header."""

import json

import torch
from pydantic import ValidationError
from torch import Tensor

from tugan.core.json_size import check_json_size
from tugan.core.point_limit import check_point_count
from tugan.core.tensor_file import TensorFileError, load_tensors, metadata_of
from tugan.dragging.methods import SOLVERS
from tugan.session.project import Project, ProjectHeader
from tugan.session.project_errors import ProjectFileError, damaged

LAST_VERSION = 2
MAX_BYTES = 64 << 20
"""A mask of 16 megapixels is the largest that there can be in one."""
_HEADER = "tugan_project"
_MAX_PARTS = 2000


def read_legacy(content: bytes, *, name: str) -> Project:
    """The drag; :class:`ProjectFileError` says what is wrong with the file."""
    try:
        metadata = metadata_of(content)
        if _HEADER not in metadata:
            raise ProjectFileError(f"{name} holds tensors but no tugan project")
        tensors = load_tensors(content)
    except TensorFileError as error:
        raise ProjectFileError(f"{name} is not a tugan project: {error}") from error
    try:
        header = ProjectHeader.model_validate_json(_without_version(metadata[_HEADER]))
        return _assemble(header, tensors)
    except ValidationError as error:
        raise damaged(name, error, hidden=tuple(SOLVERS)) from error
    except (ValueError, RecursionError) as error:
        raise ProjectFileError(f"{name} is damaged: {error}") from error
    except KeyError as error:
        raise ProjectFileError(f"{name} is damaged: it lacks {error.args[0]}") from error


def _without_version(text: str) -> str:
    """The header as it is known now; ``ValueError`` for a version that never was."""
    check_json_size(text.encode(), most_parts=_MAX_PARTS)
    header = json.loads(text)
    if not isinstance(header, dict):
        return text
    version = header.pop("format_version", LAST_VERSION)
    if not isinstance(version, int) or not 1 <= version <= LAST_VERSION:
        raise ValueError(
            f"format_version is {version!r:.40}: files of this kind are of version 1 or 2"
        )
    return json.dumps(header)


def _assemble(header: ProjectHeader, tensors: dict[str, Tensor]) -> Project:
    _check_shapes(tensors)
    floats = {name: tensor.to(torch.float32) for name, tensor in tensors.items()}
    return Project(
        header=header,
        ws=floats["ws"],
        handles_xy=floats["handles_xy"],
        targets_xy=floats["targets_xy"],
        mask=floats.get("mask"),
        result_ws=floats["result_ws"],
        result_handles_xy=floats["result_handles_xy"],
    )


def _check_shapes(tensors: dict[str, Tensor]) -> None:
    """``ValueError`` names a tensor that is not what its name says."""
    for name, tensor in tensors.items():
        if tensor.is_complex() or tensor.dtype == torch.bool:
            raise ValueError(f"{name} is of {tensor.dtype}, expected real numbers")
    ws, handles = tensors["ws"], tensors["handles_xy"]
    if ws.ndim != 3 or len(ws) != 1:
        raise ValueError(f"ws is {tuple(ws.shape)}, expected (1, rows, width)")
    if handles.ndim != 2 or handles.shape[1] != 2:
        raise ValueError(f"handles_xy is {tuple(handles.shape)}, expected (points, 2)")
    check_point_count(len(handles))
    for name, like in (
        ("result_ws", "ws"),
        ("targets_xy", "handles_xy"),
        ("result_handles_xy", "handles_xy"),
    ):
        found, expected = tuple(tensors[name].shape), tuple(tensors[like].shape)
        if found != expected:
            raise ValueError(f"{name} is {found}, but {like} is {expected}")
    if "mask" in tensors and tensors["mask"].ndim != 2:
        raise ValueError(f"mask is {tuple(tensors['mask'].shape)}, expected (height, width)")
