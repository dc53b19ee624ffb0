import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from tugan.core.images import RgbArray, to_rgb_array
from tugan.inversion.align import AlignmentError, crop, manual_crop
from tugan.inversion.grain import add_grain, grain_of
from tugan.inversion.motion import freedom_of, motion_between, warped
from tugan.inversion.paste import Edit, PasteSettings, paste_back
from tugan.inversion.pyramid import blend, levels_for


def noise(height: int, width: int, *, seed: int = 0) -> RgbArray:
    return np.random.default_rng(seed).integers(0, 255, (height, width, 3), dtype=np.uint8)


def blobs(size_px: int, *, shift_px: float = 0.0) -> torch.Tensor:
    """A picture with something to follow everywhere, moved to the right."""
    ys, xs = torch.meshgrid(torch.arange(size_px), torch.arange(size_px), indexing="ij")
    x, y = (xs - shift_px) / size_px * 40, ys / size_px * 40
    channels = [torch.sin(x) * torch.cos(y), torch.sin(0.6 * x + 1), torch.cos(0.7 * y + 0.3 * x)]
    return 0.7 * torch.stack(channels)[None]


def disc(size_px: int, radius_share: float) -> torch.Tensor:
    place = (torch.arange(size_px) + 0.5) / size_px - 0.5
    distance = (place[:, None] ** 2 + place[None, :] ** 2).sqrt()
    return ((radius_share - distance) * 20).clamp(0, 1)


def test_everything_outside_the_mask_is_bit_identical() -> None:
    photo = noise(300, 400)
    place = manual_crop((210, 140), side_px=150, angle_deg=20)
    edit = Edit(after=torch.ones(1, 3, 64, 64), mask=disc(64, 0.3))
    result = paste_back(photo, edit, place)
    assert result[130:150, 200:220].mean() > 230
    changed = np.argwhere((result != photo).any(axis=2))
    assert len(changed) > 1000
    # the disc is 0.3 of the side wide
    assert np.hypot(*(changed - (140, 210)).T).max() <= 0.3 * 150 + 4
    assert photo.tobytes() == noise(300, 400).tobytes()  # and the photograph itself is left alone


def test_an_empty_mask_changes_nothing() -> None:
    photo = noise(100, 100)
    edit = Edit(after=torch.ones(1, 3, 64, 64), mask=torch.zeros(64, 64))
    assert np.array_equal(paste_back(photo, edit, manual_crop((50, 50), side_px=60)), photo)


def test_a_square_that_reaches_over_the_edge_is_pasted_as_far_as_it_goes() -> None:
    photo = noise(200, 200)
    place = manual_crop((0, 100), side_px=120)
    result = paste_back(photo, Edit(after=torch.ones(1, 3, 64, 64), mask=torch.ones(64, 64)), place)
    assert result.shape == photo.shape
    assert (result[100, :30] > 200).all()
    assert np.array_equal(result[:, 70:], photo[:, 70:])
    with pytest.raises(AlignmentError, match="outside"):
        paste_back(
            photo,
            Edit(after=torch.ones(1, 3, 64, 64), mask=torch.ones(64, 64)),
            manual_crop((-500, 100), side_px=120),
        )


def test_an_edit_that_changes_nothing_gives_the_photograph_back() -> None:
    """What the generator missed is carried along with no motion: onto itself."""
    photo = noise(200, 220)
    place = manual_crop((100, 100), side_px=140, angle_deg=10)
    before = blobs(128)  # the generator's idea of it, as wrong as can be
    edit = Edit(after=before.clone(), before=before, mask=disc(128, 0.4))
    result = paste_back(photo, edit, place)
    inner = np.s_[70:130, 70:130]
    assert np.abs(result[inner].astype(int) - photo[inner]).mean() < 6
    plain = paste_back(photo, edit, place, PasteSettings(carry_detail=False, match_grain=False))
    assert np.abs(plain[inner].astype(int) - photo[inner]).mean() > 40


PASTES_TWENTY_MEGAPIXELS = """
import re, numpy, torch
from pathlib import Path
from tugan.inversion.align import manual_crop
from tugan.inversion.paste import Edit, paste_back
def highest_bytes():
    # getrusage's would begin with that of the process that started this one
    status = Path("/proc/self/status").read_text()
    return 1024 * int(re.search(r"VmHWM:\\s+(\\d+) kB", status)[1])
torch.set_num_threads(1)
rng = numpy.random.default_rng(0)
photo = rng.integers(0, 255, (16, 16, 3), dtype=numpy.uint8).repeat(280, 0).repeat(280, 1)
before, after = 2 * torch.rand(2, 1, 3, 128, 128) - 1
mask = torch.zeros(128, 128)
mask[8:120, 8:120] = 1
edit = Edit(before=before, after=after, mask=mask)
earlier = highest_bytes()
result = paste_back(photo, edit, manual_crop((2240, 2240), side_px=4200, angle_deg=3))
print(photo.size // 3, (result != photo).any(axis=2).mean(), highest_bytes() - earlier)
"""


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="memory is read as Linux has it")
def test_a_face_that_fills_twenty_megapixels_needs_little_memory() -> None:
    """In a process of its own, so that its highest is this paste's."""
    ran = subprocess.run(
        [sys.executable, "-c", PASTES_TWENTY_MEGAPIXELS], capture_output=True, text=True, check=True
    )
    pixels, changed, extra_bytes = (float(part) for part in ran.stdout.split())
    assert pixels > 20e6
    assert changed > 0.6
    assert 0.2 * 2**30 < extra_bytes < 1.5 * 2**30  # less than 0.2 were not measured at all


def test_motion_is_found_and_trusted() -> None:
    before, after = blobs(256), blobs(256, shift_px=9)
    motion = motion_between(before, after)
    inner = motion.offset[0, :, 40:-40, 40:-40]
    # each place came from 9 px to its left
    assert float(inner[0].median()) * 256 == pytest.approx(-9, abs=0.5)
    assert float(inner[1].abs().median()) * 256 < 0.5
    assert float(motion.trust[0, 0, 40:-40, 40:-40].mean()) > 0.9
    assert float((warped(before, motion.offset) - after)[..., 40:-40, 40:-40].abs().mean()) < 0.05


def test_what_moves_at_the_squares_edge_is_bent_and_not_doubled() -> None:
    """All of the square moves, and nothing around it."""
    whole, place = blobs(400), manual_crop((199.5, 199.5), side_px=256)
    before, after = whole[..., 72:328, 72:328], blobs(400, shift_px=12)[..., 72:328, 72:328]
    photo = to_rgb_array(whole)
    everything = torch.ones(256, 256)
    result = paste_back(photo, Edit(before=before, after=after, mask=everything), place)
    # the middle moved with its detail, the outermost pixels stayed
    middle = np.s_[160:240, 160:240]
    moved = to_rgb_array(after)[np.s_[88:168, 88:168]].astype(int)
    assert np.abs(result[middle].astype(int) - moved).mean() < 4
    assert np.abs(photo[middle].astype(int) - moved).mean() > 20
    rim = np.s_[73:327, 73:75]
    assert np.abs(result[rim].astype(int) - photo[rim]).max() < 12
    # a picture half here and half there would have paler blobs and steps where it was joined
    joined = np.s_[80:320, 76:110]
    assert result[joined].std() > 0.9 * photo[joined].std()
    step = np.abs(np.diff(result[80:320, 60:110].astype(int), axis=1)).max()
    assert step < 2.2 * np.abs(np.diff(photo[80:320, 60:110].astype(int), axis=1)).max()


def test_motion_fades_toward_the_edge_without_folding() -> None:
    freedom = freedom_of(256)[0, 0]
    assert float(freedom[128, 128]) == 1
    assert float(freedom[:, :2].max()) == 0
    # where 30 px at 512 are moved, neighbours keep their order
    shift_px = 30 / 512 * 256
    assert float((freedom[:, 1:] - freedom[:, :-1]).abs().max()) * shift_px < 1 - 1 / 3


def test_what_was_not_there_before_is_not_trusted() -> None:
    before = blobs(256)
    after = before.clone()
    after[:, :, 100:160, 100:160] = 1.0
    motion = motion_between(before, after)
    assert float(motion.trust[0, 0, 115:145, 115:145].mean()) < 0.4
    assert float(motion.trust[0, 0, 200:230, 200:230].mean()) > 0.9


def test_nothing_moves_where_nothing_changed() -> None:
    motion = motion_between(blobs(128), blobs(128))
    assert float(motion.offset.abs().max()) == 0
    assert float(motion.trust[0, 0, 10:-10, 10:-10].min()) == pytest.approx(1)


def test_blending_goes_from_one_picture_to_the_other_without_a_step() -> None:
    under, over = torch.zeros(128, 160), torch.full((128, 160), 100.0)
    weight = torch.zeros(128, 160)
    weight[:, 80:] = 1
    mixed = blend(under, over, weight, levels=levels_for(128, 160))
    row = mixed[64]
    assert float(row[0]) < 10
    assert float(row[-1]) > 90
    assert float((row[1:] - row[:-1]).abs().max()) < 12
    assert torch.equal(blend(under, over, torch.zeros_like(weight), levels=3), under)


@pytest.mark.parametrize("deviation", [2.0, 6.0])
def test_grain_is_measured_and_matched(deviation: float) -> None:
    rng = torch.Generator().manual_seed(0)
    slope = torch.arange(200.0)[None].expand(200, -1)
    grainy = slope + deviation * torch.randn(200, 200, generator=rng)
    everywhere = torch.ones(200, 200)
    assert grain_of(grainy, everywhere) == pytest.approx(deviation, rel=0.1)
    assert grain_of(slope, everywhere) == pytest.approx(0, abs=0.01)
    matched = add_grain(slope, missing=deviation**2, seed=1)
    assert grain_of(matched, everywhere) == pytest.approx(deviation, rel=0.1)
    assert add_grain(slope, missing=-1.0, seed=1) is slope
    assert grain_of(grainy, torch.zeros(200, 200)) == 0


def test_a_photograph_survives_being_cut_and_pasted_at_its_own_resolution() -> None:
    photo = noise(64, 64).repeat(8, axis=0).repeat(8, axis=1)
    place = manual_crop((255.5, 255.5), side_px=300)
    cut = crop(photo, place, 300)
    back = paste_back(photo, Edit(after=cut, mask=disc(300, 0.4)), place)
    assert np.abs(back.astype(int) - photo).max() <= 3
