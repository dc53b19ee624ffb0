import pytest

from tugan.core.file_names import MAX_BYTES, cut_name


@pytest.mark.parametrize("name", ["a.png", "\u00e4" * 120 + ".png", "", "x" * 255])
def test_what_is_short_enough_stays(name: str) -> None:
    assert cut_name(name) == name


@pytest.mark.parametrize("letter", ["x", "\u00e4", "\u20ac", "\U0001f600"])
@pytest.mark.parametrize("suffix", [".png", "", ".\u00e4"])
def test_what_is_longer_is_cut_at_a_whole_letter(letter: str, suffix: str) -> None:
    cut = cut_name(letter * 300 + suffix)
    assert MAX_BYTES - 4 < len(cut.encode()) <= MAX_BYTES
    assert cut == letter * (len(cut) - len(suffix)) + suffix


def test_a_suffix_that_is_all_of_it_is_none() -> None:
    assert len(cut_name("a." + "b" * 400).encode()) == MAX_BYTES
    assert len(cut_name("\ud800" * 300).encode()) <= MAX_BYTES
