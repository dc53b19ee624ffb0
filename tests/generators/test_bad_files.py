"""Files of every format that are cut short, spoilt or incomplete are refused by name."""

from pathlib import Path

import pytest
import torch

from generators.refusing import (
    BARE,
    FORMATS,
    TENSORS,
    refuse,
    unharmed,  # noqa: F401
)
from tugan.generators.loading import load_generator
from tugan.generators.saving import save_pretrained

pytestmark = pytest.mark.usefixtures("unharmed")


ALL = FORMATS | BARE


@pytest.mark.parametrize("layout", ALL)
def test_truncated_at_fifty_places(layout: str) -> None:
    data = ALL[layout](TENSORS)
    for index in range(50):
        refuse(data[: len(data) * index // 50], "bad")
    refuse(data[:-1], "bad")


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -float("inf")])
@pytest.mark.parametrize("layout", ALL)
def test_weights_that_are_no_numbers_are_named(layout: str, value: float) -> None:
    spoilt = {key: tensor.clone() for key, tensor in TENSORS.items()}
    spoilt["synthesis.b8.torgb.weight"].view(-1)[3] = value
    refuse(
        ALL[layout](spoilt),
        r"(torgb|ToRGB|to_rgbs\.0).*weight holds 1 that are NaN or infinite",
    )


@pytest.mark.parametrize("layout", ALL)
def test_a_tensor_that_lacks_is_named(layout: str) -> None:
    kept = {key: value for key, value in TENSORS.items() if key != "synthesis.b16.conv1.bias"}
    name = r"(b16\.conv1|16x16/Conv1|convs\.3\.activate).bias"
    refuse(ALL[layout](kept), f"{name} is missing")


@pytest.mark.parametrize("layout", ALL)
def test_a_tensor_of_another_shape_is_named(layout: str) -> None:
    bent = {**TENSORS, "synthesis.b16.conv1.bias": torch.ones(5)}
    refuse(ALL[layout](bent), r"blocks\.2\.convs\.1\.bias is \(5,\), expected \(6,\)")


@pytest.mark.parametrize("layout", FORMATS)
def test_a_wrong_start_is_named(layout: str) -> None:
    data = FORMATS[layout](TENSORS)
    for start in (b"\x00\x00", b"MZ", b"PX", b"\x81\x02"):
        refuse(start + data[2:], "expected .* first bytes are")


def test_a_link_to_a_good_file_opens() -> None:
    Path("real.pkl").write_bytes(FORMATS["nvidia"](TENSORS))
    Path("link").symlink_to("real.pkl")
    assert load_generator("link", device="cpu").info.size_hw == (16, 16)


def test_a_folder_of_links_opens() -> None:
    """As the caches of model hubs are laid out."""
    Path("real.pkl").write_bytes(FORMATS["nvidia"](TENSORS))
    save_pretrained(load_generator("real.pkl", device="cpu"), "blobs")
    Path("snapshot").mkdir()
    for item in Path("blobs").iterdir():
        (Path("snapshot") / item.name).symlink_to(item.resolve())
    assert load_generator(Path("snapshot"), device="cpu").info.size_hw == (16, 16)
