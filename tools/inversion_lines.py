"""The lines that bench_inversion.py writes: which targets are complete, and tables of them."""

import json
import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

COMPLETE = "complete"
"""The stage that says that a target is done with."""
PSNR_GOAL_DB = 27.0
COLUMNS = ("psnr_db", "face_psnr_db", "identity", "seconds", "cpu_s", "goal_s")

Line = dict[str, object]


@dataclass(frozen=True, kw_only=True)
class BenchLines:
    """A file of lines, to add to."""

    path: Path

    def read(self) -> list[Line]:
        """What was written so far; a last line cut short by the end of a run is left out."""
        if not self.path.exists():
            return []
        lines = []
        for text in self.path.read_text().splitlines():
            try:
                lines.append(json.loads(text))
            except json.JSONDecodeError:
                continue
        return lines

    def write(self, name: str, stage: str, **numbers: object) -> None:
        """A line, to the file and to the screen."""
        line = json.dumps({"target": name, "stage": stage, **numbers})
        print(line, flush=True)
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with self.path.open("a") as file:
            file.write(line + "\n")

    def complete(self) -> frozenset[str]:
        """Names of the targets that need not be done again."""
        return frozenset(str(line["target"]) for line in self.read() if line["stage"] == COMPLETE)


def table_of(lines: Sequence[Line]) -> str:
    """Markdown: each stage of complete targets by name, then mean, median, worst of each stage."""
    done = {line["target"] for line in lines if line["stage"] == COMPLETE}
    # a target begun twice has its last lines counted
    latest = {
        (str(line["target"]), str(line["stage"])): line
        for line in lines
        if line["target"] in done and "psnr_db" in line
    }
    rows = [_row(target, stage, line) for (target, stage), line in latest.items()]
    for stage in dict.fromkeys(stage for _, stage in latest):
        rows.extend(_summary(stage, [x for (_, other), x in latest.items() if other == stage]))
    head = f"| target | stage | {' | '.join(COLUMNS)} |"
    return "\n".join([head, "|---" * (len(COLUMNS) + 2) + "|", *rows])


def _row(target: str, stage: str, line: Line) -> str:
    cells = ["-" if line.get(name) is None else str(line[name]) for name in COLUMNS]
    return f"| {target} | {stage} | {' | '.join(cells)} |"


def _summary(stage: str, lines: Sequence[Line]) -> list[str]:
    known = {
        name: [float(str(line[name])) for line in lines if line.get(name) is not None]
        for name in COLUMNS
    }
    rows = []
    for title, of in (("mean", statistics.fmean), ("median", statistics.median)):
        cells = [f"{of(known[name]):.3f}" if known[name] else "-" for name in COLUMNS]
        rows.append(f"| {title} of {len(lines)} | {stage} | {' | '.join(cells)} |")
    worst = [
        "-" if not known[name] else str((min if "psnr" in name else max)(known[name]))
        for name in COLUMNS
    ]
    rows.append(f"| worst of {len(lines)} | {stage} | {' | '.join(worst)} |")
    reached = sum(value >= PSNR_GOAL_DB for value in known["psnr_db"])
    rows.append(f"| {reached} of {len(lines)} reach {PSNR_GOAL_DB:g} dB | {stage} |" + " |" * 6)
    return rows
