"""Downloads from a real server that misbehaves."""

import subprocess
import sys
from pathlib import Path

import pytest

from generators.catalogue.file_server import FileServer
from patience import HANG_S
from tugan.core.errors import OutputError
from tugan.generators.catalogue.download import Patience, Received, download
from tugan.generators.catalogue.errors import DownloadError
from tugan.generators.catalogue.transport import check_redirect

QUICK = Patience(timeout_s=HANG_S, attempts=3, pause_s=0)


@pytest.fixture
def target(tmp_path: Path) -> Path:
    return tmp_path / "downloads" / "model"


def fetch(address: str, target: Path, *, patience: Patience = QUICK) -> list[Received]:
    return list(download(address, target, patience=patience))


def test_a_file_comes_whole_with_its_progress(server: FileServer, target: Path) -> None:
    steps = fetch(server.file, target)
    assert target.read_bytes() == server.does.content
    assert steps[0] == Received(done_bytes=0, total_bytes=3_000_000)
    assert steps[-1] == Received(done_bytes=3_000_000, total_bytes=3_000_000)
    assert [one.name for one in target.parent.iterdir()] == ["model"]


def test_a_length_that_is_not_told_is_not_needed(server: FileServer, target: Path) -> None:
    server.does.length_told = False
    steps = fetch(server.file, target)
    assert target.read_bytes() == server.does.content
    assert steps[-1] == Received(done_bytes=3_000_000, total_bytes=None)


def test_a_cut_connection_is_gone_on_with(server: FileServer, target: Path) -> None:
    server.does.cut_after = [1_200_000, 900_000]
    fetch(server.file, target)
    assert target.read_bytes() == server.does.content
    ranges = [asked.get("Range") for asked in server.does.asked]
    assert ranges == [None, "bytes=1200000-", "bytes=2100000-"]
    assert [asked.get("If-Range") for asked in server.does.asked] == [None, '"one"', '"one"']


def test_an_interrupted_download_is_gone_on_with_next_time(
    server: FileServer, target: Path
) -> None:
    for received in download(server.file, target, patience=QUICK):
        if received.done_bytes > 1_000_000:
            break
    assert not target.exists()
    steps = fetch(server.file, target)
    assert target.read_bytes() == server.does.content
    assert steps[0].done_bytes > 1_000_000
    assert server.does.asked[1]["Range"] == f"bytes={steps[0].done_bytes}-"


@pytest.mark.parametrize("etag", [None, 'W/"weak"'])
def test_without_a_promise_that_it_is_the_same_file_it_begins_anew(
    server: FileServer, target: Path, etag: str | None
) -> None:
    server.does.etag = etag
    server.does.cut_after = [1_200_000]
    fetch(server.file, target)
    assert target.read_bytes() == server.does.content
    assert "Range" not in server.does.asked[1]


def test_a_server_without_ranges_begins_anew(server: FileServer, target: Path) -> None:
    server.does.ranges = False
    server.does.cut_after = [1_200_000]
    fetch(server.file, target)
    assert target.read_bytes() == server.does.content


@pytest.mark.parametrize("honours_if_range", [True, False])
def test_a_file_that_changed_is_not_mixed(
    server: FileServer, target: Path, honours_if_range: bool
) -> None:
    """Some servers answer with a range of the new file, whatever ``If-Range`` says."""
    server.does.cut_after = [1_200_000] * 3
    server.does.ranges = False
    with pytest.raises(DownloadError):
        fetch(server.file, target)
    server.does.cut_after = []
    server.does.ranges = True
    server.does.honours_if_range = honours_if_range
    server.does.content = bytes(reversed(server.does.content))
    server.does.etag = '"two"'
    fetch(server.file, target)
    assert target.read_bytes() == server.does.content


def test_a_file_that_became_shorter_begins_anew(server: FileServer, target: Path) -> None:
    server.does.cut_after = [2_000_000, 0, 0, 0]
    with pytest.raises(DownloadError):
        fetch(server.file, target)
    server.does.cut_after = []
    server.does.content = server.does.content[:1_000_000]
    fetch(server.file, target)
    assert target.read_bytes() == server.does.content


def test_another_range_than_was_asked_for_is_not_taken(server: FileServer, target: Path) -> None:
    server.does.cut_after = [1_200_000]
    server.does.range_shift = 7
    fetch(server.file, target)
    assert target.read_bytes() == server.does.content
    assert "Range" not in server.does.asked[2]


def test_a_server_that_always_cuts_is_given_up(server: FileServer, target: Path) -> None:
    server.does.ranges = False
    server.does.cut_after = [1_000] * 10
    with pytest.raises(DownloadError, match="ended after 1000 of 3000000 bytes"):
        fetch(server.file, target)
    assert len(server.does.asked) == QUICK.attempts
    assert not target.exists()


def test_more_is_announced_than_comes(server: FileServer, target: Path) -> None:
    server.does.announced = 4_000_000
    server.does.etag = None
    with pytest.raises(DownloadError, match="ended after 3000000 of 4000000 bytes"):
        fetch(server.file, target)
    assert not target.exists()


def test_a_server_that_falls_silent_is_given_up(server: FileServer, target: Path) -> None:
    server.does.stall = True
    with pytest.raises(DownloadError, match="broke off"):
        fetch(server.file, target, patience=Patience(timeout_s=2, attempts=2, pause_s=0))


def test_trouble_that_passes_is_waited_for(server: FileServer, target: Path) -> None:
    server.does.statuses = [503, 429]
    fetch(server.file, target)
    assert target.read_bytes() == server.does.content


@pytest.mark.parametrize(
    ("status", "told"),
    [(404, "answers 404"), (403, "does not give this file to everybody"), (500, "may pass")],
)
def test_refusals_are_told(server: FileServer, target: Path, status: int, told: str) -> None:
    server.does.statuses = [status] * 5
    with pytest.raises(DownloadError, match=told):
        fetch(server.file, target)
    assert len(server.does.asked) == (QUICK.attempts if status == 500 else 1)


def test_an_empty_file_is_none(server: FileServer, target: Path) -> None:
    server.does.content = b""
    with pytest.raises(DownloadError, match="empty file"):
        fetch(server.file, target)


def test_a_compressed_answer_is_not_taken(server: FileServer, target: Path) -> None:
    server.does.encoding = "gzip"
    with pytest.raises(DownloadError, match="compressed"):
        fetch(server.file, target)
    assert server.does.asked[0]["Accept-Encoding"] == "identity"


@pytest.mark.parametrize("told", [True, False])
def test_too_large_a_file_is_not_fetched(server: FileServer, target: Path, told: bool) -> None:
    server.does.length_told = told
    with pytest.raises(DownloadError, match="no generator"):
        list(download(server.file, target, patience=QUICK, max_bytes=2_000_000))
    assert not target.parent.exists() or list(target.parent.iterdir()) == []


def test_redirects_are_followed_a_few_times(server: FileServer, target: Path) -> None:
    fetch(f"{server.address}/to/{server.address}/to//file", target)
    assert target.read_bytes() == server.does.content
    with pytest.raises(DownloadError, match="redirects more than 5 times, in a circle"):
        fetch(f"{server.address}/around", target)


@pytest.mark.parametrize(
    "elsewhere", ["file:///etc/passwd", "ftp://127.0.0.1/x", "http://example.org/x", "data:,x"]
)
def test_redirects_out_of_https_are_not_followed(
    server: FileServer, target: Path, elsewhere: str
) -> None:
    with pytest.raises(DownloadError, match=r"redirects to|out of HTTP"):
        fetch(f"{server.address}/to/{elsewhere}", target)
    assert len(server.does.asked) == 1
    assert not target.exists()


def test_encryption_is_never_left() -> None:
    check_redirect("https://example.org/a", "https://elsewhere.example.org/b")
    check_redirect("http://localhost/a", "http://127.0.0.1/b")
    for where in ("http://example.org/b", "http://localhost/b", "file:///b"):
        with pytest.raises(DownloadError, match="nothing is fetched from there"):
            check_redirect("https://example.org/a", where)


@pytest.mark.parametrize("address", ["http://example.org/x", "file:///etc/passwd", "x"])
def test_addresses_without_encryption_are_not_asked(target: Path, address: str) -> None:
    with pytest.raises(DownloadError, match="expected an address with https"):
        fetch(address, target)


def test_no_server_is_told_as_being_offline(target: Path) -> None:
    with pytest.raises(DownloadError, match=r"cannot reach 127\.0\.0\.1 .*are you online"):
        fetch("http://127.0.0.1:9/file", target)


@pytest.mark.parametrize("value", ["1", "TRUE", "yes"])
def test_offline_mode_of_the_hub_holds_here_too(
    server: FileServer, target: Path, monkeypatch: pytest.MonkeyPatch, value: str
) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", value)
    with pytest.raises(DownloadError, match="HF_HUB_OFFLINE is set"):
        fetch(server.file, target)
    assert server.does.asked == []


def test_a_folder_that_cannot_be_written_to_is_told_first(
    server: FileServer, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match="is a file, not a folder"):
        fetch(server.file, tmp_path / "file" / "model")
    assert server.does.asked == []


FULL = """
import resource, sys
from pathlib import Path
from tugan.core.errors import OutputError
from tugan.generators.catalogue.download import Patience, download
resource.setrlimit(resource.RLIMIT_FSIZE, (1_500_000, 1_500_000))
try:
    list(download(sys.argv[1], Path(sys.argv[2]), patience=Patience(pause_s=0)))
except OutputError as error:
    print(error)
"""


def test_a_disk_that_is_full_is_told(server: FileServer, target: Path) -> None:
    """The system refuses larger files to that process, as a full disk would."""
    ran = subprocess.run(
        [sys.executable, "-c", FULL, server.file, str(target)],
        capture_output=True,
        text=True,
        check=True,
    )
    assert "the disk is full" in ran.stdout
    assert "TUGAN_CACHE" in ran.stdout
    assert target.with_name("model.part").stat().st_size > 1_000_000
    fetch(server.file, target)
    assert target.read_bytes() == server.does.content


def test_more_than_the_disk_has_is_not_begun(server: FileServer, target: Path) -> None:
    server.does.announced = 1 << 60
    with pytest.raises(OutputError, match="are still to come: make room"):
        list(download(server.file, target, patience=QUICK, max_bytes=1 << 61))
