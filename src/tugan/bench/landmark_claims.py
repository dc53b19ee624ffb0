"""What landmark drags say of the paper's claims."""

from tugan.bench.claims import Claim, decided, smaller
from tugan.bench.mask_effect import MaskRecord
from tugan.bench.record import JobRecord
from tugan.bench.run_folder import RunFolder
from tugan.bench.summarise import comparable
from tugan.bench.wording import counted, number

MANY = 68


def many_points_claims(folder: RunFolder) -> tuple[Claim, ...]:
    """With all landmarks at once, for each method."""
    names = tuple(method.name for method in folder.conditions.methods)
    columns = comparable(folder.records(JobRecord), names, points=MANY)
    found = []
    for name, records in columns.items():
        text = f"Many points at once work (table 1): {name}, {MANY} landmarks"
        if not records:
            found.append(decided(text, holds=None, evidence="not run"))
            continue
        before = [one.no_edit_px for one in records]
        after = [one.md_px for one in records]
        evidence = (
            f"MD {number(sum(before) / len(before), 2)} px before,"
            f" {number(sum(after) / len(after), 2)} px after; {counted(len(records), 'pair')}"
        )
        found.append(decided(text, holds=smaller(after, before), evidence=evidence))
    return tuple(found)


def mask_claims(folder: RunFolder) -> tuple[Claim, ...]:
    """What moved outside the mask, for each method."""
    records = folder.records(MaskRecord)
    found = []
    for method in folder.conditions.methods:
        pairs = _with_and_without(records, method.name)
        text = f"The mask holds the rest (figure 7): {method.name}"
        held = [masked for masked, _ in pairs]
        free = [unmasked for _, unmasked in pairs]
        if not pairs:
            found.append(decided(text, holds=None, evidence="not run"))
            continue
        evidence = (
            "mean absolute change of a pixel outside, of 255:"
            f" {number(sum(held) / len(held), 2)} with the mask,"
            f" {number(sum(free) / len(free), 2)} without; {counted(len(pairs), 'drag')}"
        )
        found.append(decided(text, holds=smaller(held, free), evidence=evidence))
    return tuple(found)


def _with_and_without(records: list[MaskRecord], method: str) -> list[tuple[float, float]]:
    found = {
        (one.pair, one.points, one.masked): one.outside_change
        for one in records
        if one.method == method
    }
    pairs = []
    for (pair, points, masked), held in sorted(found.items()):
        free = found.get((pair, points, False))
        if masked and held is not None and free is not None:
            pairs.append((held, free))
    return pairs
