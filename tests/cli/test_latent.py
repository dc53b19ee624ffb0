"""``--latent FILE``: pictures of latents that other programs found, with the models they tuned."""

from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from cli.photographs import pixels_of
from cli.program import Tugan
from foreign_checkpoints import torch_saved
from generators.quick_sketch import keep_sketch, quick_sketch
from tugan.core.images import RgbArray, to_rgb_array
from tugan.generators.formats.detect import read_checkpoint
from tugan.generators.loading import load_generator
from tugan.generators.protocol import Ws, synthesize
from tugan.session.engine import Engine
from tugan.session.model_store import ModelStore
from tugan.session.project_file import load_project
from tugan.session.session import Session

POINT = ("--point", "40,50:60,70")
CROP = ("--crop", "144,124,128")


@pytest.fixture
def tuned(here: Path, model: Path) -> Path:
    """The weights that a tuning by another program leaves, in its own file."""
    tensors = dict(read_checkpoint(model).tensors)
    tensors["synthesis.b4.const"] = tensors["synthesis.b4.const"] * 1.05
    path = here / "tuned.safetensors"
    save_file({f"G_ema.{key}": one.contiguous() for key, one in tensors.items()}, path)
    generator = load_generator(path, device="cpu")
    keep_sketch(generator, quick_sketch(generator))
    return path


@pytest.fixture
def pivot(here: Path, tuned: Path) -> Ws:
    """What it found, in ``pivot.pt`` and ``projected_w.npz``; 12 rows."""
    generator = load_generator(tuned, device="cpu")
    z = torch.randn(12, generator.info.z_dim, generator=torch.Generator().manual_seed(3))
    ws = generator.map(z, psi=0.5)[:, 0][None]
    (here / "pivot.pt").write_bytes(torch_saved(torch.nn.Parameter(ws)))
    np.savez(here / "projected_w.npz", w=ws.numpy())
    return ws


def picture_of(tuned: Path, ws: Ws) -> RgbArray:
    return to_rgb_array(synthesize(load_generator(tuned, device="cpu"), ws))


@pytest.mark.parametrize("file", ["pivot.pt", "projected_w.npz"])
def test_a_drag_starts_from_the_latent(
    tugan: Tugan, here: Path, tuned: Path, pivot: Ws, file: str
) -> None:
    arguments = ("drag", "--model", tuned, "--latent", file, *POINT)
    assert tugan(*arguments, "--steps", "0", "-o", "start.png").code == 0
    assert np.array_equal(pixels_of(here / "start.png"), picture_of(tuned, pivot))
    ran = tugan(*arguments, "--steps", "3", "-o", "out.png", "--save-project", "a.tugan", "--json")
    assert ran.code == 0
    assert ran.json()["steps"] == 3
    assert not np.array_equal(pixels_of(here / "out.png"), pixels_of(here / "start.png"))
    assert torch.equal(load_project(here / "a.tugan").ws, pivot)


def test_the_project_repeats_to_the_bit_without_the_latent(
    tugan: Tugan, here: Path, tuned: Path, pivot: Ws
) -> None:
    first = ("--latent", "pivot.pt", "--steps", "3", "--save-project", "a.tugan", "-o", "a.png")
    assert tugan("drag", "--model", tuned, *POINT, *first).code == 0
    (here / "pivot.pt").unlink()
    assert tugan("drag", "--project", "a.tugan", "-o", "b.png").code == 0
    assert (here / "a.png").read_bytes() == (here / "b.png").read_bytes()


def test_the_studio_opens_the_project(tugan: Tugan, here: Path, tuned: Path, pivot: Ws) -> None:
    first = ("--latent", "pivot.pt", "--steps", "0", "--save-project", "a.tugan", "-o", "a.png")
    assert tugan("drag", "--model", tuned, *POINT, *first).code == 0
    engine = Engine()
    session = Session("a", engine, ModelStore("cpu"))
    session.open_default(str(tuned))  # as tugan studio --model
    engine.wait_for("a")
    session.open_project(here / "a.tugan")
    engine.wait_for("a")
    assert np.array_equal(session.picture(), picture_of(tuned, pivot))
    session.close()
    engine.close()


def test_the_space_of_moves_is_said_beside_it(
    tugan: Tugan, here: Path, tuned: Path, pivot: Ws
) -> None:
    ran = tugan(
        *("drag", "--model", tuned, "--latent", "w+:2", "--latent", "pivot.pt", *POINT),
        *("--steps", "2", "--save-project", "a.tugan"),
    )
    assert ran.code == 0
    project = load_project(here / "a.tugan")
    assert project.header.settings.latent == "w+"
    assert project.header.settings.rows == 2
    assert torch.equal(project.result_ws[:, 2:], pivot[:, 2:])


def test_a_photograph_is_pasted_back_with_its_latent_and_model(
    tugan: Tugan, here: Path, tuned: Path, pivot: Ws, photo: Path, content: RgbArray
) -> None:
    ran = tugan(
        *("drag", "--image", photo, *CROP, "--model", tuned, "--latent", "pivot.pt"),
        *("--point", "130,110:150,130", "--steps", "3", "-o", "out.png", "--json"),
        *("--save-project", "a.tugan"),
    )
    assert ran.code == 0
    assert ran.json()["stage"] == "done"
    project = load_project(here / "a.tugan")
    assert torch.equal(project.ws, pivot)  # nothing was looked for
    assert project.photo is not None
    assert project.photo.delta is None
    changed = (pixels_of(here / "out.png") != content).any(axis=2)
    assert changed[64:184, 84:204].any()
    changed[60:188, 80:208] = False
    assert not changed.any()
    again = tugan("drag", "--project", "a.tugan", "-o", "b.png")
    assert again.code == 0
    assert np.array_equal(pixels_of(here / "b.png"), pixels_of(here / "out.png"))


def test_generate_draws_it(tugan: Tugan, here: Path, tuned: Path, pivot: Ws) -> None:
    ran = tugan(
        "generate", "--model", tuned, "--latent", "projected_w.npz", "-o", "a.png", "--json"
    )
    assert ran.code == 0
    assert ran.json()["latent"] == "projected_w.npz"
    assert "seed" not in ran.json()
    assert np.array_equal(pixels_of(here / "a.png"), picture_of(tuned, pivot))


def test_one_of_several_is_chosen_by_its_number(
    tugan: Tugan, here: Path, tuned: Path, pivot: Ws
) -> None:
    np.save(here / "many.npy", torch.cat([pivot + 1, pivot]).numpy())
    ran = tugan("generate", "--model", tuned, "--latent", "many.npy:1", "-o", "a.png")
    assert ran.code == 0
    assert np.array_equal(pixels_of(here / "a.png"), picture_of(tuned, pivot))
    ran = tugan("generate", "--model", tuned, "--latent", "many.npy", "-o", "b.png")
    assert ran.code == 2
    assert "many.npy holds 2 latents: say which, as many.npy:0 to many.npy:1" in ran.err
    assert not (here / "b.png").exists()


REFUSED = {
    "seed": (
        ("drag", *POINT, "--latent", "pivot.pt", "--seed", "3"),
        "--seed cannot be used with --latent pivot.pt, which is the start",
    ),
    "seed-of-generate": (
        ("generate", "--latent", "pivot.pt", "--psi", "1"),
        "--psi cannot be used with --latent, which is the start",
    ),
    "project": (
        ("drag", *POINT, "--latent", "pivot.pt", "--project", "none.tugan"),
        "there is no project file",
    ),
    "two-files": (
        ("drag", *POINT, "--latent", "pivot.pt", "--latent", "projected_w.npz"),
        "--latent is given a file twice (pivot.pt and projected_w.npz)",
    ),
    "two-spaces": (
        ("drag", *POINT, "--latent", "w", "--latent", "w+"),
        "--latent is given a space of moves twice (w and w+)",
    ),
    "gone": (("drag", *POINT, "--latent", "gone.pt"), "gone.pt: expected a file"),
    "written-over": (
        ("drag", *POINT, "--latent", "projected_w.npz", "--save-project", "projected_w.npz"),
        "is what --latent reads, and would be written over",
    ),
    "as-a-project": (
        ("drag", *POINT, "--project", "pivot.pt"),
        "pivot.pt is not a project of tugan's; if it is a latent",
    ),
    "as-a-photograph": (
        ("drag", *POINT, "--image", "projected_w.npz"),
        "drag its picture with tugan drag --latent projected_w.npz --model",
    ),
    "inverted": (("invert", "projected_w.npz"), "projected_w.npz is not a photograph; if it is a"),
    "as-a-mask-too": (("drag", *POINT, "--latent", "pivot"), "expected w or w+"),
}


@pytest.mark.parametrize("case", REFUSED)
@pytest.mark.usefixtures("pivot")
def test_what_is_wrong_is_one_sentence(tugan: Tugan, here: Path, tuned: Path, case: str) -> None:
    arguments, message = REFUSED[case]
    before = sorted(path.name for path in here.iterdir())
    ran = tugan(*arguments, "--model", tuned)
    assert ran.code == 2
    assert message in " ".join(ran.err.split())
    assert sorted(path.name for path in here.iterdir()) == before


@pytest.mark.usefixtures("pivot")
def test_a_latent_given_as_a_model_names_the_option(tugan: Tugan) -> None:
    for file in ("pivot.pt", "projected_w.npz"):
        ran = tugan("drag", *POINT, "--model", file)
        assert ran.code == 2
        assert "give it with --latent" in " ".join(ran.err.split())


def test_a_latent_of_another_model_is_told_with_both_shapes(tugan: Tugan, model: Path) -> None:
    np.savez("projected_w.npz", w=np.ones((1, 18, 512), np.float32))
    ran = tugan("drag", *POINT, "--model", model, "--latent", "projected_w.npz")
    assert ran.code == 2
    told = " ".join(ran.err.split())
    assert "w is (1, 18, 512)" in told
    assert "expected (12, " in told
