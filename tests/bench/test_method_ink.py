from tugan.bench.ablation import METHODS
from tugan.bench.method_ink import COLOURS, method_ink


def test_no_two_methods_of_the_largest_experiment_look_alike() -> None:
    inks = [method_ink(index) for index in range(len(METHODS))]
    assert len(set(inks)) == len(METHODS) > len(COLOURS)
    assert len({(ink.colour, ink.marker) for ink in inks}) == len(METHODS)
