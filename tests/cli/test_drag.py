"""Drags that succeed, and what they write."""

import json
import math
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
import torch
from PIL import Image

from cli.program import Tugan, run_apart
from tugan.dragging.settings import DragSettings
from tugan.generators.loading import load_generator
from tugan.generators.saving import save_pretrained
from tugan.session.project_file import load_project, save_project

POINT = ("--point", "40,50:60,70")


def pixels_of(path: Path) -> npt.NDArray[np.int_]:
    with Image.open(path) as opened:
        return np.asarray(opened.convert("RGB")).astype(int)


def frames_of(path: Path) -> int:
    with Image.open(path) as opened:
        return int(getattr(opened, "n_frames", 1))


def half_white(path: Path, *, white_first: bool) -> Path:
    """A mask of 128 px: the left half is white, or the right one."""
    picture = Image.new("L", (128, 128), 0)
    picture.paste(255, (0, 0, 64, 128) if white_first else (64, 0, 128, 128))
    picture.save(path)
    return path


def test_the_real_program_drags_and_reports(here: Path, model: Path) -> None:
    ran = run_apart("drag", "--model", str(model), "--steps", "3", *POINT)
    assert ran.code == 0
    assert ran.err == ""
    sentence, where = ran.out.splitlines()
    assert re.search(r": [\d.]+ of 28 px left at the limit of 3 steps\. Allow more", sentence)
    assert where.endswith("tugan.png")
    assert pixels_of(here / "tugan.png").shape == (128, 128, 3)


def test_json_is_one_object_with_all_there_is_to_know(drag: Tugan, here: Path) -> None:
    ran = drag(*POINT, "--point", "90,20:80,30", "--out", "a.webp", "--json")
    assert ran.code == 0
    assert ran.err == ""
    report = ran.json()
    assert report["outcome"] == "step-limit"
    assert "3 steps" in report["sentence"]
    assert report["steps"] == 3
    assert report["seconds"] > 0
    assert report["model"] == "nvidia-stylegan2-128"
    assert report["device"] == "cpu"
    assert report["written"] == ["a.webp"]
    assert report["warnings"] == []
    first, second = report["points"]
    assert (first["start"], first["goal"]) == ([40, 50], [60, 70])
    assert (second["start"], second["goal"]) == ([90, 20], [80, 30])
    # random weights: whether a handle is found again is chance
    (worst,) = (one for one in report["points"] if one["distance"] == report["left_px"])
    asked = math.dist(worst["start"], worst["goal"])
    assert report["asked_px"] == pytest.approx(asked, abs=0.01)
    assert (report["closeness"] == "lost") is worst["lost"]
    assert report["closeness"] != "reached"
    assert " of 2 " in report["sentence"]
    for point in report["points"]:
        assert math.dist(point["final"], point["goal"]) == pytest.approx(
            point["distance"], abs=0.01
        )
    assert [path.name for path in here.iterdir()] == ["a.webp"]


def test_handles_that_are_nearly_there_arrive_at_once(drag: Tugan) -> None:
    report = drag("--point", "40,50:40.5,50", "--json").json()
    assert (report["outcome"], report["steps"]) == ("reached", 0)


@pytest.mark.parametrize(
    "start", [(), ("--seed", "7", "--psi", "0.5"), ("--noise", "none"), ("--psi", "-1")]
)
def test_without_a_step_the_picture_is_that_of_the_seed(
    tugan: Tugan, drag: Tugan, here: Path, model: Path, start: tuple[str, ...]
) -> None:
    assert drag(*POINT, *start, "--steps", "0", "--out", "d.png").code == 0
    assert tugan("generate", "--model", model, *start, "--out", "g.png").code == 0
    assert np.abs(pixels_of(here / "d.png") - pixels_of(here / "g.png")).max() <= 1


def test_steps_change_the_picture(drag: Tugan, here: Path) -> None:
    drag(*POINT, "--steps", "0", "--out", "0.png")
    drag(*POINT, "--out", "3.png")
    assert np.abs(pixels_of(here / "0.png") - pixels_of(here / "3.png")).max() > 1


def test_the_same_drag_twice_is_the_same_to_the_bit(drag: Tugan, here: Path) -> None:
    reports = [drag(*POINT, "--out", name, "--json").json() for name in ("a.png", "b.png")]
    assert reports[0]["points"] == reports[1]["points"]
    assert (here / "a.png").read_bytes() == (here / "b.png").read_bytes()


def test_points_of_a_file_are_points_of_the_command_line(drag: Tugan, here: Path) -> None:
    (here / "p.json").write_text(json.dumps([{"start": [40, 50], "goal": [60, 70]}]))
    drag("--points", "p.json", "--out", "a.png")
    drag(*POINT, "--out", "b.png")
    assert (here / "a.png").read_bytes() == (here / "b.png").read_bytes()


def test_points_of_both_kinds_add_up(drag: Tugan, here: Path) -> None:
    (here / "p.json").write_text(json.dumps({"points": [{"start": [9, 9], "goal": [12, 9]}]}))
    report = drag(*POINT, "--points", "p.json", "--json").json()
    assert [point["start"] for point in report["points"]] == [[40, 50], [9, 9]]


def test_a_mask_and_its_inverse_to_keep_are_the_same(drag: Tugan, here: Path) -> None:
    half_white(here / "may.png", white_first=True)
    half_white(here / "keep.png", white_first=False)
    assert drag(*POINT, "--mask", "may.png", "--out", "a.png").code == 0
    assert drag(*POINT, "--keep-mask", "keep.png", "--out", "b.png").code == 0
    assert (here / "a.png").read_bytes() == (here / "b.png").read_bytes()
    drag(*POINT, "--out", "free.png")
    assert (here / "a.png").read_bytes() != (here / "free.png").read_bytes()


def test_two_masks_together_allow_what_both_allow(drag: Tugan, here: Path) -> None:
    half_white(here / "left.png", white_first=True)
    ran = drag(*POINT, "--mask", "left.png", "--keep-mask", "left.png")
    assert ran.code == 0
    assert "lets nothing change" in ran.err


def test_a_mask_on_the_handle_is_a_warning(drag: Tugan, here: Path) -> None:
    half_white(here / "right.png", white_first=False)
    ran = drag(*POINT, "--mask", "right.png")
    assert ran.code == 0
    assert ran.err.startswith("warning: the mask forbids the place of the handle at (40, 50)")
    assert (here / "tugan.png").exists()
    warnings = drag(*POINT, "--mask", "right.png", "--json").json()["warnings"]
    assert "".join(f"warning: {warning}\n" for warning in warnings) == ran.err
    assert "the place of the goal at (60, 70)" in ran.err


def test_the_overlay_marks_handle_and_goal(drag: Tugan, here: Path) -> None:
    drag(*POINT, "--out", "a.png")
    drag(*POINT, "--out", "b.png", "--overlay")
    differs = np.abs(pixels_of(here / "a.png") - pixels_of(here / "b.png")).max(axis=-1) > 0
    assert differs[70, 60]
    assert not differs[90:].any()


@pytest.mark.parametrize("suffix", ["gif", "webp"])
def test_an_animation_has_a_frame_for_the_start_and_each_step(
    drag: Tugan, here: Path, suffix: str
) -> None:
    ran = drag(*POINT, "--video", f"a.{suffix}", "--overlay", "--json")
    assert ran.json()["written"] == ["tugan.png", f"a.{suffix}"]
    assert frames_of(here / f"a.{suffix}") == 4


def test_results_go_into_new_folders(drag: Tugan, here: Path) -> None:
    assert drag(*POINT, "--out", "new/deeper/a.png").code == 0
    assert (here / "new/deeper/a.png").exists()


@pytest.mark.parametrize("preset", ["auto", "paper", "original"])
def test_every_preset_runs(drag: Tugan, preset: str) -> None:
    report = drag(*POINT, "--preset", preset, "--json").json()
    assert (report["outcome"], report["steps"]) == ("step-limit", 3)


def test_presets_differ(drag: Tugan, here: Path) -> None:
    for preset in ("auto", "paper", "original"):
        drag(*POINT, "--preset", preset, "--out", f"{preset}.png")
    assert len({path.read_bytes() for path in here.iterdir()}) == 3


@pytest.mark.parametrize("latent", ["w", "w+", "W+:2", "w:12"])
def test_every_latent_runs(drag: Tugan, here: Path, latent: str) -> None:
    assert drag(*POINT, "--latent", latent, "--out", "a.png").code == 0
    drag(*POINT, "--latent", "w+:1", "--out", "b.png")
    assert (here / "a.png").read_bytes() != (here / "b.png").read_bytes()


def poisoned(source: Path, folder: Path) -> Path:
    """The model with a NaN in a weight of its synthesis."""
    generator = load_generator(source, device="cpu")
    weights = {
        name: tensor
        for name, tensor in generator.state_dict().items()
        if tensor.ndim == 4 and tensor.shape[-1] == 3
    }
    with torch.no_grad():
        weights[min(weights)].fill_(math.nan)
    save_pretrained(generator, folder)
    return folder


def test_a_model_that_draws_nan_is_refused(tugan: Tugan, here: Path, model: Path) -> None:
    folder = poisoned(model, here / "poisoned")
    for command in (("generate",), ("drag", *POINT)):
        ran = tugan(*command, "--model", folder, "--json")
        assert ran.code == 2
        assert "NaN" in ran.json()["error"]
    assert not (here / "tugan.png").exists()


def test_a_drag_that_breaks_down_keeps_its_last_good_picture(drag: Tugan, here: Path) -> None:
    adam = ("--solver", "adam", "--steps", "1")
    assert drag(*POINT, *adam, "--save-project", "a.tugan").code == 0
    project = load_project(here / "a.tugan")
    assert isinstance(project.header.settings, DragSettings)
    wild = replace(project.header.settings, learning_rate=1e38, max_steps=9)
    header = project.header.model_copy(update={"settings": wild})
    save_project(here / "wild.tugan", replace(project, header=header))
    ran = drag("--project", "wild.tugan", "--out", "wild.png", "--json")
    assert ran.code == 1
    report = ran.json()
    assert report["outcome"] == "not-finite"
    assert "last good state is kept" in report["sentence"]
    assert pixels_of(here / "wild.png").shape == (128, 128, 3)


def test_newton_unless_somebody_says_otherwise(drag: Tugan, here: Path) -> None:
    for arguments, solver in (
        ((), "newton"),
        (("--solver", "adam"), "adam"),
        (("--preset", "paper"), "adam"),
        (("--preset", "auto", "--solver", "newton"), "newton"),
    ):
        name = f"{'-'.join(arguments)}.tugan"
        ran = drag(*POINT, *arguments, "--steps", "1", "--save-project", name)
        assert ran.code == 0
        assert load_project(here / name).header.solver == solver


def test_a_preset_of_another_solver_is_refused(drag: Tugan) -> None:
    ran = drag(*POINT, "--solver", "newton", "--preset", "paper")
    assert ran.code == 2
    assert "--preset paper is of the solver adam or freedrag, not of newton" in ran.err


@pytest.mark.parametrize("preset", ["auto", "paper"])
def test_freedrag_is_a_solver_of_its_own(drag: Tugan, here: Path, preset: str) -> None:
    for solver in ("freedrag", "adam"):
        arguments = ("--solver", solver, "--preset", preset, "--json")
        report = drag(*POINT, *arguments, "--out", f"{solver}.png").json()
        assert (report["outcome"], report["steps"]) == ("step-limit", 3)
    assert (here / "freedrag.png").read_bytes() != (here / "adam.png").read_bytes()


def test_freedrag_is_not_saved_in_projects(drag: Tugan, here: Path) -> None:
    ran = drag(*POINT, "--solver", "freedrag", "--save-project", "a.tugan")
    assert ran.code == 2
    assert "project files do not know the solver freedrag: leave out --save-project" in ran.err
    assert not list(here.iterdir())


def test_freedrag_goes_on_from_a_project(drag: Tugan, here: Path) -> None:
    drag(*POINT, "--steps", "1", "--save-project", "a.tugan")
    ran = drag("--project", "a.tugan", "--solver", "freedrag", "--steps", "2", "--json")
    assert ran.json()["steps"] == 2


def test_photographs_are_not_dragged_with_freedrag(tugan: Tugan, here: Path) -> None:
    Image.new("RGB", (64, 64)).save(here / "photo.png")
    ran = tugan("drag", *POINT, "--image", "photo.png", "--solver", "freedrag", "--out", "b.png")
    assert ran.code == 2
    assert "--solver freedrag drags generated pictures alone" in ran.err


def test_points_say_whether_they_were_lost(drag: Tugan) -> None:
    ran = drag(*POINT, "--steps", "1", "--json")
    assert ran.json()["points"][0]["lost"] is False
