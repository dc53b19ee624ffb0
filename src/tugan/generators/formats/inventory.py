"""What is in a checkpoint that nobody knows, in a sentence for its owner."""

from tugan.generators.formats.checkpoint import RawCheckpoint
from tugan.generators.formats.inert_objects import printable

LAYOUTS = "NVIDIA's PyTorch and TensorFlow pickles, state dicts, rosinality's .pt, our own folders"
"""The layouts that are tried, whatever the file's name."""
_SHOWN = 6


def inventory(raw: RawCheckpoint) -> str:
    """Top-level keys, some tensors with their shapes, and the layouts that were tried."""
    tops = dict.fromkeys(name.partition(".")[0] for name in (*raw.tensors, *raw.attributes))
    shown = [
        f"{printable(name)} {list(tensor.shape)}"
        for name, tensor in sorted(raw.tensors.items())[:_SHOWN]
    ]
    return (
        f"at its top: {_listed([printable(top) for top in tops])}; "
        f"{len(raw.tensors)} tensors: {_listed(shown, of=len(raw.tensors))}; "
        f"layouts tried: {LAYOUTS}"
    )


def _listed(names: list[str], *, of: int | None = None) -> str:
    rest = " ..." if (of or len(names)) > _SHOWN else ""
    return (", ".join(names[:_SHOWN]) or "nothing") + rest
