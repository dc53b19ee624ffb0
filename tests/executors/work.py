"""Work for other processes."""

import os
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True, kw_only=True)
class Making:
    """Makes workers; picklable."""

    folder: Path
    """Where they leave a mark each."""

    def __call__(self) -> "Working":
        (self.folder / f"made-{os.getpid()}").touch()
        return Working(folder=self.folder)


@dataclass(frozen=True, kw_only=True)
class Working:
    """Squares numbers; words make it do other things."""

    folder: Path

    def __call__(self, items: tuple[Any, ...]) -> Iterator[Any]:
        for item in items:
            yield self.do(item)

    def do(self, item: object) -> object:
        match item:
            case "die":
                os._exit(3)
            case "die once":
                mark = self.folder / "died"
                if not mark.exists():
                    mark.touch()
                    os._exit(3)
                return "lived"
            case "hang":
                time.sleep(600)
            case "raise":
                raise ValueError("broken on purpose")
            case "pid":
                time.sleep(0.3)
                return os.getpid()
            case "threads":
                return os.environ.get("OMP_NUM_THREADS")
        assert isinstance(item, int)
        return item * item
