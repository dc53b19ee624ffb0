"""From a server to a model that works, with all that can go wrong between."""

import hashlib
import json
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from generators.catalogue.extra_catalogue import write_catalogue
from generators.catalogue.file_server import FileServer, serving
from generators.quick_sketch import keep_sketch, quick_sketch
from patience import HANG_S
from tugan.core.errors import CheckpointError
from tugan.generators.catalog import catalog, find_model
from tugan.generators.catalogue.checksums import check_sums
from tugan.generators.catalogue.download import Patience
from tugan.generators.catalogue.errors import (
    CatalogueError,
    ChecksumError,
    DownloadError,
    NotInstalledError,
)
from tugan.generators.catalogue.offer import Offer
from tugan.generators.catalogue.offers import offer_named
from tugan.generators.catalogue.one_at_a_time import held
from tugan.generators.catalogue.origin import read_origin
from tugan.generators.catalogue.places import download_path, downloads_folder, models_folder
from tugan.generators.catalogue.pull import Pull, PullStep
from tugan.generators.catalogue.trusted import known_sha256, trusted_path
from tugan.generators.catalogue.upkeep import remove, verify
from tugan.generators.loading import load_generator
from tugan.generators.preview_store import kept_preview_head
from tugan.generators.protocol import PretrainedGenerator
from tugan.generators.repainting_store import kept_repainting
from tugan.generators.saving import fingerprint

CHECKPOINT = "nvidia-stylegan2-128.pkl"
QUICK = Patience(timeout_s=HANG_S, attempts=2, pause_s=0)


@pytest.fixture
def checkpoint(oracle_dir: Path) -> Path:
    return oracle_dir / CHECKPOINT


@pytest.fixture
def server(checkpoint: Path) -> Iterator[FileServer]:
    with serving(checkpoint.read_bytes()) as running:
        yield running


def offer_of(
    server: FileServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, more: str = ""
) -> Offer:
    path = write_catalogue(tmp_path / "catalogue.toml", server.address, more=more)
    monkeypatch.setenv("TUGAN_CATALOGUE", str(path))
    offer = offer_named("waves")
    assert offer is not None
    return offer


@pytest.fixture
def offer(server: FileServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Offer:
    return offer_of(server, tmp_path, monkeypatch)


def run(offer: Offer, *, file: Path | None = None, keep_original: bool = False) -> list[PullStep]:
    """Without previews, whose fitting takes most of the time."""
    work = Pull(offer=offer, file=file, keep_original=keep_original, patience=QUICK, previews=False)
    return list(work.steps())


@dataclass(frozen=True, kw_only=True)
class Whole:
    """What came of a pull with all that belongs to it."""

    home: Path
    steps: list[PullStep]
    address: str
    requests: int


@pytest.fixture(scope="module")
def whole(
    tmp_path_factory: pytest.TempPathFactory, oracle_dir: Path, stylegan2_128: PretrainedGenerator
) -> Whole:
    home = tmp_path_factory.mktemp("pulled")
    sketch = quick_sketch(stylegan2_128)
    with (
        serving((oracle_dir / CHECKPOINT).read_bytes()) as running,
        pytest.MonkeyPatch.context() as m,
    ):
        m.setenv("TUGAN_CACHE", str(home / "cache"))
        m.setenv("TUGAN_STATE", str(home / "state"))
        m.setenv("NO_PROXY", "127.0.0.1")
        keep_sketch(stylegan2_128, sketch)  # taken from there, which is quicker
        offer = offer_of(running, home, m)
        steps = list(Pull(offer=offer, patience=QUICK).steps())
        requests = len(running.does.asked)
        shutil.rmtree(home / "cache/repainting")
        return Whole(home=home, steps=steps, address=running.file, requests=requests)


@pytest.fixture
def pulled(whole: Whole, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of it in this test's cache: the model's folder."""
    for name in ("cache", "state", "catalogue.toml"):
        copy = shutil.copy if name.endswith("toml") else shutil.copytree
        copy(whole.home / name, tmp_path / name)
    monkeypatch.setenv("TUGAN_CATALOGUE", str(tmp_path / "catalogue.toml"))
    return find_model("waves")


def test_a_pulled_model_is_there_by_name(
    whole: Whole, pulled: Path, stylegan2_128: PretrainedGenerator
) -> None:
    stages = [step.stage for step in whole.steps]
    assert stages == sorted(stages, key=["downloading", "checking", "converting", "done"].index)
    assert {"downloading", "checking", "converting", "done"} == set(stages)
    generator = load_generator("waves", device="cpu")
    assert fingerprint(generator) == fingerprint(stylegan2_128)
    assert [entry.name for entry in catalog()][-1] == "waves"
    assert whole.requests == 1


def test_it_says_what_the_catalogue_knows(whole: Whole, pulled: Path) -> None:
    info = load_generator("waves", device="cpu").info
    assert (info.name, info.domain, info.licence) == ("waves", "random waves", "Apache-2.0")
    assert info.source == whole.address
    assert "Anything, badly." in info.notes
    assert "Do with it what you like." in info.notes
    assert (info.hints.learning_rate, info.hints.rows) == (2e-3, 5)
    card = (pulled / "README.md").read_text()
    assert "license: apache-2.0\n" in card
    assert "samples.jpg" in card


def test_nothing_is_estimated_at_its_first_use(pulled: Path, tmp_path: Path) -> None:
    generator = load_generator("waves", device="cpu")
    assert generator.info.w_statistics is not None
    assert kept_preview_head(generator) is not None
    assert kept_repainting(generator) is not None
    # nor where the folder was moved, and no longer is in the catalogue
    shutil.move(pulled, tmp_path / "moved")
    moved = load_generator(tmp_path / "moved", device="cpu")
    assert kept_preview_head(moved) is not None
    assert kept_repainting(moved) is not None
    assert not (tmp_path / "cache/preview").exists()
    assert not (tmp_path / "cache/w-statistics").exists()


def test_only_the_model_stays(pulled: Path) -> None:
    assert sorted(one.name for one in pulled.iterdir()) == [
        "README.md",
        "SHA256SUMS",
        "config.json",
        "model.safetensors",
        "origin.json",
        "preview.safetensors",
        "repainting.safetensors",
        "samples.jpg",
    ]
    assert [one.name for one in models_folder().iterdir()] == ["waves"]
    assert [one.name for one in downloads_folder().iterdir()] == ["waves.lock"]


def test_the_original_can_be_kept(server: FileServer, offer: Offer) -> None:
    run(offer, keep_original=True)
    origin = read_origin(find_model("waves"))
    assert origin is not None
    assert origin.original is not None
    assert (find_model("waves") / origin.original).read_bytes() == server.does.content
    assert not download_path("waves").exists()


def test_the_first_checksum_holds_from_then_on(server: FileServer, offer: Offer) -> None:
    assert known_sha256(offer) is None
    run(offer)
    first = hashlib.sha256(server.does.content).hexdigest()
    assert known_sha256(offer) == first
    remove("waves")
    server.does.content += b"\0"  # after a pickle's end: it would still be read
    with pytest.raises(ChecksumError, match=f"expected SHA-256 {first}.*rm waves --forget"):
        run(offer)
    assert not download_path("waves").exists()
    with pytest.raises(NotInstalledError):
        remove("waves")
    remove("waves", forget_checksum=True)
    run(offer)
    assert known_sha256(offer) != first


def test_the_catalogues_checksum_holds_at_once(
    server: FileServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    offer = offer_of(server, tmp_path, monkeypatch, more=f'sha256 = "{"0" * 64}"')
    with pytest.raises(ChecksumError, match="not the file that the catalogue means"):
        run(offer)
    assert not download_path("waves").exists()
    real = hashlib.sha256(server.does.content).hexdigest()
    run(offer_of(server, tmp_path, monkeypatch, more=f'sha256 = "{real}"'))
    assert find_model("waves").is_dir()
    assert not trusted_path().exists()


def test_a_web_page_instead_of_the_file_is_not_trusted(server: FileServer, offer: Offer) -> None:
    good = server.does.content
    server.does.content = b"<html>please log in</html>"
    with pytest.raises(CheckpointError, match=r"was deleted.*web page"):
        run(offer)
    assert known_sha256(offer) is None
    assert list(models_folder().iterdir()) == []
    server.does.content, server.does.etag = good, '"two"'
    run(offer)


def test_a_file_fetched_otherwise_is_taken(
    server: FileServer, offer: Offer, checkpoint: Path, tmp_path: Path
) -> None:
    own = Path(shutil.copy(checkpoint, tmp_path / "mine.pkl"))
    run(offer, file=own)
    assert server.does.asked == []
    assert own.exists()
    assert find_model("waves").is_dir()
    remove("waves")
    own.write_bytes(own.read_bytes() + b"\0")
    with pytest.raises(ChecksumError, match=r"mine\.pkl is not the file"):
        run(offer, file=own)
    assert own.exists()
    with pytest.raises(CheckpointError, match="cannot read"):
        run(offer, file=tmp_path / "none.pkl")


def test_an_interrupted_conversion_leaves_the_download(server: FileServer, offer: Offer) -> None:
    steps = Pull(offer=offer, patience=QUICK).steps()
    assert any(step.detail == "repainting" for step in steps)  # and no further
    del steps
    assert list(models_folder().iterdir()) == []
    run(offer)
    assert len(server.does.asked) == 1


def test_what_is_here_is_not_pulled_again(offer: Offer, pulled: Path) -> None:
    with pytest.raises(CatalogueError, match="already here"):
        run(offer)


def test_one_program_at_a_time(offer: Offer) -> None:
    target = download_path("waves")
    with (
        held(target.with_name("waves.lock")),
        pytest.raises(DownloadError, match="another tugan is just fetching waves"),
    ):
        run(offer)


def test_damage_is_found(pulled: Path) -> None:
    folder = pulled
    assert verify("waves", folder).ok
    content = bytearray((folder / "model.safetensors").read_bytes())
    content[-1] ^= 1
    (folder / "model.safetensors").write_bytes(content)
    (folder / "samples.jpg").unlink()
    found = verify("waves", folder)
    assert not found.ok
    assert {one.name: one.verdict for one in found.files if not one.ok} == {
        "model.safetensors": "differs",
        "samples.jpg": "missing",
    }
    (folder / "SHA256SUMS").write_text("x\n")
    assert "is damaged" in verify("waves", folder).problem
    (folder / "SHA256SUMS").unlink()
    assert "no readable SHA256SUMS" in verify("waves", folder).problem


def test_the_bundled_model_is_what_it_was() -> None:
    folder = find_model("faces-1024")
    found = check_sums(folder)
    assert {one.name for one in found} >= {"config.json", "model.safetensors"}
    assert all(one.ok for one in found)
    origin = read_origin(folder)
    assert origin is not None
    assert origin.sha256 in (folder / "README.md").read_text()


def test_what_was_pulled_can_be_removed(pulled: Path) -> None:
    removed = remove("waves")
    assert (removed.model, removed.download, removed.checksum) == (True, False, False)
    assert list(models_folder().iterdir()) == []
    with pytest.raises(NotInstalledError, match="waves is not here"):
        remove("waves")
    with pytest.raises(NotInstalledError, match="there is no model 'wave'"):
        remove("wave")
    with pytest.raises(CatalogueError, match="comes with tugan"):
        remove("faces-1024")


def test_a_begun_download_is_removed(server: FileServer, offer: Offer) -> None:
    server.does.cut_after = [1000] * 9
    server.does.ranges = False
    with pytest.raises(DownloadError):
        run(offer)
    assert remove("waves").download
    assert list(downloads_folder().iterdir()) == []


def test_a_damaged_note_of_checksums_trusts_nothing(offer: Offer) -> None:
    trusted_path().parent.mkdir(parents=True)
    trusted_path().write_text(json.dumps([1]))
    with pytest.raises(CatalogueError, match="cannot be read"):
        run(offer)
