"""What the paired reconstruction and the round trip say of the methods."""

from tugan.bench.claims import Claim, decided, smaller
from tugan.bench.paired_record import PairedRecord
from tugan.bench.roundtrip_record import RoundTripRecord
from tugan.bench.roundtrip_tables import whole_trips
from tugan.bench.run_folder import RunFolder
from tugan.bench.trial_tables import side_by_side
from tugan.bench.wording import counted, number


def paired_claims(folder: RunFolder) -> tuple[Claim, ...]:
    """Does dragging some points bring the whole picture nearer to the one asked for?"""
    columns = side_by_side(folder.records(PairedRecord), _methods(folder))
    found = []
    for name, records in columns.items():
        text = f"A drag of some points reconstructs the picture (table 2): {name}"
        if not records:
            found.append(decided(text, holds=None, evidence="not run"))
            continue
        before = [one.no_edit.mse for one in records]
        after = [one.counted.mse for one in records]
        evidence = (
            f"MSE x 100 {_mean(before)} before, {_mean(after)} after;"
            f" {counted(len(records), 'pair')}"
        )
        found.append(decided(text, holds=smaller(after, before), evidence=evidence))
    return tuple(found)


def roundtrip_claims(folder: RunFolder) -> tuple[Claim, ...]:
    """Does the way back bring the picture nearer to where it began? FreeDrag's question."""
    columns = side_by_side(folder.records(RoundTripRecord), _methods(folder))
    found = []
    for name, records in columns.items():
        text = f"A drag can be taken back by dragging (not in the paper): {name}"
        whole = whole_trips(records)
        if not whole:
            found.append(decided(text, holds=None, evidence="not run"))
            continue
        there = [one.picture.mse for _, one, _ in whole]
        back = [one.picture.mse for *_, one in whole]
        evidence = (
            f"MSE x 100 from the start {_mean(there)} there, {_mean(back)} back again;"
            f" {counted(len(whole), 'trip')}"
        )
        found.append(decided(text, holds=smaller(back, there), evidence=evidence))
    return tuple(found)


def _methods(folder: RunFolder) -> tuple[str, ...]:
    return tuple(method.name for method in folder.conditions.methods)


def _mean(values: list[float]) -> str:
    return number(100 * sum(values) / len(values), 2)
