import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

import tugan
from tugan.core.errors import CheckpointError, UnknownModelError
from tugan.generators.catalogue.checksums import SUMS_NAME, check_sums, write_sums
from tugan.generators.formats.detect import read_checkpoint
from tugan.generators.loading import load_generator
from tugan.generators.mobilestylegan.network import MobileStyleGan
from tugan.generators.protocol import GeneratorInfo, PretrainedGenerator, sample_z
from tugan.generators.saving import fingerprint, save_pretrained
from tugan.generators.stylegan2.network import StyleGan2


@pytest.fixture(params=["faces", "stylegan2_128"])
def generator(request: pytest.FixtureRequest) -> PretrainedGenerator:
    found: PretrainedGenerator = request.getfixturevalue(request.param)
    return found


def test_what_is_saved_opens_again_bit_for_bit(
    generator: PretrainedGenerator, tmp_path: Path
) -> None:
    save_pretrained(generator, tmp_path / "model")
    again = load_generator(tmp_path / "model", device="cpu")
    assert again.config == generator.config
    assert again.info.hints == generator.info.hints
    before, after = generator.state_dict(), again.state_dict()
    assert before.keys() == after.keys()
    assert all(torch.equal(before[name], after[name]) for name in before)
    assert fingerprint(again) == fingerprint(generator)


def test_a_second_save_is_byte_for_byte_the_first(
    stylegan2_128: PretrainedGenerator, tmp_path: Path
) -> None:
    save_pretrained(stylegan2_128, tmp_path / "a")
    save_pretrained(load_generator(tmp_path / "a", device="cpu"), tmp_path / "b")
    for name in ("config.json", "model.safetensors", "README.md"):
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes()


def test_what_was_said_of_older_weights_goes_with_them(
    stylegan2_128: PretrainedGenerator, tmp_path: Path
) -> None:
    save_pretrained(stylegan2_128, tmp_path)
    write_sums(tmp_path)
    assert all(one.ok for one in check_sums(tmp_path))
    save_pretrained(stylegan2_128, tmp_path, dtype=torch.float16)
    assert not (tmp_path / SUMS_NAME).exists()


def test_half_precision_files_are_half_the_size(
    stylegan2_128: PretrainedGenerator, tmp_path: Path
) -> None:
    save_pretrained(stylegan2_128, tmp_path / "full")
    save_pretrained(stylegan2_128, tmp_path / "half", dtype=torch.float16)
    sizes = [(tmp_path / f / "model.safetensors").stat().st_size for f in ("full", "half")]
    assert sizes[1] < 0.52 * sizes[0]
    again = load_generator(tmp_path / "half", device="cpu")
    ws = stylegan2_128.map(sample_z(0, z_dim=512))
    difference = tugan.synthesize(again, ws) - tugan.synthesize(stylegan2_128, ws)
    assert difference.abs().mean() < 5e-3


def test_methods_that_pytorch_users_expect(tmp_path: Path, oracle_dir: Path) -> None:
    network = StyleGan2.from_pretrained(oracle_dir / "nvidia-stylegan2-128.pkl", device="cpu")
    network.save_pretrained(tmp_path / "saved")
    again = StyleGan2.from_pretrained(tmp_path / "saved", device="cpu", dtype=torch.float64)
    assert again.const.dtype == torch.float64
    ws = again.map(sample_z(0, z_dim=512))
    assert ws.dtype == torch.float64
    torch.testing.assert_close(
        again(ws).float(), network(network.map(sample_z(0, z_dim=512))), atol=1e-4, rtol=0
    )
    with pytest.raises(TypeError, match="is a stylegan2, expected a MobileStyleGan"):
        MobileStyleGan.from_pretrained(tmp_path / "saved", device="cpu")


def test_both_foreign_layouts_of_one_model_are_one_model(oracle_dir: Path) -> None:
    nvidia = load_generator(oracle_dir / "nvidia-stylegan2-128.pkl", device="cpu").state_dict()
    port = load_generator(oracle_dir / "rosinality-stylegan2-128.pt", device="cpu").state_dict()
    assert nvidia.keys() == port.keys()
    for name, tensor in nvidia.items():
        torch.testing.assert_close(tensor, port[name], atol=1e-7, rtol=1e-6)


def test_unknown_names_list_near_ones() -> None:
    with pytest.raises(UnknownModelError, match="did you mean faces-1024"):
        load_generator("face1024")
    with pytest.raises(UnknownModelError, match="there are faces-1024"):
        load_generator("zzz")


def damage_config(change: Callable[[dict[str, object]], object], folder: Path) -> None:
    path = folder / "config.json"
    config = json.loads(path.read_text())
    change(config)
    path.write_text(json.dumps(config))


DAMAGES: dict[str, tuple[Callable[[dict[str, object]], object], str]] = {
    "another family": (lambda c: c.update(family="vqgan"), "family is 'vqgan'.*stylegan2"),
    "newer version": (lambda c: c.update(format_version=99), "wrong at format_version"),
    "no architecture": (lambda c: c.pop("architecture"), "wrong at architecture"),
    "wrong channels": (
        lambda c: c.update(architecture={"channels": "many"}),
        r"architecture\.channels",
    ),
    "no channels": (
        lambda c: c.update(architecture={"channels": []}),
        "channels must be between 1 and",
    ),
    "other channels": (lambda c: c.update(architecture={"channels": [8, 8]}), "do not fit"),
    "unknown entry": (lambda c: c.update(surprise=1), "wrong at surprise"),
}


@pytest.mark.parametrize("name", DAMAGES)
def test_a_wrong_config_is_named(
    name: str, stylegan2_128: PretrainedGenerator, tmp_path: Path
) -> None:
    save_pretrained(stylegan2_128, tmp_path)
    change, message = DAMAGES[name]
    damage_config(change, tmp_path)
    with pytest.raises(CheckpointError, match=message):
        load_generator(tmp_path)


def test_tensors_that_do_not_fit_are_named(
    stylegan2_128: PretrainedGenerator, tmp_path: Path
) -> None:
    save_pretrained(stylegan2_128, tmp_path)
    path = tmp_path / "model.safetensors"
    tensors = load_file(path)
    del tensors["const"]
    tensors["w_mean"] = torch.zeros(3)
    tensors["stowaway"] = torch.zeros(1)
    save_file(tensors, path)
    with pytest.raises(CheckpointError) as caught:
        load_generator(tmp_path)
    message = str(caught.value)
    assert "const is missing" in message
    assert "stowaway is not part of the network" in message
    assert "w_mean is (3,), expected (512,)" in message


def test_weights_alone_do_not_say_what_they_are(
    stylegan2_128: PretrainedGenerator, tmp_path: Path
) -> None:
    save_pretrained(stylegan2_128, tmp_path / "model")
    alone = tmp_path / "alone.safetensors"
    shutil.copy(tmp_path / "model/model.safetensors", alone)
    with pytest.raises(CheckpointError, match=r"no config\.json beside it"):
        load_generator(alone)


def test_a_torch_file_of_something_else_lists_what_was_seen(tmp_path: Path) -> None:
    path = tmp_path / "classifier.pt"
    torch.save({"net": {"fc.weight": torch.zeros(2, 2)}, "epoch": 3}, path)
    with pytest.raises(CheckpointError) as caught:
        load_generator(path)
    message = str(caught.value)
    assert "no generator family known here (stylegan2, " in message
    assert "at its top: net, epoch; 1 tensors: net.fc.weight [2, 2]; layouts tried" in message
    assert "TensorFlow" in message


def test_a_stylegan2_that_lacks_a_tensor_says_which(tmp_path: Path, oracle_dir: Path) -> None:
    content = torch.load(oracle_dir / "rosinality-stylegan2-128.pt", weights_only=True)
    del content["g_ema"]["convs.3.activate.bias"]
    torch.save(content, tmp_path / "cut.pt")
    with pytest.raises(CheckpointError, match=r"convs\.3\.activate\.bias is missing"):
        load_generator(tmp_path / "cut.pt")


def test_a_file_without_the_mean_of_w_gets_it_estimated(tmp_path: Path, oracle_dir: Path) -> None:
    content = torch.load(oracle_dir / "rosinality-stylegan2-128.pt", weights_only=True)
    del content["latent_avg"]
    torch.save(content, tmp_path / "meanless.pt")
    network = StyleGan2.from_pretrained(tmp_path / "meanless.pt", device="cpu")
    z = torch.randn(2000, 512, generator=torch.Generator().manual_seed(5))
    w = network.map(z, psi=1.0)[:, 0]
    # the mean of W is estimated from other samples: it must lie far inside their spread
    assert (w.mean(dim=0) - network.w_mean).norm() < 0.1 * (w - w.mean(dim=0)).norm(dim=1).mean()


MISSHAPEN: dict[str, torch.Tensor] = {
    "input.input": torch.zeros(5),
    "style.1.weight": torch.zeros(()),
    "style.2.weight": torch.zeros(7, 512),
    "conv1.noise.weight": torch.zeros(()),
    "to_rgbs.0.conv.weight": torch.zeros(1, 3, 0, 1, 1),
    "convs.1.conv.weight": torch.zeros(64, 64, 3, 3),
}


@pytest.mark.parametrize("name", MISSHAPEN)
def test_a_stylegan2_of_misshapen_tensors_gets_a_sentence(
    name: str, tmp_path: Path, oracle_dir: Path
) -> None:
    content = torch.load(oracle_dir / "rosinality-stylegan2-128.pt", weights_only=True)
    content["g_ema"][name] = MISSHAPEN[name]
    torch.save(content, tmp_path / "bent.pt")
    with pytest.raises(CheckpointError):
        load_generator(tmp_path / "bent.pt")


def test_of_a_training_checkpoint_the_running_average_is_enough(
    tmp_path: Path, oracle_dir: Path
) -> None:
    content = torch.load(oracle_dir / "rosinality-stylegan2-128.pt", weights_only=True)
    wanted = load_generator(oracle_dir / "rosinality-stylegan2-128.pt", device="cpu")
    content |= {"d": {"final.weight": torch.zeros(1000)}, "g": content["g_ema"], "d_optim": {}}
    torch.save(content, tmp_path / "training.pt")
    raw = read_checkpoint(tmp_path / "training.pt")
    assert {name.split(".")[0] for name in raw.tensors} == {"g_ema", "latent_avg"}
    assert fingerprint(load_generator(tmp_path / "training.pt", device="cpu")) == fingerprint(
        wanted
    )


def test_a_file_larger_than_any_generator_is_not_read(tmp_path: Path) -> None:
    with (tmp_path / "sparse.pt").open("wb") as file:
        file.write(b"PK\x03\x04")
        file.truncate(9 << 30)
    with pytest.raises(CheckpointError, match=r"at most 8 GiB but the file has 9\.0"):
        load_generator(tmp_path / "sparse.pt")


def test_an_interrupted_save_leaves_no_model(
    stylegan2_128: PretrainedGenerator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    save_pretrained(stylegan2_128, tmp_path)

    def interrupted(info: GeneratorInfo) -> str:
        raise KeyboardInterrupt

    monkeypatch.setattr("tugan.generators.saving.model_card", interrupted)
    with pytest.raises(KeyboardInterrupt):
        save_pretrained(stylegan2_128, tmp_path, dtype=torch.float16)
    with pytest.raises(CheckpointError, match=r"config\.json"):
        load_generator(tmp_path)


def test_half_precision_is_still_the_same_model(
    stylegan2_128: PretrainedGenerator, tmp_path: Path
) -> None:
    save_pretrained(stylegan2_128, tmp_path, dtype=torch.float16)
    again = load_generator(tmp_path, device="cpu")
    assert fingerprint(again) == fingerprint(stylegan2_128)
