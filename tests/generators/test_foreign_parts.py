"""What stands in a file beside the tensors: means in any shape, no noise, foreign classes."""

from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from safetensors.torch import save as safetensors
from safetensors.torch import save_file

from foreign_checkpoints import Persistent, Tensors, pickled, torch_saved
from foreign_layouts import nvidia_module, rosinality_tensors
from generators.foreign_classes import AttributeDict, MultiScaleCritic, Options, elsewhere
from generators.format_rows import IN_ROWS, PLAIN, ROWS, SPREAD, WHOLE, encoder_file, snapshot
from generators.refusing import (
    CANARY,
    refuse,
    unharmed,  # noqa: F401
)
from generators.test_hidden_payloads import Evil, asked
from tugan.core.errors import CheckpointError, UnsafeCheckpointError
from tugan.generators.loading import load_generator
from tugan.generators.protocol import PretrainedGenerator, sample_z, synthesize
from tugan.generators.saving import save_pretrained

pytestmark = pytest.mark.usefixtures("unharmed")


def opened(data: bytes) -> PretrainedGenerator:
    Path("file").write_bytes(data)
    return load_generator("file", device="cpu")


@pytest.mark.parametrize(
    ("mean", "note"),
    [
        (IN_ROWS, "mean of W stands in 6 equal rows, of which one is taken"),
        (SPREAD, "keeps 6 different means of W; the mean of them is taken"),
        (IN_ROWS[:1], ""),
        (IN_ROWS[0], ""),
    ],
)
def test_what_was_done_to_a_mean_is_noted(mean: torch.Tensor, note: str) -> None:
    assert note in opened(torch_saved(encoder_file(mean))).info.notes
    assert ("mean of" in opened(torch_saved(encoder_file(mean))).info.notes) == bool(note)


@pytest.mark.parametrize("shape", [(5,), (6, 5), (0, 8), (), (48,)])
def test_a_mean_of_another_width_is_refused(shape: tuple[int, ...]) -> None:
    refuse(
        torch_saved(encoder_file(torch.ones(shape))),
        r"the mean of W, latent_avg, is \(.*\); expected \(8,\), or rows of 8 numbers",
    )


def test_the_generators_own_mean_comes_before_others() -> None:
    other = PLAIN["mapping.w_avg"] + 1
    network = opened(safetensors({**PLAIN, "encoder.latent_avg": other}))
    assert torch.equal(network.w_mean, PLAIN["mapping.w_avg"])  # type: ignore[attr-defined]


def without_noise(tensors: Tensors) -> Tensors:
    return {key: value for key, value in tensors.items() if "noise_const" not in key}


LEAN = {
    "nvidia": lambda: safetensors(without_noise(PLAIN)),
    "nvidia-pt": lambda: torch_saved({"g_ema": without_noise(PLAIN)}),
    "nvidia-pickle": lambda: pickled({"G_ema": nvidia_module(without_noise(PLAIN))}),
    "rosinality": lambda: torch_saved({"g_ema": rosinality_tensors(without_noise(PLAIN))}),
}


@pytest.mark.parametrize("row", LEAN)
def test_noise_maps_that_lack_are_drawn_and_noted(row: str) -> None:
    network = opened(LEAN[row]())
    assert "no noise maps" in network.info.notes
    maps = {k: v for k, v in network.state_dict().items() if k.endswith(".noise")}
    assert len(maps) == 5
    assert all(0.5 < float(one.std()) < 2 for one in maps.values())
    ws = network.map(sample_z(0, z_dim=8))
    again = load_generator("file", device="cpu")
    assert torch.equal(synthesize(network, ws), synthesize(again, ws))
    save_pretrained(network, "ours")
    ours = load_generator("ours", device="cpu")
    assert torch.equal(synthesize(network, ws), synthesize(ours, ws))


def test_files_with_noise_say_nothing_of_it() -> None:
    assert "noise" not in opened(ROWS["safetensors-nvidia"].write()).info.notes
    assert "noise" not in opened(ROWS["rosinality"].write()).info.notes


@pytest.mark.parametrize(
    ("row", "told"),
    [
        ("foreign-discriminator", "D (some_lab.discriminators.MultiScaleCritic)"),
        ("foreign-discriminator-old", "D (some_lab.discriminators.MultiScaleCritic)"),
        ("foreign-layer-of-the-discriminator", "D._modules.b4 (some_lab.discriminators.Multi"),
        ("foreign-lists-and-dictionaries", "options.0 (some_lab.discriminators.Options)"),
        ("foreign-options-of-lightning", "hyper_parameters (some_lab.discriminators.Attribute"),
        ("foreign-discriminator-beside-rosinality", "d (some_lab.discriminators.MultiScale"),
    ],
)
def test_what_was_left_out_is_noted(row: str, told: str) -> None:
    notes = opened(ROWS[row].write()).info.notes
    assert "Left out unread" in notes
    assert told in notes


def test_pytorchs_own_discriminators_need_no_note() -> None:
    assert opened(ROWS["nvidia-ada-training"].write()).info.notes == ""


def test_a_generator_that_may_be_a_foreign_object_is_told_with_the_way() -> None:
    with elsewhere():
        data = torch_saved({"netG": MultiScaleCritic(), "epoch": 3})
    refuse(data, r"not read: netG \(some_lab\..*if one of them is the generator, save its state_d")


class ForeignCall:
    """Pickles as a call of a foreign function."""

    def __reduce__(self) -> tuple[object, tuple[object, ...]]:
        return Options, (0.1,)


IN_THE_GENERATOR: dict[str, Callable[[], bytes]] = {
    "attribute": lambda: pickled(
        {"G_ema": nvidia_module(PLAIN, {"synthesis": {"critic": MultiScaleCritic()}})}
    ),
    "class": lambda: pickled({"G_ema": nvidia_module(PLAIN, {"synthesis": {"kind": Options}})}),
    "function": lambda: pickled(
        {"G_ema": nvidia_module(PLAIN, {"synthesis": {"act": torch.nn.functional.relu}})}
    ),
    "part": lambda: pickled(
        {"G_ema": Persistent("G", {"_modules": {"synthesis": MultiScaleCritic()}})}
    ),
    "whole": lambda: pickled({"G_ema": MultiScaleCritic()}),
    "whole-zip": lambda: torch_saved({"g_ema": MultiScaleCritic()}),
    "alone": lambda: torch_saved(MultiScaleCritic()),
    "alone-old": lambda: torch_saved(MultiScaleCritic(), legacy=True),
    "state-dict-beside-its-tensors": lambda: torch_saved({**PLAIN, "mapping": AttributeDict()}),
    "decoder": lambda: torch_saved(
        {"state_dict": {"decoder": {**WHOLE, "noises": AttributeDict()}}}
    ),
    "state-dict": lambda: torch_saved({"g_ema": {**WHOLE, "noises": AttributeDict()}}),
}


@pytest.mark.parametrize("place", IN_THE_GENERATOR)
def test_a_generator_that_holds_a_foreign_object_is_refused_by_name(place: str) -> None:
    with elsewhere():
        data = IN_THE_GENERATOR[place]()
    refuse(
        data,
        r"is an object of (some_lab\.discriminators\.|torch\.nn\.functional\.relu).*"
        "Save the generator's state_dict",
        UnsafeCheckpointError,
    )


PAYLOADS: dict[str, Callable[[], object]] = {
    "in-its-state": lambda: Options(milestones=Evil()),
    "in-its-items": lambda: AttributeDict(a=Evil()),
    "in-a-layer": lambda: Persistent("D", {"x": Options(milestones=[Evil()])}),
}


@pytest.mark.parametrize("place", PAYLOADS)
@pytest.mark.parametrize("write", [pickled, torch_saved])
def test_a_payload_inside_a_foreign_object_is_refused(
    place: str, write: Callable[[object], bytes]
) -> None:
    with elsewhere():
        data = write(snapshot(D=PAYLOADS[place]()))
    refuse(data, r"asks for (posix|nt)\.system", UnsafeCheckpointError)
    assert not CANARY.exists()


def test_a_call_of_a_foreign_name_is_refused() -> None:
    with elsewhere():
        data = pickled(snapshot(D=ForeignCall()))
    refuse(data, r"asks for some_lab\.discriminators\.Options,", UnsafeCheckpointError)


@pytest.mark.parametrize(
    ("module", "name"),
    [
        ("os", "PathLike"),
        ("subprocess", "Popen"),
        ("importlib.machinery", "SourceFileLoader"),
        ("__builtin__", "file"),
        ("copy_reg", "Thing"),
        ("torch", "Generator"),
        ("torch.hub", "Thing"),
        ("torch.jit", "ScriptModule"),
        ("numpy.ma", "MaskedArray"),
        ("tugan.generators.loading", "Path"),
        ("lab.nets", "Critic.__subclasses__"),
        ("lab.nets", "__class__"),
        ("lab..nets", "Critic"),
        (".nets", "Critic"),
        ("lab.nets ", "Critic"),
        ("lab.nets", "Critic\x00"),
        ("lab.nets", ""),
    ],
)
def test_names_of_which_no_objects_are_made(module: str, name: str) -> None:
    made = asked(module, name).removesuffix(b"X\x01\x00\x00\x00a\x85Rs.") + b")\x81s."
    refuse(made, "asks for ", UnsafeCheckpointError)


def test_a_foreign_object_is_made_of_a_tuple_and_never_called() -> None:
    start = asked("lab.nets", "Critic").removesuffix(b"X\x01\x00\x00\x00a\x85Rs.")
    assert opened(start + b")\x81s.").info.size_hw == (16, 16)
    refuse(start + b"N\x81s.", "tuple of arguments for lab.nets.Critic")
    refuse(start + b")\x81)Rs.", "call a UnreadObject", UnsafeCheckpointError)
    refuse(start + b"}bs.", "state of a ForeignName", UnsafeCheckpointError)


def test_a_foreign_config_beside_the_weights_does_not_matter(tmp_path: Path) -> None:
    save_file(PLAIN, tmp_path / "model.safetensors")
    (tmp_path / "config.json").write_text('{"_class_name": "Generator", "size": 16}')
    assert load_generator(tmp_path, device="cpu").info.size_hw == (16, 16)
    (tmp_path / "config.json").unlink()
    assert load_generator(tmp_path, device="cpu").info.size_hw == (16, 16)


def test_foreign_weights_in_a_folder_of_ours_are_themselves(tmp_path: Path) -> None:
    network = opened(ROWS["stylegan-human"].write())
    save_pretrained(network, tmp_path / "ours")
    save_file(PLAIN, tmp_path / "ours" / "other.safetensors")
    assert load_generator(tmp_path / "ours" / "other.safetensors").info.size_hw == (16, 16)
    assert load_generator(tmp_path / "ours", device="cpu").info.size_hw == (32, 16)


def folder_with(**files: str) -> Path:
    folder = Path("folder")
    folder.mkdir(exist_ok=True)
    for name, text in files.items():
        (folder / name).write_text(text)
    return folder


@pytest.mark.parametrize(
    ("files", "way"),
    [
        ({"model_index.json": "{}"}, "folder of diffusers.*tugan models list"),
        ({"model.safetensors.index.json": "{}"}, "several safetensors files: save them again"),
        ({"ema.safetensors": ""}, "Name the file itself .*folder/ema.safetensors"),
        ({"config.json": "{}", "weights.ckpt": ""}, "Name the file itself .*weights.ckpt"),
    ],
)
def test_a_folder_that_is_none_says_what_to_name(files: dict[str, str], way: str) -> None:
    with pytest.raises(CheckpointError, match=way):
        load_generator(folder_with(**files))


@pytest.mark.parametrize(
    ("data", "way"),
    [
        (lambda: torch_saved(torch.ones(1, 18, 512)), "If it is a latent, give it with --latent"),
        (lambda: safetensors({"w": torch.ones(1, 18, 512)}), "give it with --latent"),
        (lambda: safetensors({"unet.conv.weight": torch.ones(4, 4, 3, 3)}), "state dict of that"),
        (lambda: safetensors({"w_mean": torch.ones(8), "const": torch.ones(4)}), "put the config"),
        (lambda: b"GGUF" + b"\0" * 60, "GGUF file"),
        (lambda: b"\x93NUMPY" + b"\0" * 60, "if it is a latent, give it with --latent"),
    ],
)
def test_what_is_refused_names_the_way(data: Callable[[], bytes], way: str) -> None:
    refuse(data(), way)
