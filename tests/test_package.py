"""The names that a user imports, and what importing them costs."""

import subprocess
import sys

import pytest

import tugan


@pytest.mark.parametrize("name", tugan.__all__)
def test_every_public_name_is_there(name: str) -> None:
    assert getattr(tugan, name) is not None
    assert name in dir(tugan)


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
