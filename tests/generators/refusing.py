"""Loading a bad file: it must be refused by name, run nothing and take little memory."""

import tracemalloc
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from safetensors.torch import save as safetensors

from foreign_checkpoints import (
    Network,
    Shape,
    Tensors,
    pickled,
    random_tensors,
    torch_saved,
)
from foreign_layouts import nvidia_module, rosinality_tensors, tensorflow_network
from tugan.core.errors import CheckpointError
from tugan.generators.loading import load_generator

CANARY = Path("canary")
"""In the folder that a test runs in."""
PEAK_BYTES = 8 << 20
"""Beside the tensors themselves, which tracemalloc does not see."""

TENSORS = random_tensors(Shape())
PORT = rosinality_tensors(TENSORS)
MEAN = {"latent_avg": TENSORS["mapping.w_avg"]}
FORMATS: dict[str, Callable[[Tensors], bytes]] = {
    "nvidia": lambda t: pickled({"G": None, "G_ema": nvidia_module(t)}),
    "nvidia-2": lambda t: pickled({"G_ema": nvidia_module(t)}, protocol=2),
    "pti": lambda t: torch_saved(nvidia_module(t)),
    "state-dict": torch_saved,
    "state-dict-old": lambda t: torch_saved(t, legacy=True),
    "tensorflow": lambda t: pickled((tensorflow_network(t),)),
    "tensorflow-2": lambda t: pickled(tensorflow_network(t), protocol=2),
    "rosinality": lambda t: torch_saved({"g_ema": rosinality_tensors(t), **MEAN}),
    "rosinality-old": lambda t: torch_saved({"g_ema": rosinality_tensors(t), **MEAN}, legacy=True),
}
BARE: dict[str, Callable[[Tensors], bytes]] = {
    "safetensors": safetensors,
    "safetensors-prefixed": lambda t: safetensors({f"g_ema.{k}": v for k, v in t.items()}),
    "safetensors-rosinality": lambda t: safetensors(
        {k: v.clone() for k, v in {**rosinality_tensors(t), **MEAN}.items()}
    ),
}
"""Without a config.json."""


@pytest.fixture
def unharmed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Whatever a test loads: no canary is left behind, and memory is counted."""
    monkeypatch.chdir(tmp_path)
    tracemalloc.start()
    yield
    tracemalloc.stop()
    assert not CANARY.exists(), "something in the file was executed"


def refuse(data: bytes, message: str, kind: type[CheckpointError] = CheckpointError) -> None:
    """Loading ends with an error of this kind that names the file and says this."""
    Path("bad").write_bytes(data)
    tracemalloc.reset_peak()
    before = tracemalloc.get_traced_memory()[0]
    with pytest.raises(kind, match=message) as caught:
        load_generator("bad", device="cpu")
    assert "bad" in str(caught.value)
    assert tracemalloc.get_traced_memory()[1] - before < PEAK_BYTES


def network_with(**state: object) -> Network:
    """A good TensorFlow network, but for these entries of its state."""
    network = tensorflow_network(TENSORS)
    return Network({**network.state, **state})
