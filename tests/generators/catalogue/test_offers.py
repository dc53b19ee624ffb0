import re
from pathlib import Path

import pytest

from generators.catalogue.extra_catalogue import write_catalogue
from tugan.core.errors import UnknownModelError
from tugan.generators.catalog import find_model
from tugan.generators.catalogue.errors import CatalogueError
from tugan.generators.catalogue.offers import offer_named, offers


def test_the_catalogue_has_the_published_models() -> None:
    names = [offer.name for offer in offers()]
    assert len(names) == len(set(names)) == 38
    assert {"lions", "dogs", "ffhq-1024", "afhqcat", "car", "church", "human-512"} <= set(names)
    assert len([name for name in names if name.startswith("stylegan3-")]) == 12


def test_every_offer_has_an_encrypted_address_a_licence_and_its_terms() -> None:
    for offer in offers():
        assert offer.address.startswith("https://")
        assert re.search(r"\.pkl$", offer.address)
        assert offer.source.licence
        assert offer.terms.endswith(".")
        assert offer.source.page.startswith("https://")
        assert str(max(offer.listing.width, offer.listing.height)) in (
            offer.address + " 512 256"  # those of config-f do not name their size
        )


def test_the_papers_learning_rates() -> None:
    """2e-3 for faces, cats and cars and 1e-3 for the rest (Pan et al. 2023)."""
    rates = {offer.name: offer.listing.learning_rate for offer in offers()}
    assert {name for name, rate in rates.items() if rate == 2e-3} == {
        *("ffhq-1024", "ffhq-512", "ffhq-256", "ffhqu-1024", "ffhqu-256", "afhqcat", "car"),
    }
    assert all(rate is None for name, rate in rates.items() if name.startswith("stylegan3-"))


def test_a_model_that_is_offered_and_not_here_is_told_how_to_get(tmp_path: Path) -> None:
    with pytest.raises(UnknownModelError, match="not here yet; get it with: tugan pull lions"):
        find_model("lions")
    with pytest.raises(UnknownModelError, match="did you mean giraffes"):
        find_model("giraffs")


def test_further_catalogues_are_named_by_a_variable(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(
        "TUGAN_CATALOGUE", str(write_catalogue(tmp_path / "c.toml", "https://example.org"))
    )
    offer = offer_named("waves")
    assert offer is not None
    assert offer.address == "https://example.org/file"
    assert offer_named("lions") is not None


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (None, "cannot read the catalogue"),
        (b"\xff", "not text in UTF-8.*save it as UTF-8"),
        (b"= 1", "is not TOML"),
        (b"x = 1", "is wrong at sources"),
        ((b"learning_rate = 2e-3", b"learning_rate = -1"), r"wrong at models\.0\.learning_rate"),
        ((b'name = "waves"', b'name = "../x"'), r"wrong at models\.0\.name"),
        ((b'name = "waves"', b'name = "lions"'), "two catalogues offer a model 'lions'"),
        ((b'source = "here"', b'source = "there"'), "the source 'there', which it does not"),
        ((b"https://example.org/", b"http://example.org/"), "an address with https://"),
        ((b"rows = 5", b"row = 5"), "Extra inputs"),
        ((b"rows = 5", b'sha256 = "abc"'), "sha256"),
    ],
)
def test_a_catalogue_that_is_wrong_is_told_where(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    text: bytes | tuple[bytes, bytes] | None,
    told: str,
) -> None:
    path = tmp_path / "c.toml"
    if text is not None:
        write_catalogue(path, "https://example.org")
        path.write_bytes(path.read_bytes().replace(*text) if isinstance(text, tuple) else text)
    monkeypatch.setenv("TUGAN_CATALOGUE", str(path))
    with pytest.raises(CatalogueError, match=told):
        offers()
