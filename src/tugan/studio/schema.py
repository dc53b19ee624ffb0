"""JSON Schema of the wire, from which the page's TypeScript types are made.

``python -m tugan.studio.schema [FILE]`` writes it; ``npm run messages`` in ``web/`` does that and
makes the types.
"""

import json
import sys
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter

from tugan.core.atomic_write import atomic_path
from tugan.studio.frames import FrameKind
from tugan.studio.messages import ClientMessage, ServerMessage


def wire_schema() -> dict[str, Any]:
    """One schema with ``ClientMessage``, ``ServerMessage`` and ``FrameKind``."""
    (references, shared) = TypeAdapter.json_schemas(
        [
            ("client", "validation", TypeAdapter(ClientMessage)),
            ("server", "serialization", TypeAdapter(ServerMessage)),
        ],
        ref_template="#/definitions/{model}",
    )
    definitions = dict(shared.get("$defs", {}))
    for definition in definitions.values():
        _tell_kinds_apart(definition)
    definitions["ClientMessage"] = references["client", "validation"]
    definitions["ServerMessage"] = references["server", "serialization"]
    definitions["FrameKind"] = {
        "enum": [kind.value for kind in FrameKind],
        "tsEnumNames": [kind.name for kind in FrameKind],
    }
    return {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": "Wire",
        "type": "object",
        "additionalProperties": False,
        "required": ["client", "server", "frame"],
        "properties": {
            "client": {"$ref": "#/definitions/ClientMessage"},
            "server": {"$ref": "#/definitions/ServerMessage"},
            "frame": {"$ref": "#/definitions/FrameKind"},
        },
        "definitions": definitions,
    }


def _tell_kinds_apart(definition: dict[str, Any]) -> None:
    """The discriminator is always there; titles of properties would each become a type."""
    properties = definition.get("properties", {})
    for one in properties.values():
        one.pop("title", None)
    if "type" in properties and "type" not in definition.setdefault("required", []):
        definition["required"].append("type")


def main() -> None:
    """Write to the file that is named, or to stdout."""
    text = json.dumps(wire_schema(), indent=2, sort_keys=True) + "\n"
    if len(sys.argv) < 2:
        sys.stdout.write(text)
        return
    with atomic_path(Path(sys.argv[1])) as temporary:
        temporary.write_text(text)


if __name__ == "__main__":
    main()
