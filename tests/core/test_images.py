import pytest
import torch

from tugan.core.images import to_rgb_array, to_uint8


def every_level() -> torch.Tensor:
    levels = torch.arange(256, dtype=torch.uint8)
    return torch.stack([levels, levels.flip(0), levels.roll(7)], dim=-1).reshape(1, 16, 16, 3)


def from_uint8(pixels: torch.Tensor) -> torch.Tensor:
    """What a picture's 8-bit pixels are inside: [-1, 1], channels first."""
    return pixels.permute(0, 3, 1, 2).float() / 127.5 - 1


def test_every_8_bit_level_survives_the_round_trip() -> None:
    assert torch.equal(to_uint8(from_uint8(every_level())), every_level())


def test_channels_change_places() -> None:
    pixels = torch.zeros(1, 2, 5, 3, dtype=torch.uint8)
    pixels[0, 1, 4, 2] = 255
    image = from_uint8(pixels)
    assert image.shape == (1, 3, 2, 5)
    assert float(image[0, 2, 1, 4]) == 1
    assert float(image.min()) == -1


def test_what_is_too_bright_or_too_dark_is_clamped() -> None:
    image = torch.tensor([-9.0, -1.0, 1.0, 9.0]).reshape(1, 1, 1, 4).expand(1, 3, 1, 4)
    assert to_uint8(image)[0, 0, :, 0].tolist() == [0, 0, 255, 255]


def test_levels_are_rounded_to_the_nearest() -> None:
    levels = torch.tensor([100.0, 100.4, 100.6, 254.6])
    image = (levels / 127.5 - 1).reshape(1, 1, 1, 4).expand(1, 3, 1, 4)
    assert to_uint8(image)[0, 0, :, 0].tolist() == [100, 100, 101, 255]


def test_the_array_of_a_picture_is_contiguous_8_bit_rgb() -> None:
    array = to_rgb_array(from_uint8(every_level()).requires_grad_())
    assert array.shape == (16, 16, 3)
    assert array.dtype == "uint8"
    assert array.flags.c_contiguous
    assert array.tolist() == every_level()[0].tolist()


def test_half_precision_becomes_8_bit_too() -> None:
    grey = torch.zeros(1, 3, 1, 1, dtype=torch.float16)
    assert to_uint8(grey).flatten().tolist() == [128, 128, 128]


def plainly(image: torch.Tensor) -> torch.Tensor:
    """The formula, a number at a time as far as torch lets one see it."""
    scaled = (image.float() + 1) * 127.5
    return scaled.clamp(0, 255).round().to(torch.uint8).permute(0, 2, 3, 1)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float16, torch.bfloat16])
def test_every_kind_of_float_becomes_what_the_formula_says(dtype: torch.dtype) -> None:
    # a sample of all bit patterns, with tiny, huge, infinite and NaN ones among them
    if dtype == torch.float32:
        numbers = torch.arange(0, 2**32, 40_009).to(torch.int32).view(dtype)
    else:
        numbers = torch.arange(2**16).to(torch.int16).view(dtype)
    near_halves = (torch.arange(0, 256, 0.5) / 127.5 - 1).to(dtype)
    odd = torch.tensor([torch.nan, torch.inf, -torch.inf, -0.0], dtype=dtype)
    every = torch.cat([numbers, near_halves, odd])
    image = every[: len(every) // 21 * 21].reshape(1, 3, 7, -1)
    assert torch.equal(to_uint8(image), plainly(image))
    assert to_rgb_array(image).tolist() == plainly(image)[0].tolist()


def test_nan_is_black_and_infinities_are_the_ends() -> None:
    image = torch.tensor([torch.nan, torch.inf, -torch.inf]).expand(1, 3, 40, 3)
    assert to_rgb_array(image).reshape(-1, 3, 3)[:, :, 0].tolist() == [[0, 255, 0]] * 40


def test_the_picture_itself_is_left_alone() -> None:
    image = torch.linspace(-2, 2, 48).reshape(1, 3, 4, 4)
    before = image.clone()
    to_rgb_array(image)
    assert torch.equal(image, before)


def test_a_picture_in_any_layout() -> None:
    image = torch.randn(1, 3, 6, 5, generator=torch.Generator().manual_seed(0))
    laid_out = image.contiguous(memory_format=torch.channels_last)
    assert to_rgb_array(laid_out).tolist() == plainly(image)[0].tolist()
    assert to_rgb_array(laid_out).flags.c_contiguous
