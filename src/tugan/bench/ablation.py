"""The paper's ablations (Pan et al. 2023, section 4.3, table 3) as variations of landmark drags."""

from collections.abc import Sequence

from tugan.bench.claims import Claim, decided, smaller
from tugan.bench.record import JobRecord
from tugan.bench.run_folder import RunFolder
from tugan.bench.summarise import comparable
from tugan.bench.wording import counted, number

BLOCKS_PX = (32, 64, 128, 256)
RADII = (1, 2, 3, 4, 5)
SIXTH_BLOCK_PX = 128
"""Of a StyleGAN2, counted from 4 px."""
TRACKERS = ("none", "dis", "patch", "raft", "pips")
BASE = "adam"
_RADIUS = "motion_radius_px_at_512"

METHODS = (
    BASE,
    *(f"{BASE}+tracker={name}" for name in TRACKERS),
    *(f"{BASE}+feature_px={px}" for px in BLOCKS_PX),
    *(f"{BASE}+{_RADIUS}={radius}" for radius in RADII),
)
"""One thing changed at a time."""
SMOKE_METHODS = (
    BASE,
    f"{BASE}+tracker=none",
    f"{BASE}+tracker=raft",
    f"{BASE}+feature_px={BLOCKS_PX[1]}",
)


def ablation_claims(folder: RunFolder) -> tuple[Claim, ...]:
    """On tracking, the block and the radius, by landmark drags of the first number of points."""
    records = folder.records(JobRecord)
    names = tuple(method.name for method in folder.conditions.methods)
    points = min((one.points for one in records), default=1)
    columns = comparable(records, names, points=points)
    return (_tracking(columns), _block(columns), _radius(columns))


def _tracking(columns: dict[str, list[JobRecord]]) -> Claim:
    text = "Point tracking is needed: without it handles lose their places (table 1, section 4.3)"
    base, without = _distances(columns, BASE), _distances(columns, f"{BASE}+tracker=none")
    if base is None or without is None:
        return decided(text, holds=None, evidence="one of the two was not run")
    evidence = f"MD {_mean(base)} px with tracking, {_mean(without)} px without"
    return decided(text, holds=smaller(base, without), evidence=_of(evidence, base))


def _block(columns: dict[str, list[JobRecord]]) -> Claim:
    text = "Features after the 6th block (128 px) are best (section 4.3)"
    found = {px: _distances(columns, f"{BASE}+feature_px={px}") for px in BLOCKS_PX}
    known = {px: values for px, values in found.items() if values is not None}
    if SIXTH_BLOCK_PX not in known or len(known) < 2:
        return decided(text, holds=None, evidence="the blocks were not run")
    evidence = ", ".join(f"{px} px: MD {_mean(values)}" for px, values in known.items())
    sixth = known[SIXTH_BLOCK_PX]
    verdicts = [smaller(sixth, values) for px, values in known.items() if px != SIXTH_BLOCK_PX]
    holds = None
    if all(one is True for one in verdicts):
        holds = True
    elif any(one is False for one in verdicts):
        holds = False
    return decided(text, holds=holds, evidence=_of(evidence, sixth))


def _radius(columns: dict[str, list[JobRecord]]) -> Claim:
    text = "The radius r1 hardly matters (section 4.3)"
    found = {radius: _distances(columns, f"{BASE}+{_RADIUS}={radius}") for radius in RADII}
    known = {radius: values for radius, values in found.items() if values is not None}
    if len(known) < 2:
        return decided(text, holds=None, evidence="the radii were not run")
    evidence = ", ".join(f"{radius} px: MD {_mean(values)}" for radius, values in known.items())
    best = min(known, key=lambda radius: sum(known[radius]))
    worst = max(known, key=lambda radius: sum(known[radius]))
    differs = smaller(known[best], known[worst])
    holds = None if differs is None and len(known[best]) < 3 else differs is not True
    return decided(text, holds=holds, evidence=_of(evidence, known[best]))


def _distances(columns: dict[str, list[JobRecord]], name: str) -> list[float] | None:
    records = columns.get(name)
    return [one.md_px for one in records] if records else None


def _mean(values: Sequence[float]) -> str:
    return number(sum(values) / len(values), 2)


def _of(evidence: str, values: Sequence[float]) -> str:
    return f"{evidence}; {counted(len(values), 'pair')}"
