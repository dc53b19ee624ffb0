"""Plug-ins that do not work, beside one that does: real packages on the path."""

import sys
import textwrap
import warnings
from pathlib import Path

import pytest
import torch

from tugan.core.errors import CheckpointError
from tugan.generators.loading import build, load_generator, read_model
from tugan.generators.model_config import About, CanonicalModel, ModelConfig
from tugan.generators.plug_ins import PlugInWarning
from tugan.generators.protocol import DragHints
from tugan.generators.registry import families, family_named

FAMILY = """
class Family:
    def __init__(self, name):
        self.name = name
    def build(self, model):
        raise LookupError("no such thread")
    def adopt(self, raw, *, name):
        if "mine" in raw.tensors:
            raise LookupError("no such needle")
        return None
"""


@pytest.fixture
def plug_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> "Installer":
    monkeypatch.syspath_prepend(str(tmp_path))
    # modules of the same names, from other tests
    for name in [one for one in sys.modules if one.endswith("_module")]:
        monkeypatch.delitem(sys.modules, name)
    return Installer(tmp_path)


class Installer:
    """Makes packages of one module with entry points."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def __call__(self, name: str, source: str, value: str) -> None:
        (self._folder / f"{name}_module.py").write_text(FAMILY + textwrap.dedent(source))
        info = self._folder / f"{name}-1.0.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
        (info / "entry_points.txt").write_text(
            f"[tugan.generators]\n{name} = {name}_module:{value}\n"
        )


def model_of(family: str) -> CanonicalModel:
    hints = DragHints(feature_px=4, latent="w", rows=1, whitened=False, learning_rate=1.0)
    config = ModelConfig(family=family, about=About(name="m"), hints=hints, architecture={})
    return CanonicalModel(config=config, tensors={})


@pytest.mark.parametrize(
    ("source", "value", "told"),
    [
        ("import nowhere_to_be_found", "x", "cannot be imported: ModuleNotFoundError"),
        ("1 / 0", "x", "cannot be imported: ZeroDivisionError"),
        ("", "missing", "cannot be imported: AttributeError"),
        ("x = 3", "x", "is no family"),
        ("", "Family", "is a class, expected an instance"),
        ("x = Family(3)", "x", "is no family"),
        ("x = Family('stylegan2')", "x", "called 'stylegan2' as another one"),
    ],
)
def test_a_broken_plug_in_is_named_and_the_others_work(
    plug_in: Installer, source: str, value: str, told: str
) -> None:
    plug_in("abroken", source, value)
    plug_in("zworking", "x = Family('good')", "x")
    with pytest.warns(
        PlugInWarning, match=rf"abroken of the package abroken is left out: .*{told}"
    ):
        names = [family.name for family in families()]
    assert names[:2] == ["stylegan2", "mobilestylegan"]
    assert names[-1] == "good"


def test_it_is_told_once(plug_in: Installer) -> None:
    plug_in("abroken", "1 / 0", "x")
    with warnings.catch_warnings(record=True) as told:
        warnings.resetwarnings()
        list(families())
        list(families())
    assert len([one for one in told if one.category is PlugInWarning]) == 1


def test_built_in_families_do_not_look_for_plug_ins(plug_in: Installer) -> None:
    """Warnings are errors here."""
    plug_in("abroken", "1 / 0", "x")
    assert load_generator("faces-1024", device="cpu").info.family == "mobilestylegan"


def test_what_a_plug_in_raises_is_told_as_its_own(plug_in: Installer) -> None:
    plug_in("thread", "x = Family('thread')", "x")
    with pytest.raises(CheckpointError, match=r"thread of the package thread cannot build m: Look"):
        build(model_of("thread"))


def test_a_plug_in_that_fails_at_a_file_leaves_it_to_the_others(
    plug_in: Installer, tmp_path: Path
) -> None:
    plug_in("thread", "x = Family('thread')", "x")
    torch.save({"mine": torch.zeros(3)}, tmp_path / "mine.pt")
    with (
        pytest.warns(PlugInWarning, match="fails to look at mine: LookupError: no such needle"),
        pytest.raises(CheckpointError, match="of no generator family known here"),
    ):
        read_model(tmp_path / "mine.pt")


def test_a_family_that_is_nowhere_is_told_with_those_that_are(plug_in: Installer) -> None:
    plug_in("thread", "x = Family('thread')", "x")
    with pytest.raises(CheckpointError, match=r"is 'yarn'; here there are stylegan2, .*thread\."):
        family_named("yarn")
