"""The fuzzer damages files in the same way for the same seed, and notices what it is to notice."""

import os
import random
import subprocess
from pathlib import Path

import pytest

import fuzz_checkpoints
from checkpoint_mutations import CANARY, mutate
from tugan.core.errors import CheckpointError
from tugan.generators.loading import load_generator


def test_seeds_are_valid_files(tmp_path: Path) -> None:
    for name, data in fuzz_checkpoints.seed_files().items():
        path = tmp_path / name
        path.write_bytes(data)
        assert load_generator(path, device="cpu").info.size_hw == (8, 8)


def test_a_seed_makes_the_same_files_and_many_different_ones() -> None:
    seeds = list(fuzz_checkpoints.seed_files().values())

    def files(seed: int) -> list[bytes]:
        rng = random.Random(seed)
        return [mutate(rng.choice(seeds), seeds, rng) for _ in range(200)]

    assert files(1) == files(1)
    assert len(set(files(1)) - set(seeds)) > 150


def test_a_short_run_finds_nothing(tmp_path: Path) -> None:
    counts = fuzz_checkpoints.fuzz(0.05, 3, tmp_path)
    notes = [path.read_text() for path in tmp_path.glob("*.txt")]
    assert notes == []
    assert counts["CheckpointError"] > 0


def test_what_it_is_to_notice(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Readers that do what ours must not."""
    monkeypatch.chdir(tmp_path)
    watch = fuzz_checkpoints.Watch()

    def outcome(reader: object) -> str | None:
        monkeypatch.setattr(fuzz_checkpoints, "load_generator", reader)
        return fuzz_checkpoints.open_one(Path("file"), watch)[1]

    def starts(*_: object, **__: object) -> None:
        subprocess.run(["true"], check=True)

    def writes(*_: object, **__: object) -> None:
        Path(CANARY).write_text("x")
        os.unlink(CANARY)

    def leaves(*_: object, **__: object) -> None:
        os.close(os.open(CANARY, os.O_CREAT))

    def fails(*_: object, **__: object) -> None:
        raise KeyError("x")

    def refuses(*_: object, **__: object) -> None:
        raise CheckpointError("no")

    assert "subprocess.Popen" in str(outcome(starts))
    assert "it did open" in str(outcome(writes))
    assert "KeyError" in str(outcome(fails))
    assert outcome(refuses) is None
    assert outcome(leaves) == "it made the canary"
