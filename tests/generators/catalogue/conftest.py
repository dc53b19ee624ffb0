from collections.abc import Iterator
from pathlib import Path

import pytest

from generators.catalogue.file_server import FileServer, serving


@pytest.fixture(autouse=True)
def own_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is shared between tests, nor with the machine."""
    monkeypatch.setenv("TUGAN_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("TUGAN_STATE", str(tmp_path / "state"))
    monkeypatch.setenv("NO_PROXY", "127.0.0.1,localhost")
    monkeypatch.delenv("HF_HUB_OFFLINE", raising=False)
    monkeypatch.delenv("TUGAN_CATALOGUE", raising=False)


@pytest.fixture
def server() -> Iterator[FileServer]:
    """Of three million bytes, none of them alike."""
    with serving(b"".join(i.to_bytes(4, "little") for i in range(750_000))) as running:
        yield running
