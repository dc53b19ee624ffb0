"""Pictures of high dynamic range (ITU-R BT.2100) as sRGB, by a formula that is stated."""

import numpy as np
import numpy.typing as npt

from tugan.core.images import RgbArray
from tugan.render.cicp import HLG, PQ, CodePoints
from tugan.render.icc_profiles import to_srgb

WHITE_CD_M2 = 203.0
"""Of a white sheet (BT.2408): that is 1 in what follows."""
KNEE = 0.75
"""Light up to this share of white stays; what is brighter nears 1 exponentially."""
_HLG_PEAK_CD_M2, _HLG_GAMMA = 1000.0, 1.2
_ROWS = 256
_BRIGHTNESS = np.array([0.2627, 0.6780, 0.0593], dtype=np.float32)
"""BT.2100's share of red, green and blue."""

Light = npt.NDArray[np.float32]


def light_of_codes(transfer: int) -> Light:
    """Light of each of the 256 codes: PQ's is a share of white, HLG's of the scene's most."""
    code = np.arange(256) / 255
    if transfer == PQ:
        m1, m2, c1, c2, c3 = 0.1593017578125, 78.84375, 0.8359375, 18.8515625, 18.6875
        power = code ** (1 / m2)
        light = 10000 / WHITE_CD_M2 * (np.maximum(power - c1, 0) / (c2 - c3 * power)) ** (1 / m1)
    else:
        a, b, c = 0.17883277, 0.28466892, 0.55991073
        light = np.where(code <= 0.5, code**2 / 3, (np.exp((code - c) / a) + b) / 12)
    return light.astype(np.float32)


def shown_as_srgb(pixels: RgbArray, meaning: CodePoints) -> RgbArray:
    """sRGB pixels of PQ or HLG ones; ``(h, w, 3)``.

    HLG's scene light becomes a screen's of 1000 cd/m² (BT.2100's OOTF with gamma 1.2). Primaries
    become sRGB's, negative light 0. The brightest of a pixel's three channels is bent by
    :data:`KNEE`, and the others scaled with it, so that the hue stays.
    """
    light_of = light_of_codes(meaning.transfer)
    matrix = to_srgb(meaning.chromaticities).astype(np.float32)
    shown = np.empty_like(pixels)
    for top in range(0, len(pixels), _ROWS):
        light: Light = light_of[pixels[top : top + _ROWS]]
        if meaning.transfer == HLG:
            brightness = light @ _BRIGHTNESS
            gain = np.maximum(brightness, 1e-6) ** (_HLG_GAMMA - 1)
            light = light * gain[..., None] * np.float32(_HLG_PEAK_CD_M2 / WHITE_CD_M2)
        light = np.maximum(light @ matrix.T, np.float32(0))
        most = light.max(axis=-1, keepdims=True)
        bent = KNEE + (1 - KNEE) * (1 - np.exp(-np.maximum(most - KNEE, 0) / (1 - KNEE)))
        light = light * np.where(most > KNEE, bent / np.maximum(most, 1e-6), 1)
        curve = np.where(
            light <= 0.0031308, light * 12.92, 1.055 * np.maximum(light, 1e-6) ** (1 / 2.4) - 0.055
        )
        shown[top : top + _ROWS] = (curve.clip(0, 1) * 255).round().astype(np.uint8)
    return shown
