"""Recordings, as far as they can be tried without a GPU: buffers, copies, and what is forgotten."""

import copy
import logging
import pickle

import pytest
import torch
from torch import Tensor, nn

from tugan.generators.protocol import PretrainedGenerator
from tugan.generators.replay import Replaying, Replays, Values


@pytest.fixture
def replays() -> Replays:
    return Replays(rehearse=True, capacity=2)


def doubled(x: Tensor, offset: Tensor | None = None) -> Values:
    return 2 * x if offset is None else 2 * x + offset, None


def test_results_follow_the_inputs_and_are_the_callers_to_keep(replays: Replays) -> None:
    (first, nothing), (second, _) = (
        replays.run("a", doubled, torch.full((3,), value)) for value in (1.0, 5.0)
    )
    assert first is not None
    assert second is not None
    assert nothing is None
    assert first.tolist() == [2.0, 2.0, 2.0]
    assert second.tolist() == [10.0, 10.0, 10.0]
    second.zero_()
    third, _ = replays.run("a", doubled, torch.ones(3))
    assert third is not None
    assert third.tolist() == [2.0, 2.0, 2.0]
    assert len(replays) == 1


def test_inputs_are_left_alone(replays: Replays) -> None:
    def in_place(x: Tensor) -> Values:
        return (x.mul_(3),)

    given = torch.ones(2)
    for _ in range(2):
        (found,) = replays.run("in place", in_place, given)
        assert found is not None
        assert found.tolist() == [3.0, 3.0]
    assert given.tolist() == [1.0, 1.0]


def test_other_shapes_types_and_keys_are_other_recordings(replays: Replays) -> None:
    wide = Replays(rehearse=True)
    ones = torch.ones(3)
    for key, inputs in (
        ("a", (ones,)),
        ("a", (torch.ones(4),)),
        ("a", (ones.double(),)),
        ("a", (ones, ones)),
        ("b", (ones,)),
    ):
        found, _ = wide.run(key, doubled, *inputs)
        expected, _ = doubled(*inputs)
        assert found is not None
        assert expected is not None
        assert torch.equal(found, expected)
    assert len(wide) == 5


def test_the_one_not_used_for_longest_goes(replays: Replays) -> None:
    runs: list[str] = []

    def noted(name: str) -> None:
        def work(x: Tensor) -> Values:
            runs.append(name)
            return (x,)

        replays.run(name, work, torch.ones(1))

    for name in "abac":
        noted(name)
    assert len(replays) == 2
    runs.clear()
    # a is still there and runs once; b is recorded anew, which runs it once more
    noted("a")
    noted("b")
    assert runs == ["a", "b", "b"]


def test_a_gradient_may_be_taken_inside(replays: Replays) -> None:
    def slope(x: Tensor) -> Values:
        with torch.enable_grad():
            leaf = x.detach().clone().requires_grad_()
            (found,) = torch.autograd.grad(leaf.square().sum(), leaf)
        return (found,)

    for value in (1.0, 4.0):
        (found,) = replays.run("slope", slope, torch.full((2,), value))
        assert found is not None
        assert found.tolist() == [2 * value, 2 * value]
        assert not found.requires_grad


def test_what_cannot_be_recorded_is_run_and_said_once(
    replays: Replays, caplog: pytest.LogCaptureFixture
) -> None:
    refusals = iter([True])

    def work(x: Tensor) -> Values:
        if next(refusals, False):
            raise RuntimeError("operation not permitted when stream is capturing")
        return (x + 1,)

    with caplog.at_level(logging.WARNING):
        for _ in range(3):
            (found,) = replays.run("look", work, torch.ones(1))
            assert found is not None
            assert found.tolist() == [2.0]
    assert len(replays) == 0
    assert [record.message.count("not permitted") for record in caplog.records] == [1]


def test_a_cpu_is_left_alone() -> None:
    replays, given = Replays(), torch.ones(2)
    (found,) = replays.run("same", lambda x: (x,), given)
    assert found is given
    assert len(replays) == 0


@pytest.mark.parametrize("change", ["written", "moved"])
def test_recordings_are_forgotten_when_a_weight_changes(change: str) -> None:
    layer, replays = nn.Linear(2, 2), Replays(rehearse=True)
    replays.of_weights(layer.parameters).run("a", doubled, torch.ones(1))
    assert len(replays.of_weights(layer.parameters)) == 1
    if change == "written":
        with torch.no_grad():
            layer.bias.add_(1)
    else:
        layer.double()
    assert len(replays.of_weights(layer.parameters)) == 0


def test_a_network_has_recordings_of_its_own(stylegan2_128: PretrainedGenerator) -> None:
    assert isinstance(stylegan2_128, Replaying)
    mine = stylegan2_128.replays
    assert stylegan2_128.replays is mine
    copied = copy.deepcopy(stylegan2_128)
    assert isinstance(copied, Replaying)
    assert copied.replays is not mine


def test_copies_are_empty(replays: Replays) -> None:
    replays.run("a", doubled, torch.ones(1))
    assert len(copy.deepcopy(replays)) == 0
    assert len(pickle.loads(pickle.dumps(replays))) == 0


def test_the_environment_turns_them_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TUGAN_GRAPHS", "off")
    replays = Replays(rehearse=True)
    found, _ = replays.run("a", doubled, torch.ones(1))
    assert found is not None
    assert found.tolist() == [2.0]
    assert len(replays) == 0
