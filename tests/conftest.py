"""Shapes are checked while tests run, and torch is held to one thread a worker."""

import os
import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from jaxtyping import install_import_hook

# No test writes to the home folder, nor do the programs that tests start.
CACHE = tempfile.TemporaryDirectory(prefix="tugan-cache-")
os.environ["TUGAN_CACHE"] = CACHE.name
os.environ["TUGAN_STATE"] = f"{CACHE.name}/state"

# Before the first import of the package. The readers of files have no shapes to check, and
# their tests count memory.
CHECKED = ("core", "dragging", "render", "session", "generators.protocol", "generators.mapping")
CHECKED_FAMILIES = (
    "generators.stylegan2",
    "generators.stylegan3",
    "generators.mobilestylegan",
    "generators.toy",
)
CHECKED_HELPERS = (
    "generators.preview",
    "generators.preview_fit",
    "generators.noise",
    "generators.windows",
    "generators.w_statistics",
    "generators.repainting",
)
CHECKED_MEASURES = (
    "inversion",
    "perceptual",
    "bench.face_mask",
    "bench.face_pairs",
    "bench.landmark_metrics",
    "bench.curves",
    "bench.timed_drag",
    "bench.picture_metrics",
    "bench.optical_flow",
    "bench.paired_drawing",
    "bench.roundtrip_trip",
    "bench.picture_sheet",
    "bench.texture_match",
    "bench.texture_picture",
    "bench.speed",
)
install_import_hook(
    [f"tugan.{name}" for name in CHECKED + CHECKED_FAMILIES + CHECKED_HELPERS + CHECKED_MEASURES],
    "shape_checker.checked",
)

import torch  # noqa: E402

from tugan.generators.loading import load_generator  # noqa: E402
from tugan.generators.protocol import PretrainedGenerator  # noqa: E402
from tugan.generators.toy import ToyGenerator  # noqa: E402

torch.set_num_threads(1)

# How long an example takes is no property of what is tested.
settings.register_profile("patient", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("patient")

ORACLE = Path(__file__).parent / "data/oracle"


@pytest.fixture(scope="session")
def oracle_dir() -> Path:
    """Numbers that the original programs computed; see its README."""
    return ORACLE


@pytest.fixture
def toy() -> ToyGenerator:
    """64 px; drags on it have a known answer."""
    return ToyGenerator()


@pytest.fixture(scope="session")
def faces() -> PretrainedGenerator:
    """The default model."""
    return load_generator("faces-1024", device="cpu")


@pytest.fixture(scope="session")
def stylegan2_128(oracle_dir: Path) -> PretrainedGenerator:
    """Random weights, from NVIDIA's layout."""
    return load_generator(oracle_dir / "nvidia-stylegan2-128.pkl", device="cpu")
