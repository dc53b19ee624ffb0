import pytest

from tugan.bench.bench_error import BenchError
from tugan.bench.methods import METHODS, make_methods
from tugan.dragging.settings import DragSettings
from tugan.dragging.solvers.adam import Adam
from tugan.dragging.solvers.protocol import Solver
from tugan.generators.toy import ToyGenerator


def test_every_method_of_the_register_can_be_made(toy: ToyGenerator) -> None:
    made = make_methods(tuple(METHODS), toy.info)
    assert [method.name for method in made] == list(METHODS)
    assert all(isinstance(method.solver, Solver) for method in made)


def test_adam_drags_as_suits_the_generator(toy: ToyGenerator) -> None:
    (method,) = make_methods(("adam",), toy.info)
    assert method.solver == Adam(settings=DragSettings.for_generator(toy.info))


def test_the_original_ends_some_time(toy: ToyGenerator) -> None:
    (method,) = make_methods(("adam-original",), toy.info)
    assert isinstance(method.solver, Adam)
    assert method.solver.settings.max_steps == 300


@pytest.mark.parametrize(
    ("names", "says"),
    [
        (("adam", "eve"), "no method 'eve'; expected some of adam, newton, adam-paper"),
        (("adam", "adam"), "each once"),
        ((), "are none"),
    ],
)
def test_other_names_are_refused(toy: ToyGenerator, names: tuple[str, ...], says: str) -> None:
    with pytest.raises(BenchError, match=says):
        make_methods(names, toy.info)
