"""Latents of other programs: every container and shape, and what is none."""

import io
import os
import pickle
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import save as safetensors
from torch import Tensor

import tugan
from foreign_checkpoints import pickled, torch_saved
from generators.foreign_classes import Options, elsewhere
from generators.format_rows import PLAIN, ROWS
from generators.refusing import (
    CANARY,
    unharmed,  # noqa: F401
)
from generators.test_hidden_payloads import Evil
from tugan.core.errors import TuganError, UnsafeCheckpointError
from tugan.generators.latent_file import parse_place
from tugan.generators.loading import load_generator
from tugan.generators.protocol import PretrainedGenerator

pytestmark = pytest.mark.usefixtures("unharmed")

ROWS_OF_IT, WIDTH = 6, 8
W = torch.randn(WIDTH, generator=torch.Generator().manual_seed(1))
W_PLUS = torch.randn(ROWS_OF_IT, WIDTH, generator=torch.Generator().manual_seed(2))
SEVERAL = torch.stack([W_PLUS + number for number in range(3)])


@pytest.fixture
def generator(tmp_path: Path) -> PretrainedGenerator:
    """Of six rows, eight wide."""
    (tmp_path / "model").write_bytes(ROWS["safetensors-nvidia"].write())
    return load_generator(tmp_path / "model", device="cpu")


def npz(compressed: bool = False, **arrays: np.ndarray) -> bytes:
    target = io.BytesIO()
    (np.savez_compressed if compressed else np.savez)(target, **arrays)  # type: ignore[arg-type]
    return target.getvalue()


def npy(array: np.ndarray) -> bytes:
    target = io.BytesIO()
    np.save(target, array)
    return target.getvalue()


CONTAINERS: dict[str, Callable[[Tensor], bytes]] = {
    "pt": torch_saved,
    "pt-old": lambda w: torch_saved(w, legacy=True),
    "pt-parameter": lambda w: torch_saved(torch.nn.Parameter(w)),
    "pt-half": lambda w: torch_saved(w.double()),
    "pt-dict": lambda w: torch_saved({"latents": w, "name": "me", "step": 3}),
    "pt-dict-of-pictures": lambda w: torch_saved(
        {"me.png": {"latent": w, "noise": [torch.zeros(1, 1, 4, 4)], "img": torch.zeros(1, 3, 8)}}
    ),
    "pt-dict-unknown-name": lambda w: torch_saved({"best": w, "loss": torch.ones(3)}),
    "pt-list": lambda w: torch_saved([w]),
    "pt-numpy": lambda w: torch_saved({"w": w.numpy()}),
    "pkl-numpy": lambda w: pickled(w.numpy()),
    "pkl-dict": lambda w: pickled({"w": w.numpy()}, protocol=2),
    "npz": lambda w: npz(w=w.numpy()),
    "npz-compressed": lambda w: npz(compressed=True, w=w.numpy(), seed=np.array(3)),
    "npz-unnamed": lambda w: npz(arr_0=w.numpy()),
    "npy": lambda w: npy(w.numpy()),
    "npy-double": lambda w: npy(w.double().numpy()),
    "npy-big-endian": lambda w: npy(w.numpy().astype(">f4")),
    "npy-by-columns": lambda w: npy(np.asfortranarray(w.numpy())),
    "safetensors": lambda w: safetensors({"w_plus": w}),
}


@pytest.mark.parametrize("container", CONTAINERS)
@pytest.mark.parametrize(
    "shape", [(6, 8), (1, 6, 8), (1, 1, 6, 8), (8,), (1, 8), (1, 1, 8)], ids=str
)
def test_every_container_and_shape_opens(
    generator: PretrainedGenerator, container: str, shape: tuple[int, ...]
) -> None:
    latent = (W_PLUS if ROWS_OF_IT in shape else W).reshape(shape)
    Path("latent").write_bytes(CONTAINERS[container](latent))
    found = tugan.load_latent("latent", generator)
    wanted = latent.reshape(-1, WIDTH).expand(ROWS_OF_IT, WIDTH)[None]
    assert found.dtype == torch.float32
    assert torch.equal(found, wanted)


def test_one_of_several_is_chosen(generator: PretrainedGenerator) -> None:
    Path("many.pt").write_bytes(torch_saved(SEVERAL))
    assert torch.equal(tugan.load_latent("many.pt", generator, index=2), SEVERAL[2:])
    Path("w.npy").write_bytes(npy(SEVERAL[:, 0].numpy()))  # (3, d): three of W
    found = tugan.load_latent("w.npy", generator, index=1)
    assert torch.equal(found, SEVERAL[1:2, :1].expand(1, 6, 8))
    with pytest.raises(TuganError, match=r"holds 3 latents: say which, as many.pt:0 to many.pt:2"):
        tugan.load_latent("many.pt", generator)
    with pytest.raises(TuganError, match=r"no latent 3: it holds the latents 0 to 2"):
        tugan.load_latent("many.pt", generator, index=3)
    Path("one.pt").write_bytes(torch_saved(W_PLUS))
    with pytest.raises(TuganError, match=r"no latent 1: it holds one latent, which is 0"):
        tugan.load_latent("one.pt", generator, index=1)


def test_places_are_files_with_a_number() -> None:
    assert parse_place("a/b.pt") == (Path("a/b.pt"), None)
    assert parse_place("a/b.pt:12") == (Path("a/b.pt"), 12)
    Path("b.pt:12").touch()
    assert parse_place("b.pt:12") == (Path("b.pt:12"), None)


def spoilt(value: float) -> Tensor:
    made = W_PLUS.clone()
    made[2, 3] = value
    return made


def unfolding(size: int) -> bytes:
    """A small archive of a large array."""
    target = io.BytesIO()
    with (
        zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive,
        archive.open("w.npy", "w") as entry,
    ):
        entry.write(npy(np.zeros(0, np.float32)))
        for _ in range(size >> 20):
            entry.write(bytes(1 << 20))
    return target.getvalue()


def lying(shape: str) -> bytes:
    return npy(np.zeros((6, 8), np.float32)).replace(b"(6, 8)", shape.encode().ljust(6))


REFUSED: dict[str, tuple[Callable[[], bytes], str]] = {
    "narrow": (lambda: torch_saved(torch.ones(6, 5)), r"found tensor \(6, 5\)"),
    "narrow by name": (lambda: npz(w=np.ones((1, 6, 5))), r"w is \(1, 6, 5\).*\(6, 8\) or \(8,\)"),
    "rows": (lambda: torch_saved(torch.ones(1, 18, 8)), r"tensor is \(1, 18, 8\).*\(6, 8\)"),
    "rows of npz": (lambda: npz(w=np.ones((14, 8), np.float32)), r"w is \(14, 8\).*by --model"),
    "flat": (lambda: torch_saved(torch.ones(48)), r"expected \(6, 8\) or \(8,\).*found"),
    "empty": (lambda: torch_saved(torch.ones(0, 8)), r"\(0, 8\), which is no latent"),
    "number": (lambda: torch_saved(torch.ones(())), "holds no latent of"),
    "nothing": (lambda: torch_saved({}), "found no tensors"),
    "nan": (lambda: torch_saved(spoilt(float("nan"))), "holds NaN or infinite numbers"),
    "infinite": (lambda: npz(w=spoilt(float("inf")).numpy()), "holds NaN or infinite numbers"),
    "z alone": (lambda: npz(z=np.ones((1, 8), np.float32)), "holds no latent"),
    "two": (lambda: npz(w=W.numpy(), ws=W_PLUS.numpy()), r"several latents \(w \(8,\), ws \(6, 8"),
    "model": (lambda: ROWS["nvidia-only-g-ema"].write(), "is a model, not a latent: give it with"),
    "state dict": (lambda: torch_saved(PLAIN), "is a model, not a latent"),
    "bare safetensors": (lambda: safetensors(PLAIN), "is a model, not a latent"),
    "objects": (
        lambda: npy(np.array({"w": [1.0]}, dtype=object)),
        "array of objects, which is a pickle and is not opened: save the numbers alone",
    ),
    "objects in npz": (lambda: npz(w=np.array([Evil()], dtype=object)), "array of objects"),
    "structured": (lambda: npy(np.zeros(3, [("a", "f4")])), "expected numbers, such as float32"),
    "text": (lambda: npy(np.array(["a"])), "expected numbers, such as float32"),
    "longer": (lambda: lying("(9, 8)"), "should have 288 bytes of numbers and has 192"),
    "huge": (lambda: lying("(8**9,)").replace(b"8**9", b"9999"), "should have|no array"),
    "unfolds": (lambda: unfolding(200 << 20), "unfolds to 200 MiB; a latent's array has at most"),
    "npz cut short": (lambda: npz(w=W.numpy())[:-9], "expected a zip|cannot be opened|no latent"),
    "npy cut short": (lambda: npy(W.numpy())[:-3], "its copy was cut short"),
    "npy cut in its header": (lambda: npy(W.numpy())[:20], "no array that numpy wrote"),
    "pt cut short": (lambda: torch_saved(W)[:-9], "cannot be opened"),
    "empty file": (lambda: b"", "the file is empty"),
    "a picture": (lambda: b"\x89PNG\r\n\x1a\n" + bytes(60), "PNG picture"),
    "payload": (lambda: pickled({"w": Evil()}), r"asks for (posix|nt)\.system"),
}


@pytest.mark.parametrize("name", REFUSED)
@pytest.mark.parametrize("suffix", [".pt", ".npz", ""])
def test_what_is_no_latent_gets_a_sentence(
    generator: PretrainedGenerator, name: str, suffix: str
) -> None:
    make, message = REFUSED[name]
    path = Path(f"bad{suffix}")
    path.write_bytes(make())
    with pytest.raises(TuganError, match=message) as caught:
        tugan.load_latent(path, generator)
    assert str(path) in str(caught.value)
    assert not CANARY.exists()


@pytest.mark.parametrize("container", CONTAINERS)
def test_cut_short_anywhere_it_is_refused(generator: PretrainedGenerator, container: str) -> None:
    data = CONTAINERS[container](W_PLUS)
    for index in range(24):
        Path("bad").write_bytes(data[: len(data) * index // 24])
        with pytest.raises(TuganError):
            tugan.load_latent("bad", generator)


def test_objects_of_numpy_are_never_unpickled(generator: PretrainedGenerator) -> None:
    payload = npy(np.array([Evil()], dtype=object))
    Path("bad.npy").write_bytes(payload)
    with pytest.raises(UnsafeCheckpointError):
        tugan.load_latent("bad.npy", generator)
    assert not CANARY.exists()
    pickle.loads(payload[payload.index(b"\n") + 1 :])  # the payload works
    assert CANARY.exists()
    CANARY.unlink()


def test_foreign_objects_beside_a_latent_do_not_matter(generator: PretrainedGenerator) -> None:
    with elsewhere():
        data = torch_saved({"w": W_PLUS, "opts": Options(), "folder": Path("x")})
    Path("pivot.pt").write_bytes(data)
    assert torch.equal(tugan.load_latent("pivot.pt", generator)[0], W_PLUS)


def test_what_is_no_file_is_said(generator: PretrainedGenerator) -> None:
    for path in ("nowhere.pt", os.curdir):
        with pytest.raises(TuganError, match="expected a f"):
            tugan.load_latent(path, generator)
