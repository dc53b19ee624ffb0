"""Text that people hand in: in UTF-8, with or without a mark, and of a size that text has."""

import codecs
import json
from typing import Any

from tugan.core.errors import TuganError

# the longer marks first: UTF-32's begins as UTF-16's does
_OTHER_MARKS = {
    codecs.BOM_UTF32_LE: "UTF-32",
    codecs.BOM_UTF32_BE: "UTF-32",
    codecs.BOM_UTF16_LE: "UTF-16",
    codecs.BOM_UTF16_BE: "UTF-16",
}


class TextFileError(TuganError):
    """A file that is not the text it should be; the message begins with what it is."""


def decoded_text(content: bytes) -> str:
    """The text, without its mark; :class:`TextFileError` says how to save what is not UTF-8."""
    for mark, name in _OTHER_MARKS.items():
        if content.startswith(mark):
            raise TextFileError(f"it is text in {name}: save it as UTF-8")
    if b"\0" in content:
        raise TextFileError("it is text in UTF-16 or UTF-32, or no text at all: save it as UTF-8")
    try:
        return content.removeprefix(codecs.BOM_UTF8).decode("utf-8")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise TextFileError(
            f"it is not text in UTF-8 (line {line} has the byte {content[error.start]:#04x}): save"
            " it as UTF-8"
        ) from error


def parsed_json(content: bytes) -> Any:  # noqa: ANN401 (whatever JSON can hold)
    """What a JSON file holds; :class:`TextFileError` for other text, and for a key given twice."""
    text = decoded_text(content)
    if not text.strip():
        raise TextFileError("it is empty")
    try:
        return json.loads(text, object_pairs_hook=_without_doubles)
    except TextFileError:
        raise
    except (ValueError, RecursionError) as error:
        raise TextFileError(f"it is not JSON: {error}") from error


def _without_doubles(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in pairs:
        if key in found:
            raise TextFileError(f"it gives {key!r} twice in one object: leave one of them out")
        found[key] = value
    return found
