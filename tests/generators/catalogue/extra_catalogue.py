"""A catalogue file of one model, as an institute would write it."""

from pathlib import Path

TEXT = """
[sources.here]
address = "{address}/"
licence = "Apache-2.0"
terms = "Do with it what you like."
page = "https://example.org/terms"

[[models]]
name = "waves"
source = "here"
file = "file"
draws = "random waves"
width = 128
height = 128
family = "stylegan2"
moves = "Anything, badly."
learning_rate = 2e-3
rows = 5
{more}
"""


def write_catalogue(path: Path, address: str, *, more: str = "") -> Path:
    """With a model ``waves`` at ``ADDRESS/file``; ``more`` are further entries of it."""
    path.write_text(TEXT.format(address=address, more=more), encoding="utf-8")
    return path
