"""NVIDIA's TensorFlow pickles: which network is the generator, and what its state holds."""

from tugan.core.errors import CheckpointError
from tugan.generators.formats.inert_objects import TensorFlowNetwork, printable

MAX_NESTING = 3
"""A generator has components, and these have none."""


def holds_networks(tree: object) -> bool:
    """Whether a tree is a TensorFlow network, or a row of them as training programs save it."""
    if isinstance(tree, tuple | list):
        return any(isinstance(item, TensorFlowNetwork) for item in tree)
    return isinstance(tree, TensorFlowNetwork)


def network_tree(tree: object) -> dict[object, object]:
    """The generator of such a tree as nested dictionaries; of (G, D, Gs) it is Gs, the average.

    A network becomes its variables by their names, ``static_kwargs`` and ``build_func_name``, and
    each of its components under that component's name. CheckpointError if it is laid out otherwise.
    """
    last = tree[-1] if isinstance(tree, tuple | list) and tree else tree
    if not isinstance(last, TensorFlowNetwork):
        raise CheckpointError(
            "expected the running average of the generator as the last of the file's networks, "
            f"found {type(last).__name__}"
        )
    return {"class_name": last.class_name, **_plain(last, 0)}


def _plain(network: TensorFlowNetwork, depth: int) -> dict[object, object]:
    if depth >= MAX_NESTING:
        raise CheckpointError("the components of the network nest too deep; the file is damaged")
    made: dict[object, object] = {}
    for key in ("build_func_name", "static_kwargs"):
        if key in network.state:
            made[key] = network.state[key]
    for name, value in _variables(network):
        _put(made, name, value)
    components = network.state.get("components", {})
    if not isinstance(components, dict):
        raise CheckpointError("expected a TensorFlow network to list its components by name")
    for name, component in components.items():
        if isinstance(component, TensorFlowNetwork):
            _put(made, name, _plain(component, depth + 1))
    return made


def _variables(network: TensorFlowNetwork) -> list[tuple[str, object]]:
    pairs = network.state.get("variables")
    if not isinstance(pairs, list):
        raise CheckpointError("expected a TensorFlow network to have a list of variables")
    named: list[tuple[str, object]] = []
    for pair in pairs:
        match pair:
            case (str(name), value) | [str(name), value]:
                named.append((name, value))
            case _:
                raise CheckpointError("expected a TensorFlow variable to have a name and a value")
    return named


def _put(made: dict[object, object], name: object, value: object) -> None:
    if name in made:
        raise CheckpointError(f"the network holds {printable(str(name))} twice; it is damaged")
    made[name] = value
