from dataclasses import replace
from pathlib import Path

import pytest
import torch

from generators.quick_sketch import keep_sketch, quick_sketch
from generators.random_stylegan2 import random_network
from tugan.dragging.problem import DragProblem
from tugan.dragging.solve import drag
from tugan.dragging.solvers.newton import Newton
from tugan.dragging.solvers.newton_settings import NewtonSettings
from tugan.generators.protocol import PretrainedGenerator, Ws, synthesize
from tugan.generators.repainting_store import kept_repainting
from tugan.generators.saving import fingerprint
from tugan.inversion.delta import DeltaError, GeneratorDelta, shared_copy
from tugan.inversion.image_loss import psnr_db
from tugan.inversion.settings import TuningSettings
from tugan.inversion.target import InversionError, InversionTarget
from tugan.inversion.tuning import TuningStep, tune, tuned_names

QUICK = TuningSettings(steps=6, learning_rate=0.02)


@pytest.fixture(scope="module")
def pivot(known_ws: Ws) -> Ws:
    """Beside the latent that the target was drawn from."""
    return known_ws + 0.3 * torch.randn(known_ws.shape, generator=torch.Generator().manual_seed(0))


@pytest.fixture(scope="module")
def steps(
    stylegan2_128: PretrainedGenerator, target: InversionTarget, pivot: Ws
) -> list[TuningStep]:
    return list(tune(target, stylegan2_128, pivot, QUICK))


def test_the_pivot_comes_to_look_like_the_target(
    stylegan2_128: PretrainedGenerator,
    target: InversionTarget,
    pivot: Ws,
    steps: list[TuningStep],
) -> None:
    assert [step.index for step in steps] == list(range(7))
    assert steps[-1].last
    assert steps[-1].psnr_db > steps[0].psnr_db
    assert steps[-1].loss < 0.5 * steps[0].loss
    tuned = steps[-1].delta(stylegan2_128).tuned_copy(stylegan2_128)
    found = psnr_db(synthesize(tuned, pivot), target.picture)
    assert found == pytest.approx(steps[-1].psnr_db, abs=0.1)


def test_the_generator_itself_is_left_alone(
    stylegan2_128: PretrainedGenerator,
    target: InversionTarget,
    pivot: Ws,
    weights: dict[str, torch.Tensor],
) -> None:
    *_, last = tune(target, stylegan2_128, pivot, replace(QUICK, steps=2))
    last.delta(stylegan2_128).tuned_copy(stylegan2_128)
    after = stylegan2_128.state_dict()
    assert all(torch.equal(after[name], before) for name, before in weights.items())
    assert not any(one.requires_grad for one in after.values())


def test_an_ejected_delta_leaves_no_trace(
    stylegan2_128: PretrainedGenerator,
    steps: list[TuningStep],
    pivot: Ws,
    weights: dict[str, torch.Tensor],
) -> None:
    delta = steps[-1].delta(stylegan2_128)
    copied = synthesize(delta.tuned_copy(stylegan2_128), pivot)
    plain = synthesize(stylegan2_128, pivot)
    injection = delta.inject(stylegan2_128)
    try:
        assert torch.equal(synthesize(stylegan2_128, pivot), copied)
    finally:
        injection.eject()
    injection.eject()
    after = stylegan2_128.state_dict()
    assert all(torch.equal(after[name], before) for name, before in weights.items())
    with pytest.raises(RuntimeError, match="stop"), delta.injected(stylegan2_128):
        raise RuntimeError("stop")
    assert torch.equal(synthesize(stylegan2_128, pivot), plain)


def test_a_delta_for_another_generator_is_refused_with_both_names(
    stylegan2_128: PretrainedGenerator, faces: PretrainedGenerator, steps: list[TuningStep]
) -> None:
    delta = steps[-1].delta(stylegan2_128)
    with pytest.raises(DeltaError, match=r"nvidia-stylegan2-128.*faces-1024"):
        delta.inject(faces)
    with pytest.raises(DeltaError, match=r"nvidia-stylegan2-128.*faces-1024"):
        delta.tuned_copy(faces)


def test_a_damaged_delta_is_refused(stylegan2_128: PretrainedGenerator) -> None:
    delta = GeneratorDelta(
        model_name="x",
        fingerprint=fingerprint(stylegan2_128),
        changes={"no.such": torch.zeros(1)},
    )
    with pytest.raises(DeltaError, match="damaged"):
        delta.inject(stylegan2_128)


def test_a_copy_shares_what_is_not_tuned(stylegan2_128: PretrainedGenerator) -> None:
    names = tuned_names(stylegan2_128)
    assert names
    assert not any("mapping" in name or "affine" in name for name in names)
    copied = shared_copy(stylegan2_128, {names[0]}).state_dict()
    own = stylegan2_128.state_dict()
    different = [name for name in own if copied[name].data_ptr() != own[name].data_ptr()]
    assert different == [names[0]]


def test_a_tuned_copy_holds_as_its_generator_does(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TUGAN_CACHE", str(tmp_path / "cache"))
    name = tuned_names(random_network((4, 4), blocks=3))[0]
    change = torch.ones_like(dict(random_network((4, 4), blocks=3).named_parameters())[name])

    def tuned_copy() -> PretrainedGenerator:
        generator = random_network((4, 4), blocks=3)
        delta = GeneratorDelta(
            model_name="random", fingerprint=fingerprint(generator), changes={name: change}
        )
        tuned = delta.tuned_copy(generator)
        assert fingerprint(tuned) != fingerprint(generator)
        assert kept_repainting(tuned) is kept_repainting(generator)
        return tuned

    assert kept_repainting(tuned_copy()) is None
    network = random_network((4, 4), blocks=3)
    keep_sketch(network, quick_sketch(network))
    tuned = tuned_copy()
    known, found = kept_repainting(network), kept_repainting(tuned)
    assert known is not None
    assert found is not None
    assert torch.equal(found.rows, known.rows)
    problem = DragProblem(
        generator=tuned,
        ws=tuned.map(torch.zeros(1, tuned.info.z_dim)),
        handles_xy=torch.tensor([[4.0, 4.0]]),
        targets_xy=torch.tensor([[8.0, 4.0]]),
    )
    assert problem.cautions() == []
    ends = []
    for hold in (0.0, 1.0):
        settings = replace(NewtonSettings.for_generator(tuned.info), hold=hold, max_steps=2)
        *_, last = drag(problem, solver=Newton(settings=settings))
        ends.append(last.ws)
    assert not torch.equal(*ends)


def test_it_goes_on_from_any_step_as_if_it_had_not_stopped(
    stylegan2_128: PretrainedGenerator,
    target: InversionTarget,
    pivot: Ws,
    steps: list[TuningStep],
) -> None:
    *_, last = tune(target, stylegan2_128, pivot, QUICK, resume=steps[2].state)
    assert last.index == 6
    expected = steps[-1].state.adam.values
    assert all(torch.equal(last.state.adam.values[name], one) for name, one in expected.items())


def test_locality_keeps_other_pictures(
    stylegan2_128: PretrainedGenerator, target: InversionTarget, pivot: Ws
) -> None:
    other = synthesize(stylegan2_128, pivot + 0.5)
    changed = []
    for locality in (0.0, 30.0):
        settings = replace(QUICK, locality=locality, locality_every=1)
        *_, last = tune(target, stylegan2_128, pivot, settings)
        tuned = last.delta(stylegan2_128).tuned_copy(stylegan2_128)
        changed.append(float((synthesize(tuned, pivot + 0.5) - other).square().mean()))
    assert changed[1] < changed[0]


def test_a_rate_that_blows_up_is_a_sentence(
    stylegan2_128: PretrainedGenerator, target: InversionTarget, pivot: Ws
) -> None:
    with pytest.raises(InversionError, match="after 1 steps of tuning"):
        list(tune(target, stylegan2_128, pivot, replace(QUICK, learning_rate=1e38)))
