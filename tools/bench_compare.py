"""Is one checkout slower than another?

    python tools/bench_compare.py main .                   # git revisions, or folders
    python tools/bench_compare.py HEAD~5 HEAD --rounds 9 --cases faces-picture,faces-adam-step

Runs the cases of tools/bench_cases.py in turns, old and new, each time in a process of its own with
one thread. A round gives the ratio of two medians; shown are the median of these ratios and their
quartiles. Revisions are checked out beside the repository (git worktree) and removed at the end.
Where ``perf`` counts instructions, those of a repetition are shown as well: they hardly waver.

Exit codes: 0 - nothing is slower; 1 - something is slower than --allow even by the lower quartile
of its ratios, or breaks in the new checkout alone; 2 - bad input.
"""

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from bench_cases import CASES
from bench_checkouts import Checkout, InputError, checkout_of

PROGRAM = Path(__file__).with_name("bench_cases.py")
SIDES = ("old", "new")
EXIT_FINE, EXIT_SLOWER, EXIT_INPUT = 0, 1, 2
ALLOW = 1.15
LIMIT_S = 900.0
COUNTER = "instructions:u"


@dataclass(frozen=True, kw_only=True)
class Ran:
    """One process: seconds of its repetitions, or why there are none."""

    seconds: tuple[float, ...] = ()
    lacks: str = ""
    """What this checkout does not have."""
    broke: str = ""
    """The last line of an error."""


@dataclass(kw_only=True)
class Measured:
    """One case, all rounds of it."""

    name: str
    medians_s: dict[str, list[float]] = field(default_factory=lambda: {side: [] for side in SIDES})
    troubles: dict[str, Ran] = field(default_factory=dict)
    """By side, what kept it from being timed."""
    instructions: dict[str, float] = field(default_factory=dict)
    """Of one repetition, by side; empty where they cannot be counted."""

    def quartiles(self) -> tuple[float, float, float]:
        """Of the rounds' ratios, new to old."""
        pairs = zip(self.medians_s["new"], self.medians_s["old"], strict=True)
        lower, middle, upper = np.quantile([new / old for new, old in pairs], (0.25, 0.5, 0.75))
        return float(lower), float(middle), float(upper)

    def slower(self, allow: float) -> bool:
        """Beyond what is allowed, and beyond the spread; a case that broke is slower than any."""
        if self.troubles:
            return bool(self.troubles.get("new", Ran()).broke) and "old" not in self.troubles
        return self.quartiles()[0] > allow


def compare(
    old: Checkout, new: Checkout, cases: Sequence[str], *, rounds: int, scratch: Path
) -> Iterator[Measured]:
    """Case by case, sides in turns; ``scratch`` takes what the package keeps."""
    counting = can_count_instructions(scratch)
    for name in cases:
        found = Measured(name=name)
        for index in range(rounds):
            order = (old, new) if index % 2 == 0 else (new, old)
            for checkout in order:
                if checkout.side not in found.troubles:
                    _time(found, checkout, scratch)
            if found.troubles:
                break
        if counting and not found.troubles:
            for checkout in (old, new):
                found.instructions[checkout.side] = instructions_of(name, checkout, scratch)
        yield found


def _time(found: Measured, checkout: Checkout, scratch: Path) -> None:
    ran = run_case(found.name, checkout, scratch)
    if ran.lacks or ran.broke:
        found.troubles[checkout.side] = ran
    else:
        found.medians_s[checkout.side].append(statistics.median(ran.seconds))


def run_case(name: str, checkout: Checkout, scratch: Path) -> Ran:
    """In a process of its own."""
    try:
        done = _process(_command(name, checkout), checkout, scratch)
    except subprocess.TimeoutExpired:
        return Ran(broke=f"not done after {LIMIT_S:g} s")
    if done.returncode:
        last = done.stderr.strip().splitlines()[-1:]
        return Ran(broke="".join(last) or f"ended with {done.returncode}")
    told = json.loads(done.stdout.splitlines()[-1])
    if "lacks" in told:
        return Ran(lacks=told["lacks"])
    return Ran(seconds=tuple(told["seconds"]))


def _command(name: str, checkout: Checkout, *more: str) -> list[str]:
    source = str(checkout.folder / "src")
    return [sys.executable, str(PROGRAM), name, "--source", source, *more]


def _process(
    command: list[str], checkout: Checkout, scratch: Path
) -> subprocess.CompletedProcess[str]:
    kept = scratch / checkout.side
    environment = {
        **os.environ,
        "PYTHONPATH": str(checkout.folder / "src"),
        "OMP_NUM_THREADS": "1",
        "MKL_NUM_THREADS": "1",
        "TUGAN_CACHE": str(kept / "cache"),
        "TUGAN_STATE": str(kept / "state"),
    }
    return subprocess.run(
        command, env=environment, capture_output=True, text=True, timeout=LIMIT_S, check=False
    )


# ---- instructions ------------------------------------------------------------------------------


def can_count_instructions(scratch: Path) -> bool:
    """Is there a ``perf`` that may, on a processor that does?"""
    if shutil.which("perf") is None:
        return False
    out = scratch / "perf.csv"
    command = ["perf", "stat", "-x,", "-e", COUNTER, "-o", str(out), sys.executable, "-c", ""]
    if subprocess.run(command, capture_output=True, check=False).returncode:
        return False
    return counted(out.read_text(encoding="utf-8")) is not None


def counted(text: str) -> float | None:
    """The count in what ``perf stat -x,`` wrote; None where it says that there is none."""
    for line in text.splitlines():
        first, _, rest = line.partition(",")
        if COUNTER.partition(":")[0] in rest and first.isdigit():
            return float(first)
    return None


def instructions_of(name: str, checkout: Checkout, scratch: Path) -> float:
    """Of one repetition: what a process with them all has more than one with none."""
    repeats = CASES[name].repeats
    counts = []
    for number in (0, repeats):
        out = scratch / "perf.csv"
        perf = ["perf", "stat", "-x,", "-e", COUNTER, "-o", str(out)]
        command = [*perf, *_command(name, checkout, "--repeats", str(number))]
        _process(command, checkout, scratch)
        counts.append(counted(out.read_text(encoding="utf-8")) or 0.0)
    return (counts[1] - counts[0]) / repeats


# ---- what is said ------------------------------------------------------------------------------


def line_of(found: Measured, *, allow: float) -> str:
    """One case."""
    if found.troubles:
        return f"{found.name:22}   {'; '.join(_trouble(*one) for one in found.troubles.items())}"
    old_ms, new_ms = (1000 * statistics.median(found.medians_s[side]) for side in SIDES)
    lower, middle, upper = found.quartiles()
    line = (
        f"{found.name:22} {old_ms:10.1f} {new_ms:10.1f}   {middle:5.2f}x"
        f"  {lower:5.2f} to {upper:5.2f}"
    )
    if found.instructions:
        old, new = (found.instructions[side] for side in SIDES)
        line += f"   {new / old:5.2f}x of {old / 1e9:.2f} G" if old > 0 else "   not counted"
    return line + ("   SLOWER" if found.slower(allow) else "")


def _trouble(side: str, ran: Ran) -> str:
    if ran.lacks:
        return f"the {side} checkout lacks this case ({ran.lacks})"
    return f"broke in the {side} checkout: {ran.broke}"


def heading(*, instructions: bool) -> str:
    """Over the lines."""
    columns = f"{'case':22} {'old ms':>10} {'new ms':>10}   ratio   quartiles"
    return columns + ("        instructions" if instructions else "")


def asked_cases(text: str | None) -> tuple[str, ...]:
    """Those that are usual, or those named; :class:`InputError` for others."""
    if text is None:
        return tuple(name for name, case in CASES.items() if case.usual)
    names = tuple(word.strip() for word in text.split(",") if word.strip())
    wrong = [name for name in names if name not in CASES]
    if wrong or not names:
        raise InputError(
            f"--cases is {text!r}; expected some of {', '.join(CASES)}, with commas between"
        )
    return names


def main(argv: Sequence[str] | None = None) -> int:
    """Compare and print; the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("old", help="a folder with src/tugan, or a git revision")
    parser.add_argument("new", help="the same")
    parser.add_argument("--rounds", type=int, default=5, help="of old and new, in turns")
    parser.add_argument("--allow", type=float, default=ALLOW, help="ratio that is still fine")
    parser.add_argument("--cases", help=f"with commas between: {', '.join(CASES)}")
    arguments = parser.parse_args(argv)
    if arguments.rounds < 1 or not arguments.allow > 0:
        parser.error("--rounds must be at least 1, and --allow positive")
    try:
        return _compared(arguments)
    except InputError as error:
        print(error, file=sys.stderr)
        return EXIT_INPUT


def _compared(arguments: argparse.Namespace) -> int:
    cases = asked_cases(arguments.cases)
    slower = []
    with ExitStack() as stack:
        scratch = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="tugan-compare-")))
        old, new = (
            stack.enter_context(checkout_of(name, side, scratch))
            for name, side in zip((arguments.old, arguments.new), SIDES, strict=True)
        )
        print(f"old: {arguments.old}, new: {arguments.new}; {arguments.rounds} rounds, one thread")
        counting = can_count_instructions(scratch)
        if not counting:
            print("instructions are not counted: there is no perf here that may, or can")
        print(heading(instructions=counting))
        for found in compare(old, new, cases, rounds=arguments.rounds, scratch=scratch):
            print(line_of(found, allow=arguments.allow), flush=True)
            if found.slower(arguments.allow):
                slower.append(found.name)
    if slower:
        print(f"slower than {arguments.allow:g} times the old one: {', '.join(slower)}")
    return EXIT_SLOWER if slower else EXIT_FINE


if __name__ == "__main__":
    sys.exit(main())
