import os
import signal
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from patience import HANG_S
from tugan.core.errors import OutputError
from tugan.core.file_lock import HeldElsewhereError, delete_if_free, hold

HOLDER = """
import sys, time
from pathlib import Path
from tugan.core.file_lock import hold
lock = hold(Path(sys.argv[1]))
print("held", flush=True)
time.sleep(3600)
"""


def test_a_lock_is_held_by_one_until_it_is_released(tmp_path: Path) -> None:
    path = tmp_path / "folder" / "a.lock"
    first = hold(path)
    with pytest.raises(HeldElsewhereError):
        hold(path)
    first.release()
    first.release()
    with hold(path):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_what_a_killed_program_held_is_free_again(tmp_path: Path) -> None:
    path = tmp_path / "a.lock"
    src = Path(__file__).parents[2] / "src"
    with subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(path)],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(src)},
    ) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        with pytest.raises(HeldElsewhereError):
            hold(path)
        delete_if_free(path)
        assert path.exists()
        holder.send_signal(signal.SIGKILL)
        holder.wait(timeout=HANG_S)
    hold(path).release()
    delete_if_free(path)
    assert not path.exists()


def test_a_place_that_cannot_be_written_to_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match=r"a\.lock"):
        hold(tmp_path / "file" / "a.lock")
