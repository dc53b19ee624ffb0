import re

import pytest
import torch

import bench_gpu
from tugan.generators.replay import ENVIRONMENT_VARIABLE


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """The program sets it."""
    monkeypatch.setenv(ENVIRONMENT_VARIABLE, "on")


def test_the_same_code_runs_on_a_cpu(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    command = "bench_gpu --device cpu --size 32 --steps 1 --dtypes float32"
    monkeypatch.setattr("sys.argv", command.split())
    bench_gpu.main()
    device, _, row = capsys.readouterr().out.splitlines()
    assert torch.__version__ in device
    cells = row.split()
    assert cells[:3] == ["32", "float32", "off"]
    assert len(cells) == 7
    assert all(re.fullmatch(r"\d+\.\d+", cell) and float(cell) > 0 for cell in cells[3:])


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a CUDA device here")
def test_it_says_so_where_there_is_no_gpu(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.argv", ["bench_gpu"])
    bench_gpu.main()
    assert "no CUDA device" in capsys.readouterr().out
