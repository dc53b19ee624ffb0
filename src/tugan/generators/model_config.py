"""The ``config.json`` beside a model's tensors, and the two together."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import cast

from pydantic import BaseModel, ConfigDict, Field, JsonValue
from torch import Tensor

from tugan.generators.protocol import DragHints

FORMAT_VERSION = 1


class About(BaseModel):
    """Who made a model, of what, and under which terms."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    domain: str = "unknown"
    """What it draws."""
    licence: str = "unknown"
    source: str = "unknown"
    notes: str = ""
    """What moves well, and what does not."""


class ModelConfig(BaseModel):
    """All of a model but its tensors."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    format_version: int = Field(default=FORMAT_VERSION, ge=1, le=FORMAT_VERSION)
    family: str
    about: About
    hints: DragHints
    architecture: dict[str, JsonValue]
    """The family's own configuration."""


@dataclass(frozen=True, kw_only=True)
class CanonicalModel:
    """A model in our own form, whatever file it came from.

    ``tensors`` are the network's ``state_dict``, and perhaps the statistics of W under
    :data:`STATISTICS_PREFIX`.
    """

    config: ModelConfig
    tensors: dict[str, Tensor]
    folder: Path | None = None
    """The folder in our form that it was read from."""


STATISTICS_PREFIX = "w_statistics."


def architecture_json(config: object) -> dict[str, JsonValue]:
    """A family's configuration (a dataclass instance) as it stands in ``config.json``."""
    assert not isinstance(config, type)
    # through JSON, so that tuples are lists as they will be in the file
    return cast(dict[str, JsonValue], json.loads(json.dumps(asdict(config))))  # type: ignore[call-overload]
