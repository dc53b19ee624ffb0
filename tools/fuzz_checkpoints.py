"""Damages small checkpoints of every format at random and opens them, for as long as it is told.

    python tools/fuzz_checkpoints.py --minutes 10
    python tools/fuzz_checkpoints.py --minutes 1 --seed 7 --findings FOLDER

Whatever comes of a file must be a generator or a CheckpointError. Findings, each kept as a file:
any other exception; a process that dies; a file that takes more than 10 s or makes the process grow
by more than 300 MB; and anything that looks like code being run: a canary file, a module imported,
a program compiled, executed or started, a file written (Python's audit events say so). Linux only.
"""

import argparse
import collections
import os
import random
import resource
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NoReturn

import torch
from safetensors.torch import save

from checkpoint_mutations import CANARY, mutate
from foreign_checkpoints import Shape, pickled, random_tensors, torch_saved
from foreign_layouts import nvidia_module, rosinality_tensors, tensorflow_network
from tugan.core.allocator import keep_freed_memory
from tugan.core.errors import CheckpointError
from tugan.generators.loading import load_generator

SECONDS_A_FILE = 10
GROWTH_BYTES = 300 << 20
SECONDS_A_PROCESS = 60
FORBIDDEN = frozenset(
    {
        "compile",
        "exec",
        "import",
        "os.exec",
        "os.fork",
        "os.posix_spawn",
        "os.remove",
        "os.rename",
        "os.spawn",
        "os.system",
        "ctypes.dlopen",
        "marshal.loads",
        "pickle.find_class",
        "socket.connect",
        "subprocess.Popen",
    }
)


def seed_files() -> dict[str, bytes]:
    """A small valid file of every format."""
    tensors = random_tensors(Shape(channels=(3, 2), mapping_widths=(3,), z_dim=3, w_dim=3))
    port = {"g_ema": rosinality_tensors(tensors), "latent_avg": tensors["mapping.w_avg"]}
    module, network = nvidia_module(tensors), tensorflow_network(tensors)
    layers = torch.nn.Sequential(torch.nn.Linear(2, 2))
    snapshot = pickled({"D": layers, "G_ema": module}, protocol=4)
    return {
        "nvidia-2": pickled({"G_ema": module}, protocol=2),
        "nvidia-4": snapshot,
        "nvidia-foreign": snapshot.replace(b"torch.nn.m", b"other.nn.m"),  # somebody's classes
        "nvidia-zip": torch_saved(module),
        "state-dict-old": torch_saved(tensors, legacy=True),
        "tensorflow-2": pickled(network, protocol=2),
        "tensorflow-5": pickled((network, None, network), protocol=5),
        "rosinality": torch_saved(port),
        "rosinality-old": torch_saved(port, legacy=True),
        "safetensors": save(tensors, metadata={"config": '{"family": "stylegan2"}'}),
        "safetensors-bare": save({f"module.{name}": one for name, one in tensors.items()}),
    }


class Watch:
    """Notes what Python's audit events say while a file is being read."""

    def __init__(self) -> None:
        """One for a process: audit hooks stay."""
        self.on = False
        self.seen: list[str] = []
        sys.addaudithook(self._notice)

    def _notice(self, event: str, arguments: tuple[object, ...]) -> None:
        if not self.on:
            return
        writes = event == "open" and isinstance(arguments[1], str) and arguments[1][:1] in "wax"
        if event in FORBIDDEN or writes:
            self.seen.append(f"{event} {arguments!r:.200}")

    @contextmanager
    def watching(self) -> Iterator[None]:
        """Events count while this lasts."""
        self.seen.clear()
        self.on = True
        try:
            yield
        finally:
            self.on = False


def open_one(path: Path, watch: Watch) -> tuple[str, str | None]:
    """What came of a file in a word, and what is wrong with that, if anything."""
    outcome, wrong = "opened", None
    signal.alarm(SECONDS_A_FILE)
    try:
        with watch.watching():
            load_generator(path, device="cpu")
    except CheckpointError as error:
        outcome = type(error).__name__
        if "does not fit in the memory" in str(error):
            wrong = f"it asked for too much memory: {error}"
    except Exception as error:  # noqa: BLE001 - to find these is the purpose
        outcome, wrong = "finding", f"{type(error).__name__}: {error}"
    finally:
        signal.alarm(0)
    if watch.seen:
        wrong = f"it did {watch.seen[0]}"
    if Path(CANARY).exists():
        wrong = "it made the canary"
    return ("finding", wrong) if wrong else (outcome, None)


def work(seed: int, seconds: float, findings: Path, tried: Path) -> None:
    """Fuzz in this process until the time is up, and note the count of every outcome."""
    rng = random.Random(seed)
    seeds = list(seed_files().values())
    keep_freed_memory()  # asks the C library, once in a process
    watch = Watch()
    current = Path("current")
    "ä".encode("cp437")  # zipfile imports this codec at the first name that needs it
    for data in seeds:  # so that what else is imported late is there
        current.write_bytes(data)
        open_one(current, watch)
    _limit_memory()
    counts: collections.Counter[str] = collections.Counter()
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        data = mutate(rng.choice(seeds), seeds, rng)
        current.write_bytes(data)
        outcome, wrong = open_one(current, watch)
        counts[outcome] += 1
        if wrong:
            keep(findings, data, wrong)
            Path(CANARY).unlink(missing_ok=True)
    tried.write_text("\n".join(f"{count} {name}" for name, count in counts.items()))


def keep(findings: Path, data: bytes, wrong: str) -> None:
    """A finding, with a line beside it."""
    number = len(list(findings.glob("*.bin")))
    (findings / f"{number}.bin").write_bytes(data)
    (findings / f"{number}.txt").write_text(wrong + "\n")


def _limit_memory() -> None:
    """The address space may grow by a fixed amount from now on."""
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    limit = pages * resource.getpagesize() + GROWTH_BYTES
    resource.setrlimit(resource.RLIMIT_AS, (limit, resource.RLIM_INFINITY))
    signal.signal(signal.SIGALRM, _too_slow)


def _too_slow(_number: int, _frame: object) -> NoReturn:
    raise TimeoutError(f"a file took more than {SECONDS_A_FILE} s")


def fuzz(minutes: float, seed: int, findings: Path) -> collections.Counter[str]:
    """Run processes one after the other; the count of every outcome."""
    findings.mkdir(parents=True, exist_ok=True)
    counts: collections.Counter[str] = collections.Counter()
    end = time.monotonic() + 60 * minutes
    while (left := end - time.monotonic()) > 0:
        with tempfile.TemporaryDirectory() as folder:
            tried = Path(folder) / "tried"
            command = [sys.executable, os.path.abspath(__file__), "--seed", str(seed)]
            command += ["--worker", str(min(left, SECONDS_A_PROCESS)), "--findings"]
            command += [str(findings.resolve()), "--tried", str(tried)]
            code = subprocess.run(command, cwd=folder, env=_environment(), check=False).returncode
            if code:
                data = (Path(folder) / "current").read_bytes()
                keep(findings, data, f"the process ended with {code}")
                counts["finding"] += 1
            for line in tried.read_text().splitlines() if tried.exists() else ():
                number, name = line.split(" ", 1)
                counts[name] += int(number)
        seed += 1
    return counts


def _environment() -> dict[str, str]:
    """That of this process, with its import paths, which may be relative, made absolute."""
    paths = os.pathsep.join(os.path.abspath(path) for path in sys.path if path)
    return os.environ | {"PYTHONPATH": paths}


def main() -> None:
    """Fuzz and print; exit code 1 if there is a finding."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--minutes", type=float, default=1)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--findings", type=Path, default=Path("fuzz-findings"))
    parser.add_argument("--worker", type=float, help=argparse.SUPPRESS)
    parser.add_argument("--tried", type=Path, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.worker is not None:
        work(arguments.seed, arguments.worker, arguments.findings, arguments.tried)
        return
    counts = fuzz(arguments.minutes, arguments.seed, arguments.findings)
    print(f"{sum(counts.values())} files: {dict(counts)}")
    for note in sorted(arguments.findings.glob("*.txt")):
        print(f"{note.stem}.bin: {note.read_text().strip()}")
    raise SystemExit(1 if counts["finding"] else 0)


if __name__ == "__main__":
    main()
