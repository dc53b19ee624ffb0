import pytest
import torch

import bench_step
from tugan.generators.protocol import sample_z, synthesize


def test_the_plain_reference_takes_the_same_steps(capsys: pytest.CaptureFixture[str]) -> None:
    bench_step.check_same_step(64)
    assert "same step" in capsys.readouterr().out


def test_the_plain_synthesis_draws_the_same_picture() -> None:
    network = bench_step.random_generator(32)
    ws = network.map(sample_z(0, z_dim=512))
    with torch.no_grad():
        image, _ = bench_step.plain_synthesis(network, ws)
    wanted = synthesize(network, ws)
    torch.testing.assert_close(image, wanted, atol=1e-3 * float(wanted.abs().max()), rtol=0)


def test_a_reference_that_differs_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    honest = bench_step.PlainDrag._motion
    monkeypatch.setattr(bench_step.PlainDrag, "_motion", lambda *arguments: -honest(*arguments))
    with pytest.raises(SystemExit, match="do not compute the same step"):
        bench_step.check_same_step(64)
