"""The experiments by name: how each is set up, and how it is read."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

from tugan.bench import ablation
from tugan.bench.bench_error import BenchError
from tugan.bench.claims import Claim
from tugan.bench.experiment import Experiment
from tugan.bench.landmark_claims import many_points_claims, mask_claims
from tugan.bench.landmark_task import LandmarkTask, MaskKind
from tugan.bench.landmarks import Landmarks
from tugan.bench.live import LiveExperiment
from tugan.bench.live_face import can_be_live
from tugan.bench.live_report import live_report
from tugan.bench.live_task import LiveTask
from tugan.bench.mask_effect import MaskEffect
from tugan.bench.mask_report import mask_report
from tugan.bench.methods import near
from tugan.bench.paired import Paired
from tugan.bench.paired_report import paired_report
from tugan.bench.paired_task import PairedTask
from tugan.bench.picture_claims import paired_claims, roundtrip_claims
from tugan.bench.report import Report, write_page, write_report
from tugan.bench.report_page import ReportPage
from tugan.bench.roundtrip import RoundTrip
from tugan.bench.roundtrip_report import roundtrip_report
from tugan.bench.roundtrip_task import RoundTripTask
from tugan.bench.run_folder import RunFolder
from tugan.bench.speed import SpeedExperiment
from tugan.bench.speed_report import speed_report
from tugan.bench.speed_task import SpeedTask
from tugan.bench.start_up import RUNS
from tugan.bench.texture import TextureExperiment
from tugan.bench.texture_claims import texture_claims
from tugan.bench.texture_report import texture_report
from tugan.bench.texture_task import TextureTask

Preset = Literal["smoke", "standard", "paper"]
PRESETS: tuple[Preset, ...] = ("smoke", "standard", "paper")


@dataclass(frozen=True, kw_only=True)
class Asked:
    """What a person may choose of an experiment."""

    pairs: int
    seed: int
    psi: float = 0.7
    points: tuple[int, ...] | None = None
    """None takes the experiment's own."""
    mask: MaskKind = "none"
    limit_s: float | None = None
    """That a drag may take."""
    check_every: int | None = None
    """Every how many steps a live drag is looked at; None takes the experiment's own."""
    brief: bool = False
    """Is it to be as short as it can be?"""


@dataclass(frozen=True, kw_only=True)
class Kind:
    """An experiment."""

    name: str
    says: str
    """What it answers, in a line."""
    pairs: Mapping[Preset, int]
    methods: Mapping[Preset, tuple[str, ...]]
    make: Callable[[Asked], Experiment] = field(repr=False)
    report: Callable[[RunFolder], Report | ReportPage] = field(repr=False)
    """Writes it; the page is for the terminal and for the overview."""
    claims: Callable[[RunFolder], tuple[Claim, ...]] = field(default=lambda folder: (), repr=False)
    needs_faces: bool = True
    compares: Callable[[str], bool] = field(default=lambda method: True, repr=False)
    """Can it be done with the method of this name?"""


def _landmarks(asked: Asked) -> Landmarks:
    return Landmarks(task=_landmark_task(asked, (1, 5, 68)), limit_s=asked.limit_s)


def _ablation(asked: Asked) -> Landmarks:
    return Landmarks(task=_landmark_task(asked, (1,)), limit_s=asked.limit_s)


def _mask(asked: Asked) -> MaskEffect:
    return MaskEffect(task=_landmark_task(asked, (5,)), limit_s=asked.limit_s)


def _paired(asked: Asked) -> Paired:
    task = PairedTask(pairs=asked.pairs, seed=asked.seed, psi=asked.psi)
    return Paired(task=task, limit_s=asked.limit_s)


def _roundtrip(asked: Asked) -> RoundTrip:
    task = RoundTripTask(pairs=asked.pairs, seed=asked.seed, psi=asked.psi)
    return RoundTrip(task=task, limit_s=asked.limit_s)


def _texture(asked: Asked) -> TextureExperiment:
    task = TextureTask(pairs=asked.pairs, seed=asked.seed, psi=asked.psi)
    return TextureExperiment(task=task, limit_s=asked.limit_s)


def _speed(asked: Asked) -> SpeedExperiment:
    task = SpeedTask(pairs=asked.pairs, seed=asked.seed, psi=asked.psi)
    runs = min(asked.pairs, RUNS)  # a smoke run is to be short
    return SpeedExperiment(task=task, limit_s=asked.limit_s, start_up_runs=runs)


def _live(asked: Asked) -> LiveExperiment:
    task = LiveTask(pairs=asked.pairs, seed=asked.seed, psi=asked.psi)
    if asked.brief:
        task = replace(task, rates=task.rates[:1], rest_steps=2, check_every=6)
    if asked.check_every is not None:
        task = replace(task, check_every=asked.check_every)
    return LiveExperiment(task=task, limit_s=asked.limit_s)


def _landmark_task(asked: Asked, points: tuple[int, ...]) -> LandmarkTask:
    return LandmarkTask(
        pairs=asked.pairs,
        points=asked.points or points,
        seed=asked.seed,
        psi=asked.psi,
        mask=asked.mask,
    )


def paged(make: Callable[[RunFolder], ReportPage]) -> Callable[[RunFolder], ReportPage]:
    """Make a page and write it."""

    def write(folder: RunFolder) -> ReportPage:
        page = make(folder)
        write_page(folder, page)
        return page

    return write


_BOTH = ("adam", "newton")
_ALL = ("adam", "newton", "freedrag")

KINDS: dict[str, Kind] = {
    kind.name: kind
    for kind in (
        Kind(
            name="landmarks",
            says="how near a face's landmarks come to another's, with 1, 5 and 68 points (table 1)",
            pairs={"smoke": 1, "standard": 20, "paper": 1000},
            methods={"smoke": _BOTH, "standard": _BOTH, "paper": ("adam-paper", *_ALL)},
            make=_landmarks,
            report=write_report,
            claims=many_points_claims,
        ),
        Kind(
            name="paired",
            says="how near a drag comes to a picture that is known, by 32 points of it (table 2)",
            pairs={"smoke": 1, "standard": 20, "paper": 1000},
            methods={"smoke": ("newton",), "standard": _ALL, "paper": ("adam-paper", *_ALL)},
            make=_paired,
            report=paged(paired_report),
            claims=paired_claims,
            needs_faces=False,
        ),
        Kind(
            name="ablation",
            says="what tracking, the feature block and the radius are good for (section 4.3)",
            pairs={"smoke": 1, "standard": 20, "paper": 1000},
            methods={
                "smoke": ablation.SMOKE_METHODS,
                "standard": ablation.METHODS,
                "paper": ablation.METHODS,
            },
            make=_ablation,
            report=write_report,
            claims=ablation.ablation_claims,
        ),
        Kind(
            name="mask",
            says="whether the mask holds what is outside of it (figure 7)",
            pairs={"smoke": 1, "standard": 20, "paper": 1000},
            methods={"smoke": ("newton",), "standard": _BOTH, "paper": _BOTH},
            make=_mask,
            report=paged(mask_report),
            claims=mask_claims,
        ),
        Kind(
            name="roundtrip",
            says="what is left of a picture that was dragged there and back",
            pairs={"smoke": 1, "standard": 10, "paper": 1000},
            methods={"smoke": ("newton",), "standard": _ALL, "paper": _ALL},
            make=_roundtrip,
            report=paged(roundtrip_report),
            claims=roundtrip_claims,
        ),
        Kind(
            name="texture",
            says="whether handles without texture drift, and say so (the paper's limitations)",
            pairs={"smoke": 1, "standard": 10, "paper": 100},
            methods={"smoke": ("newton",), "standard": _BOTH, "paper": _BOTH},
            make=_texture,
            report=paged(texture_report),
            claims=texture_claims,
            needs_faces=False,
        ),
        Kind(
            name="speed",
            says="seconds and memory, to the first motion, a step and to the end",
            pairs={"smoke": 1, "standard": 3, "paper": 20},
            methods={"smoke": ("newton",), "standard": _ALL, "paper": ("adam-paper", *_ALL)},
            make=_speed,
            report=paged(speed_report),
            needs_faces=False,
        ),
        Kind(
            name="live",
            says="whether a picture or a preview breaks under slow, fast and jumping hands",
            pairs={"smoke": 1, "standard": 10, "paper": 60},
            methods={"smoke": ("newton",), "standard": ("newton",), "paper": ("newton",)},
            make=_live,
            report=paged(live_report),
            compares=can_be_live,
        ),
    )
}


def kind_of(name: str) -> Kind:
    """:class:`BenchError` lists the experiments."""
    found = KINDS.get(name)
    if found is None:
        raise BenchError(
            f"there is no experiment {name!r}{near(name, tuple(KINDS))}; expected one of"
            f" {', '.join(KINDS)}"
        )
    return found


DEVELOPMENT = 2**31
"""Seeds of development pairs are this much higher, so that no held-out pair is ever among them."""


def seed_of(seed: int, split: str) -> int:
    """The seed that pairs are drawn from; :class:`BenchError` for other splits and seeds."""
    if not 0 <= seed < DEVELOPMENT:
        raise BenchError(f"the seed is {seed}; expected 0 to {DEVELOPMENT - 1}")
    if split not in ("held-out", "development"):
        raise BenchError(f"the split is {split!r}; expected held-out or development")
    return seed + DEVELOPMENT if split == "development" else seed
