"""The parts of a step, measured, and the machine's rates that their floors come from."""

import torch
from pydantic import BaseModel, ConfigDict

from tugan.bench.cost_model import BlockCost, known_config, synthesis_cost
from tugan.bench.floor import Floor, MachineRates, floor_of
from tugan.bench.floor_parts import Part, picture_parts, point_parts
from tugan.bench.floor_rates import measure_rates
from tugan.bench.stopwatch import median_s
from tugan.dragging.problem import DragProblem
from tugan.generators.preview_store import kept_preview_head


class PartTime(BaseModel):
    """One part: a median of a few runs, and the least that it could take."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    points: int | None
    """None where their number does not matter."""
    seconds: float
    floor: Floor | None
    """None where what it costs has not been counted."""


class BlockNote(BaseModel):
    """What one block costs by itself; backward it multiplies as often as forward."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    until_px: int
    multiply_adds: int
    forward_bytes: int
    backward_bytes: int
    picture_multiply_adds: int
    """Besides, to draw; drags need none of it."""
    picture_bytes: int

    @classmethod
    def of(cls, block: BlockCost) -> "BlockNote":
        """As the cost model has it."""
        return cls(
            until_px=block.until_px,
            multiply_adds=block.features.forward.multiply_adds,
            forward_bytes=block.features.forward.bytes,
            backward_bytes=block.features.backward.bytes,
            picture_multiply_adds=block.picture.multiply_adds,
            picture_bytes=block.picture.bytes,
        )


class FloorRecord(BaseModel):
    """All of one run, in the threads and on the device of its drags."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    rates: MachineRates
    blocks: tuple[BlockNote, ...]
    """None where the family's costs have not been counted."""
    parts: tuple[PartTime, ...]


def measure_floor(problem: DragProblem, *, points: tuple[int, ...]) -> FloorRecord:
    """The parts of the steps of these drags, with the first so many points of ``problem``.

    Some seconds, of which the whole pictures take the most. ``ValueError`` if the problem has fewer
    points than are asked for.
    """
    generator, device = problem.generator, problem.generator.device
    if max(points) > len(problem.handles_xy):
        raise ValueError(f"the problem has {len(problem.handles_xy)} points; got points={points}")
    until_px = generator.info.nearest_block(generator.info.hints.feature_px).until_px
    config = known_config(generator)
    cost = None if config is None else synthesis_cost(config)
    rates = measure_rates(cost, until_px=until_px, device=device)
    head = kept_preview_head(generator)
    timed = [
        _timed(part, rates, device)
        for part in picture_parts(generator, problem.ws, until_px=until_px, head=head)
    ]
    for count in points:
        some = DragProblem(
            generator=generator,
            ws=problem.ws,
            handles_xy=problem.handles_xy[:count],
            targets_xy=problem.targets_xy[:count],
        )
        timed += [_timed(part, rates, device) for part in point_parts(some, until_px=until_px)]
    blocks = () if cost is None else tuple(BlockNote.of(block) for block in cost.blocks)
    return FloorRecord(rates=rates, blocks=blocks, parts=tuple(timed))


def _timed(part: Part, rates: MachineRates, device: torch.device) -> PartTime:
    return PartTime(
        name=part.name,
        points=part.points,
        seconds=median_s(part.action, device=device),
        floor=None if part.cost is None else floor_of(part.cost, rates),
    )
