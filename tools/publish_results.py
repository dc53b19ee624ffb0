"""A finished run of ``tugan bench all`` as small files to keep in docs/results.

    python tools/publish_results.py runs/standard docs/results \
        --command "tugan bench all --preset standard ..." --took "87 minutes on ..."

Pages, tables and plots as they are, contact sheets as smaller JPEGs; thumbnails and the history of
each drag stay behind. What was in the target folder is replaced.
"""

import argparse
import shutil
import tempfile
from pathlib import Path

from PIL import Image

KEPT = (".html", ".md", ".json", ".png")
SHEET = ".jpg"
SHEET_QUALITY = 62
README = "README.md"


def main() -> None:
    """Copy beside the target, then put it in its place."""
    options = _options()
    run, target = options.run, options.target
    if not (run / "index.html").is_file():
        raise SystemExit(f"{run} has no index.html: name the folder of a tugan bench all")
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=".results-") as made:
        fresh = Path(made) / "results"
        publish(run, fresh)
        (fresh / README).write_text(_readme(options.command, options.took), encoding="utf-8")
        fresh.chmod(0o755)
        if target.exists():
            shutil.rmtree(target)
        fresh.rename(target)


def publish(run: Path, target: Path) -> None:
    """The run's own pages and those of its experiments."""
    for folder in (run, *sorted(path for path in run.iterdir() if path.is_dir())):
        place = target / folder.relative_to(run)
        place.mkdir(parents=True, exist_ok=True)
        for path in sorted(folder.iterdir()):
            if path.suffix in KEPT:
                shutil.copyfile(path, place / path.name)
            elif path.suffix == SHEET:
                with Image.open(path) as sheet:
                    sheet.save(place / path.name, quality=SHEET_QUALITY, optimize=True)


def _readme(command: str, took: str) -> str:
    return (
        "# The paper's experiments, the standard preset\n\n"
        "[index.html](index.html) has all of it in a browser, [report.md](report.md) the tables;"
        " each experiment has a folder.\nIt was made by\n\n"
        f"    {command}\n"
        "    python tools/publish_results.py RUN docs/results\n\n"
        f"{took}\n"
    )


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("run", type=Path, help="the folder of a run")
    parser.add_argument("target", type=Path, help="replaced")
    parser.add_argument("--command", required=True, help="what made the run")
    parser.add_argument("--took", required=True, help="how long, on what machine")
    return parser.parse_args()


if __name__ == "__main__":
    main()
