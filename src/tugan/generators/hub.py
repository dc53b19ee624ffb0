"""Hugging Face: models by folder or by their name on the hub, and back to it (extra ``hub``)."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType

import torch

from tugan.core.errors import MissingExtraError, TuganError
from tugan.generators.catalog import DEFAULT_MODEL, catalog
from tugan.generators.loading import load_generator
from tugan.generators.model_card import CARD_NAME, model_card
from tugan.generators.preview_store import SHIPPED_NAME as HEAD_NAME
from tugan.generators.preview_store import kept_preview_head, save_preview_head
from tugan.generators.protocol import PretrainedGenerator
from tugan.generators.repainting_store import SHIPPED_NAME as SKETCH_NAME
from tugan.generators.repainting_store import kept_repainting, save_repainting_of
from tugan.generators.sample_sheet import SHEET_NAME, write_sample_sheet
from tugan.generators.saving import fingerprint, save_pretrained

FILES = ("config.json", "model.safetensors", CARD_NAME, SKETCH_NAME, HEAD_NAME)
"""All that is fetched of a repository: never a pickle."""


class HubError(TuganError):
    """What the hub refused, or could not be asked for."""


def from_pretrained(
    model: str | Path = DEFAULT_MODEL,
    *,
    device: str | torch.device = "auto",
    dtype: torch.dtype = torch.float32,
    revision: str | None = None,
) -> PretrainedGenerator:
    """A frozen generator from a folder, a catalogue name, or a repository of the Hugging Face hub.

    What is a folder or file here is opened as :func:`load_generator` does. ``owner/name`` that is
    none is looked up on the hub and kept in its own cache; ``revision`` is a branch, tag or commit
    there. ``HF_HUB_OFFLINE`` is respected. To call this is to accept the repository's licence.

    Raises what :func:`load_generator` does, :class:`HubError`, and :class:`MissingExtraError`
    without the extra ``hub``.
    """
    if not _of_hub(model):
        return load_generator(model, device=device, dtype=dtype)
    with _told(str(model)) as hub:
        folder = hub.snapshot_download(
            str(model), revision=revision, allow_patterns=list(FILES), library_name="tugan"
        )
    return load_generator(Path(folder), device=device, dtype=dtype)


def push_to_hub(
    generator: PretrainedGenerator,
    repo_id: str,
    *,
    private: bool = False,
    token: str | None = None,
    revision: str | None = None,
    dtype: torch.dtype = torch.float32,
    message: str = "Upload with tugan",
) -> str:
    """Publish a generator as a repository of the Hugging Face hub; the address of the commit.

    The repository (``owner/name``) is made if there is none. ``token`` is by default that of
    ``hf auth login``. Look at the licence of the weights first: you distribute them.

    :class:`HubError` if the hub refuses, :class:`MissingExtraError` without the extra ``hub``.
    """
    _library()  # before the work of preparing
    with tempfile.TemporaryDirectory(prefix="tugan-hub-") as folder:
        prepare_folder(generator, Path(folder), dtype=dtype)
        with _told(repo_id) as hub:
            api = hub.HfApi(token=token, library_name="tugan")
            api.create_repo(repo_id, private=private, exist_ok=True)
            commit = api.upload_folder(
                repo_id=repo_id, folder_path=folder, revision=revision, commit_message=message
            )
    return str(commit)


def prepare_folder(
    generator: PretrainedGenerator, folder: Path, *, dtype: torch.dtype = torch.float32
) -> None:
    """Write what :func:`push_to_hub` uploads: the model and what was computed of it, some pictures.

    A preview head, and what moves repaint, are left out where they would have to be computed first.
    """
    save_pretrained(generator, folder, dtype=dtype)
    sketch = kept_repainting(generator)
    if sketch is not None:
        save_repainting_of(generator, sketch, folder / SKETCH_NAME)
    head = kept_preview_head(generator)
    if head is not None:
        save_preview_head(head, folder / HEAD_NAME, whose=fingerprint(generator))
    write_sample_sheet(generator, folder / SHEET_NAME)
    card = model_card(generator.info, sheet=SHEET_NAME)
    (folder / CARD_NAME).write_text(card, encoding="utf-8")


def _of_hub(model: str | Path) -> bool:
    """``owner/name``, and nothing that is here."""
    if isinstance(model, Path) or model.count("/") != 1 or model.startswith((".", "/", "~")):
        return False
    return model not in {entry.name for entry in catalog()} and not Path(model).exists()


def _library() -> tuple[ModuleType, ModuleType]:
    """The hub's library and its errors."""
    try:
        import huggingface_hub
        from huggingface_hub import errors
    except ImportError as error:
        raise MissingExtraError(
            "models of the Hugging Face hub need the extra hub: pip install 'tugan[hub]'"
        ) from error
    return huggingface_hub, errors


@contextmanager
def _told(repo_id: str) -> Iterator[ModuleType]:
    """The hub's library; its errors as ours, with what to do."""
    hub, errors = _library()
    # its error of the transport, which it does not name itself, and OSError
    of_transport = errors.HfHubHTTPError.__bases__
    try:
        yield hub
    except errors.HFValidationError as error:
        raise HubError(f"{repo_id!r} is no name of a repository: {error}") from error
    except errors.GatedRepoError as error:
        raise HubError(
            f"{repo_id} wants its terms accepted first: open https://huggingface.co/{repo_id},"
            " accept them, and log in with hf auth login"
        ) from error
    except errors.RepositoryNotFoundError as error:
        raise HubError(
            f"there is no {repo_id} on the hub, or it is private: check the name, or log in with"
            " hf auth login"
        ) from error
    except errors.RevisionNotFoundError as error:
        raise HubError(f"{repo_id} has no such revision: {error}") from error
    except (errors.LocalEntryNotFoundError, errors.OfflineModeIsEnabled) as error:
        raise HubError(
            f"{repo_id} is not in the hub's cache on this machine, and the hub cannot be asked: go"
            " online, and unset HF_HUB_OFFLINE if it is set"
        ) from error
    except of_transport as error:
        raise HubError(f"the hub cannot do that with {repo_id}: {error}") from error
