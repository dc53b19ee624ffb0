from dataclasses import replace
from pathlib import Path

import pytest
from huggingface_hub import ModelCard

from tugan.generators.catalog import find_model
from tugan.generators.loading import load_generator
from tugan.generators.model_card import licence_id, model_card
from tugan.generators.protocol import GeneratorInfo, PretrainedGenerator
from tugan.generators.saving import save_pretrained
from tugan.generators.toy import ToyGenerator


def front(card: str) -> dict[str, object]:
    """As Hugging Face reads it."""
    found: dict[str, object] = ModelCard(card).data.to_dict()  # type: ignore[no-untyped-call]
    return found


def info(**changes: object) -> GeneratorInfo:
    return replace(ToyGenerator().info, **changes)  # type: ignore[arg-type]


def test_the_front_matter_is_what_the_hub_reads() -> None:
    matter = front(model_card(info()))
    assert matter["library_name"] == "tugan"
    assert matter["license"] == "apache-2.0"
    assert "license_name" not in matter
    assert matter["tags"] == ["gan", "image-generation", "draggan", "toy"]


@pytest.mark.parametrize("licence", ["My own: no use", 'a "quoted"\nthing', "", "none stated"])
def test_other_licences_keep_their_name(licence: str) -> None:
    matter = front(model_card(info(licence=licence, family='t"oy: #1')))
    assert matter["license"] == "other"
    assert isinstance(matter["license_name"], str)
    assert matter["license_name"]
    assert 't"oy: #1' in str(matter["tags"])


def test_names_of_licences() -> None:
    assert licence_id("Apache-2.0") == "apache-2.0"
    assert licence_id("CC-BY-NC-4.0") == "cc-by-nc-4.0"
    assert licence_id("Apache-2.0, but not on Sundays") == "other"


def test_a_table_cannot_be_broken_out_of() -> None:
    assert "| draws | a \\| b c |" in model_card(info(domain="a | b\nc"))


def test_a_card_written_by_hand_goes_along(faces: PretrainedGenerator, tmp_path: Path) -> None:
    """Twice, for what was carried over once must not be lost, nor doubled."""
    by_hand = (find_model("faces-1024") / "README.md").read_text(encoding="utf-8")
    save_pretrained(faces, tmp_path / "one")
    save_pretrained(load_generator(tmp_path / "one", device="cpu"), tmp_path / "two")
    for name in ("one", "two"):
        card = (tmp_path / name / "README.md").read_text(encoding="utf-8")
        assert card.count(by_hand.strip()) == 1
    assert card.count("---\n") == (tmp_path / "one/README.md").read_text().count("---\n")
