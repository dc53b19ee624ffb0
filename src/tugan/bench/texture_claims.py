"""What the texture experiment says of the paper's claim."""

from collections.abc import Sequence

from tugan.bench.aggregates import mean
from tugan.bench.claims import Claim, decided, smaller
from tugan.bench.run_folder import RunFolder
from tugan.bench.texture_record import TextureRecord
from tugan.bench.texture_tables import handles_side_by_side
from tugan.bench.texture_task import Texture
from tugan.bench.wording import number


def texture_claims(folder: RunFolder) -> tuple[Claim, ...]:
    """That handles with little texture drift, for each method; by pictures that show both."""
    names = tuple(method.name for method in folder.conditions.methods)
    columns = handles_side_by_side(folder.records(TextureRecord), names)
    return tuple(_claim(name, records) for name, records in columns.items())


def _claim(name: str, records: Sequence[TextureRecord]) -> Claim:
    text = f"Handles without texture drift (a limit that the paper names): {name}"
    low, high = _by_picture(records, Texture.LOW), _by_picture(records, Texture.HIGH)
    both = sorted(low.keys() & high.keys())
    if not both:
        return decided(text, holds=None, evidence="no picture whose drags show both")
    of_low, of_high = [low[pair] for pair in both], [high[pair] for pair in both]
    count = "1 picture" if len(both) == 1 else f"{len(both)} pictures"
    evidence = (
        f"mean drift from where the solver saw the handle: {number(mean(of_low), 1)} px of low"
        f" texture, {number(mean(of_high), 1)} px of high, at 512; {count} whose"
        " drags show both"
    )
    return decided(text, holds=smaller(of_high, of_low), evidence=evidence)


def _by_picture(records: Sequence[TextureRecord], texture: Texture) -> dict[int, float]:
    """The mean drift of a picture's handles: those of one picture are not independent."""
    found: dict[int, list[float]] = {}
    for one in records:
        if one.texture is texture and one.drift_px is not None:
            found.setdefault(one.pair, []).append(one.drift_px)
    return {pair: sum(drifts) / len(drifts) for pair, drifts in found.items()}
