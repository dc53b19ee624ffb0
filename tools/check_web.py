"""The studio's page: lint, types, tests, and whether what is committed is what the sources make.

Skipped with a reason where there is no Node, unless TUGAN_NO_SKIP is set.
"""

import filecmp
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
WEB = ROOT / "web"
STATIC = ROOT / "src/tugan/studio/static"
MESSAGES = WEB / "src/wire/messages.ts"
OLDEST_NODE = (20, 19)


def main() -> int:
    """The exit code: 0 if all is well or there is no Node."""
    lacking = _lacking()
    if lacking:
        if os.environ.get("TUGAN_NO_SKIP"):
            print(f"the page cannot be checked: {lacking}", file=sys.stderr)
            return 1
        print(f"the page is not checked: {lacking}")
        return 0
    _npm("ci", "--no-audit", "--no-fund", "--loglevel=error")
    with tempfile.TemporaryDirectory() as folder:
        stale = [*_stale_messages(Path(folder)), *_stale_build(Path(folder))]
    for path in stale:
        print(f"{path} is not what web/ makes: run make web and commit it", file=sys.stderr)
    if stale:
        return 1
    _npm("run", "--silent", "lint")
    _npm("run", "--silent", "test")
    return 0


def _lacking() -> str | None:
    if shutil.which("npm") is None or shutil.which("node") is None:
        return "there is no Node (node and npm) here"
    text = subprocess.run(["node", "--version"], capture_output=True, text=True, check=True).stdout
    found = re.match(r"v(\d+)\.(\d+)", text)
    if found is None or (int(found[1]), int(found[2])) < OLDEST_NODE:
        return f"Node {text.strip()} is older than {OLDEST_NODE[0]}.{OLDEST_NODE[1]}"
    return None


def _stale_messages(folder: Path) -> list[Path]:
    made = folder / "messages.ts"
    _npm("run", "--silent", "messages", "--", str(made))
    same = MESSAGES.is_file() and filecmp.cmp(made, MESSAGES, shallow=False)
    return [] if same else [MESSAGES.relative_to(ROOT)]


def _stale_build(folder: Path) -> list[Path]:
    built = folder / "static"
    _npm("run", "--silent", "build", "--", "--outDir", str(built), "--logLevel", "error")
    names = {path.relative_to(top) for top in (built, STATIC) for path in _files(top)}
    return [
        (STATIC / name).relative_to(ROOT)
        for name in sorted(names)
        if not (built / name).is_file()
        or not (STATIC / name).is_file()
        or not filecmp.cmp(built / name, STATIC / name, shallow=False)
    ]


def _files(top: Path) -> list[Path]:
    return [path for path in top.rglob("*") if path.is_file()]


def _npm(*arguments: str) -> None:
    environment = {**os.environ, "PYTHON": sys.executable}
    finished = subprocess.run(["npm", *arguments], cwd=WEB, env=environment, check=False)
    if finished.returncode:
        sys.exit(finished.returncode)


if __name__ == "__main__":
    sys.exit(main())
