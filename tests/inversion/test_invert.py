from dataclasses import replace
from itertools import pairwise

import pytest
import torch
from jaxtyping import Float
from torch import Tensor

from tugan.generators.preview import PreviewHead
from tugan.generators.protocol import PretrainedGenerator
from tugan.inversion.invert import InversionStep, invert
from tugan.inversion.latent_path import LatentPath
from tugan.inversion.sample_bank import THUMBNAIL_PX, SampleBank, sample_bank_of
from tugan.inversion.settings import InversionSettings, Space
from tugan.inversion.target import InversionError, InversionTarget, prepare_target

QUICK = InversionSettings(steps=12, learning_rate=0.1)


def run(
    target: InversionTarget,
    generator: PretrainedGenerator,
    head: PreviewHead,
    settings: InversionSettings = QUICK,
) -> list[InversionStep]:
    return list(invert(target, generator, settings, head=head))


@pytest.mark.parametrize("space", ["w", "w+"])
def test_a_picture_of_the_generator_comes_nearer(
    stylegan2_128: PretrainedGenerator, target: InversionTarget, head: PreviewHead, space: Space
) -> None:
    steps = run(target, stylegan2_128, head, replace(QUICK, space=space, steps=25))
    assert [step.index for step in steps] == list(range(26))
    assert steps[-1].loss < 0.9 * steps[0].loss
    assert [step.last for step in steps] == [False] * 25 + [True]
    assert all(a.seconds <= b.seconds for a, b in pairwise(steps))


def test_one_latent_for_all_rows_or_rows_near_each_other(
    stylegan2_128: PretrainedGenerator, target: InversionTarget, head: PreviewHead
) -> None:
    shared = run(target, stylegan2_128, head, replace(QUICK, space="w"))[-1].ws
    own = run(target, stylegan2_128, head, replace(QUICK, space="w+"))[-1].ws
    assert torch.equal(shared[:, :1].expand_as(shared), shared)
    assert not torch.equal(own[:, :1].expand_as(own), own)


def test_it_goes_on_from_any_step_as_if_it_had_not_stopped(
    stylegan2_128: PretrainedGenerator, target: InversionTarget, head: PreviewHead
) -> None:
    steps = run(target, stylegan2_128, head)
    for index in (3, 9):  # before and after the preview head was bent
        state = steps[index].state
        again = list(invert(target, stylegan2_128, QUICK, head=head, resume=state))
        assert again[0].index == index
        assert torch.equal(again[-1].ws, steps[-1].ws)


def test_a_time_limit_ends_it(
    stylegan2_128: PretrainedGenerator, target: InversionTarget, head: PreviewHead
) -> None:
    steps = run(target, stylegan2_128, head, replace(QUICK, steps=10_000, seconds=0.3))
    assert steps[-1].last
    assert steps[-1].seconds >= 0.3
    assert len(steps) < 10_000


def test_a_picture_of_another_size_is_refused(
    stylegan2_128: PretrainedGenerator, head: PreviewHead
) -> None:
    small = prepare_target(torch.zeros(1, 3, 64, 64))
    with pytest.raises(InversionError, match="the picture is 64 px"):
        run(small, stylegan2_128, head)


def test_nan_is_refused(
    stylegan2_128: PretrainedGenerator, target: InversionTarget, head: PreviewHead
) -> None:
    with pytest.raises(InversionError, match="NaN"):
        prepare_target(torch.full((1, 3, 128, 128), float("nan")))
    damaged = replace(head, bias=head.bias * float("nan"))
    with pytest.raises(InversionError, match="the loss is nan after 0 steps"):
        run(target, stylegan2_128, damaged)


@pytest.mark.parametrize(
    "wrong",
    [{"steps": 0}, {"seconds": 0.0}, {"learning_rate": -1.0}],
)
def test_settings_without_meaning_are_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(InversionError, match="expected"):
        replace(InversionSettings(), **wrong)  # type: ignore[arg-type]


def test_the_bank_reads_latents_off_pictures() -> None:
    """Where pictures are linear in the latent, regression finds it."""
    rng = torch.Generator().manual_seed(0)
    mixing = 8 * torch.randn(4, 3 * THUMBNAIL_PX**2, generator=rng)

    def drawn(w: Float[Tensor, "n d"]) -> Float[Tensor, "n 3 t t"]:
        levels: Tensor = (127.5 + w @ mixing).clamp(0, 255)
        return levels.reshape(-1, 3, THUMBNAIL_PX, THUMBNAIL_PX)

    w = torch.randn(300, 4, generator=rng)
    bank = SampleBank(w=w, thumbnails=drawn(w).round().to(torch.uint8))
    wanted = torch.tensor([[0.5, -1.0, 0.3, 0.8]])
    path = LatentPath(mean=torch.zeros(4), factor=torch.eye(4), rows=2, space="w", spread=0.3)
    target = prepare_target(drawn(wanted) / 127.5 - 1)
    assert torch.allclose(bank.guess(target, path), wanted, atol=0.15)


def test_the_bank_is_drawn_once(
    stylegan2_128: PretrainedGenerator, head: PreviewHead, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = sample_bank_of(stylegan2_128, head=head, samples=16)

    def never(*_: object) -> None:
        raise AssertionError

    monkeypatch.setattr("tugan.inversion.sample_bank._drawn", never)
    again = sample_bank_of(stylegan2_128, head=head, samples=16)
    assert isinstance(again, SampleBank)
    assert torch.equal(first.thumbnails, again.thumbnails)
    assert torch.equal(first.w, again.w)
