"""Pictures of latents, drawn once and kept while there is room."""

import threading
from collections import OrderedDict
from collections.abc import Collection
from typing import final

import numpy as np
import torch
from jaxtyping import Float
from PIL import Image
from torch import Tensor

from tugan.core.images import RgbArray, to_rgb_array
from tugan.generators.preview import LARGEST_PX, PreviewHead
from tugan.generators.protocol import Noise, Ws, synthesize
from tugan.inversion.monochrome import Tone
from tugan.session.document import Document, PictureKey
from tugan.session.model_store import LoadedModel

HISTORY_PX = 128
GALLERY_PX = 160
PHOTO_PX = 1024
"""Longer side of whole photographs as they are shown."""


@final
class PictureCache:
    """Finished pictures up to a number of bytes, and small ones of those that the history needs."""

    def __init__(self, limit_bytes: int) -> None:
        """Empty; a single picture is kept even if it is larger."""
        self._limit = limit_bytes
        self._pictures: OrderedDict[PictureKey, RgbArray] = OrderedDict()
        self._small: dict[PictureKey, RgbArray] = {}
        self._lock = threading.Lock()

    @property
    def nbytes(self) -> int:
        """Of all pictures."""
        with self._lock:
            return sum(one.nbytes for one in (*self._pictures.values(), *self._small.values()))

    def get(self, key: PictureKey) -> RgbArray | None:
        """A finished picture, if it is still here."""
        with self._lock:
            found = self._pictures.get(key)
            if found is not None:
                self._pictures.move_to_end(key)
            return found

    def put(self, key: PictureKey, pixels: RgbArray) -> None:
        """Keep a finished picture, and let the oldest go."""
        pixels.flags.writeable = False
        with self._lock:
            self._pictures[key] = pixels
            self._pictures.move_to_end(key)
            while len(self._pictures) > 1 and self._bytes() > self._limit:
                self._pictures.popitem(last=False)

    def small(self, key: PictureKey) -> RgbArray | None:
        """A small picture, if there is one."""
        with self._lock:
            return self._small.get(key)

    def put_small(self, key: PictureKey, pixels: RgbArray) -> None:
        """Keep a small picture."""
        with self._lock:
            self._small[key] = pixels

    def keep_small(self, keys: Collection[PictureKey]) -> None:
        """Let all small pictures but these go."""
        with self._lock:
            self._small = {key: one for key, one in self._small.items() if key in keys}

    def _bytes(self) -> int:
        return sum(one.nbytes for one in self._pictures.values())


def draw(model: LoadedModel, ws: Ws, *, noise: Noise, noise_seed: int) -> RgbArray:
    """The whole picture of a latent; always in one go: a machine draws the same bits again."""
    on_device = ws.to(model.generator.device)
    image = synthesize(model.generator, on_device, noise=noise, noise_seed=noise_seed)
    return toned(to_rgb_array(image), model.tone)


def toned(pixels: RgbArray, tone: Tone | None) -> RgbArray:
    """As it is shown: a black-and-white photograph's face in black and white."""
    return pixels if tone is None else tone.of_pixels(pixels)


def picture_of(cache: PictureCache, model: LoadedModel, document: Document, ws: Ws) -> RgbArray:
    """The same, drawn only if it is not kept; ``ws`` is one of the document's latents."""
    key = document.key_of(ws)
    found = cache.get(key)
    if found is None:
        start = document.start
        found = draw(model, ws, noise=start.noise, noise_seed=start.noise_seed)
        cache.put(key, found)
    return found


@torch.no_grad()
def quick_picture(model: LoadedModel, document: Document, ws: Ws, *, side_px: int) -> RgbArray:
    """A small likeness, by the preview head where there is one."""
    head, start, generator = model.head, document.start, model.generator
    on_device = ws.to(generator.device)
    if head is None:
        whole = draw(model, ws, noise=start.noise, noise_seed=start.noise_seed)
        return shrunk(whole, side_px=side_px)
    begun = generator.begin(on_device, noise=start.noise, noise_seed=start.noise_seed)
    features = generator.advance(begun, until_px=head.until_px).features
    return toned(shrunk(to_rgb_array(head.render(features)), side_px=side_px), model.tone)


@torch.no_grad()
def adapted_head(model: LoadedModel, document: Document, picture: RgbArray) -> PreviewHead | None:
    """The model's preview head bent toward this document's picture."""
    head, start, generator = model.head, document.start, model.generator
    if head is None:
        return None
    on_device = document.ws.to(generator.device)
    begun = generator.begin(on_device, noise=start.noise, noise_seed=start.noise_seed)
    features = generator.advance(begun, until_px=head.until_px).features
    return head.adapted(features, as_image(picture).to(generator.device))


def as_image(pixels: RgbArray) -> Float[Tensor, "1 3 h w"]:
    """Inverse of :func:`tugan.to_rgb_array`, to 8 bits."""
    channels_first = np.ascontiguousarray(pixels.transpose(2, 0, 1))[None]
    return torch.from_numpy(channels_first).float() / 127.5 - 1


def shrunk(pixels: RgbArray, *, side_px: int = LARGEST_PX) -> RgbArray:
    """The same picture with this longer side, if it is larger."""
    height, width = pixels.shape[:2]
    scale = side_px / max(height, width)
    if scale >= 1:
        return pixels
    size = (max(round(width * scale), 1), max(round(height * scale), 1))
    return np.asarray(Image.fromarray(pixels).resize(size, Image.Resampling.BOX, reducing_gap=2.0))
