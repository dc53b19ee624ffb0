"""What is in a checkpoint that nobody knows, in a sentence for its owner."""

from tugan.generators.formats.checkpoint import RawCheckpoint
from tugan.generators.formats.inert_objects import printable

LAYOUTS = (
    "NVIDIA's PyTorch and TensorFlow pickles; state dicts in NVIDIA's or rosinality's names, by"
    " torch.save or as safetensors; our own folders"
)
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


LATENT_TENSORS = 8
"""A latent's file holds it, and perhaps noise maps or what it was made from."""
_LATENT_WIDTHS = range(32, 4097)


def looks_like_latents(raw: RawCheckpoint) -> bool:
    """Whether this may be a latent of some generator rather than a generator."""
    tensors = list(raw.tensors.values())
    return 0 < len(tensors) <= LATENT_TENSORS and all(
        1 <= tensor.ndim <= 4 and tensor.shape[-1] in _LATENT_WIDTHS and tensor.numel() < 1 << 24
        for tensor in tensors
    )


def way_out(raw: RawCheckpoint) -> str:
    """What the owner of such a file may do."""
    if looks_like_latents(raw):
        return (
            "If it is a latent, give it with --latent, and with --model the model that it belongs"
            " to"
        )
    return (
        "Give the file of a StyleGAN2 or 3: a training snapshot, its G_ema or g_ema, or the"
        " state dict of that one saved by torch.save or as safetensors"
    )
