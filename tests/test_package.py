"""The names that a user imports, and what importing them costs."""

import subprocess
import sys

import pytest

import tugan


@pytest.mark.parametrize("name", tugan.__all__)
def test_every_public_name_is_there(name: str) -> None:
    assert getattr(tugan, name) is not None
    assert name in dir(tugan)


PHOTOGRAPHS = """
    Alignment DlibFaces Face FaceTools IdentityModel InversionSettings InversionTarget PhotoEdit
    PhotoSource PhotoStep TuningSettings begin_photo edited_photo find_faces generator_of invert
    invert_photo load_photo_edit manual_crop more_tuning prepare_target read_photo save_photo_edit
    tune write_photo
"""
DRAGS = """
    Adam DragProblem DragSettings DragStep Generator LiveDrag Newton NewtonSettings Outcome
    TuganError drag from_pretrained load_generator load_latent preview_head_of push_to_hub sample_z
    save_pretrained synthesize to_rgb_array
"""


def test_the_public_names_are_these() -> None:
    """A name that is gone breaks somebody's program; one that is new belongs in this list."""
    assert set(tugan.__all__) == {*PHOTOGRAPHS.split(), *DRAGS.split(), "__version__"}


def test_a_public_name_is_the_one_of_its_module() -> None:
    from tugan.dragging.problem import DragProblem

    assert tugan.DragProblem is DragProblem


def test_an_unknown_name_is_an_attribute_error_that_names_it() -> None:
    with pytest.raises(AttributeError, match="has no attribute 'undrag'"):
        getattr(tugan, "undrag")  # noqa: B009  (mypy knows that it is not there)


def test_importing_the_package_does_not_import_torch() -> None:
    program = "import sys, tugan; print('torch' in sys.modules)"
    ran = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert ran.stdout.strip() == "False"
