"""Which generator a document belongs to."""

from pydantic import BaseModel, ConfigDict, Field


class ModelReference(BaseModel):
    """A name, and what tells it from another model of that name."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name_or_path: str = Field(max_length=4096)
    fingerprint: str = Field(max_length=64)
    """Of its weights, so that another model under the same name is noticed."""
