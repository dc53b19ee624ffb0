from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from cli.photographs import SIZE, bytes_of
from cli.program import Ran, Tugan, run_here
from generators.quick_sketch import keep_sketch, quick_sketch
from tugan.core.images import RgbArray, to_rgb_array
from tugan.generators.loading import load_generator
from tugan.generators.protocol import PretrainedGenerator, sample_z, synthesize
from tugan.inversion.align import manual_crop
from tugan.inversion.photo_edit import PhotoEdit, PhotoSource
from tugan.inversion.photo_edit_file import save_photo_edit
from tugan.inversion.portrait import begin_photo, invert_photo
from tugan.inversion.settings import InversionSettings, TuningSettings


@pytest.fixture(scope="session")
def prepared_cache(tmp_path_factory: pytest.TempPathFactory, oracle_dir: Path) -> Path:
    """A cache folder that knows what moves of ``model`` repaint, which takes long to compute."""
    folder = tmp_path_factory.mktemp("prepared")
    with pytest.MonkeyPatch.context() as m:
        m.setenv("TUGAN_CACHE", str(folder))
        generator = load_generator(oracle_dir / "nvidia-stylegan2-128.pkl", device="cpu")
        keep_sketch(generator, quick_sketch(generator))
    return folder


@pytest.fixture(autouse=True)
def cache(prepared_cache: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """What drags keep there holds nothing in the tests of the library."""
    monkeypatch.setenv("TUGAN_CACHE", str(prepared_cache))
    return prepared_cache


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The working folder of the program; empty."""
    folder = tmp_path / "here"
    folder.mkdir()
    monkeypatch.chdir(folder)
    return folder


@pytest.fixture
def tugan(here: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Tugan:
    """The program in this process, working in ``here``."""

    def run(*arguments: str | Path) -> Ran:
        texts = [str(argument) for argument in arguments]
        return run_here(texts, monkeypatch=monkeypatch, capsys=capsys)

    return run


@pytest.fixture
def model(oracle_dir: Path) -> Path:
    """A checkpoint of 128 px with random weights: a step takes some 10 ms."""
    return oracle_dir / "nvidia-stylegan2-128.pkl"


@pytest.fixture
def drag(tugan: Tugan, model: Path) -> Tugan:
    """``tugan drag`` on that checkpoint, three steps."""

    def run(*arguments: str | Path) -> Ran:
        return tugan("drag", "--model", model, "--steps", "3", *arguments)

    return run


@pytest.fixture
def half_mask(here: Path) -> Path:
    """A mask of 128 px whose left half may change."""
    picture = Image.new("L", (128, 128), 0)
    picture.paste(255, (0, 0, 64, 128))
    picture.save(here / "left.png")
    return here / "left.png"


@pytest.fixture(scope="session")
def content(stylegan2_128: PretrainedGenerator) -> RgbArray:
    """300 x 260 px, noise with a picture of the model's in it."""
    z = sample_z(9, z_dim=stylegan2_128.info.z_dim)
    picture = to_rgb_array(synthesize(stylegan2_128, stylegan2_128.map(z, psi=0.7)))
    pixels = np.random.default_rng(0).integers(0, 255, (*reversed(SIZE), 3), dtype=np.uint8)
    pixels[60:188, 80:208] = picture
    return pixels


@pytest.fixture
def photo(here: Path, content: RgbArray) -> Path:
    """With an artist and a place in its metadata."""
    (here / "photo.png").write_bytes(bytes_of(content))
    return here / "photo.png"


@pytest.fixture(scope="session")
def edit(stylegan2_128: PretrainedGenerator, content: RgbArray) -> PhotoEdit:
    """As ``drag_photo`` inverts it."""
    begun = begin_photo(
        PhotoSource.of(bytes_of(content), name="photo.png"),
        manual_crop((144, 124), side_px=128),
        stylegan2_128,
        inversion=InversionSettings(steps=2),
        tuning=TuningSettings(steps=2),
    )
    *_, last = invert_photo(begun, stylegan2_128)
    return last.edit


@pytest.fixture
def inverted(edit: PhotoEdit, here: Path) -> Path:
    """What ``tugan invert`` would write of it."""
    save_photo_edit(here / "me.tugan", edit)
    return here / "me.tugan"


@pytest.fixture
def drag_inverted(drag: Tugan, inverted: Path) -> Tugan:
    """``tugan drag --project`` of that."""

    def run(*arguments: str | Path) -> Ran:
        return drag("--project", inverted, *arguments)

    return run
