"""Manifests that no project has, for :mod:`make_hostile_projects` to put into good zips."""

import copy
import json
from collections.abc import Callable, Iterator
from typing import Any

Json = dict[str, Any]
Edit = Callable[[Json], object]


def hostile_manifests(good: bytes) -> Iterator[tuple[str, bytes]]:
    """Names and contents; each has one thing wrong with it, or is odd and can be opened."""
    yield from _TEXTS.items()
    yield "utf-16", good.decode().encode("utf-16")
    yield "byte order mark", b"\xef\xbb\xbf" + good
    yield "cut", good[: len(good) // 2]
    yield "twice", good + good
    yield "a key twice", good[:-1] + b',"entries":[]}'
    yield "not utf-8", good.replace(b"Start", b"\xff\xfe\xfd", 1)
    yield "half a surrogate", good.replace(b"Start", b"\\ud800", 1)
    for name, edit in _EDITS.items():
        manifest = json.loads(good)
        edit(manifest)
        yield name, json.dumps(manifest).encode()


def _last(manifest: Json) -> Json:
    found: Json = manifest["entries"][-1]["document"]
    return found


def _chained(count: int) -> Edit:
    """So many entries, each after the one before."""

    def edit(manifest: Json) -> None:
        first, last = manifest["entries"][0], manifest["entries"][-1]
        bare = {**last["document"], "record": None, "run": None, "trail": None, "points": []}
        manifest["entries"] = [first] + [
            {**last, "id": i, "parent": i - 1, "document": bare} for i in range(1, count)
        ]
        manifest["current"], manifest["taken"] = count - 1, []

    return edit


def _fan(count: int) -> Edit:
    """The same, each after the first."""

    def edit(manifest: Json) -> None:
        _chained(count)(manifest)
        for entry in manifest["entries"][1:]:
            entry["parent"] = 0

    return edit


def _with_points(count: int, **changes: object) -> Edit:
    def edit(manifest: Json) -> None:
        point = _last(manifest)["points"][0]
        points = [{**copy.deepcopy(point), "id": i, **changes} for i in range(count)]
        _last(manifest)["points"] = points

    return edit


def _asked(count: int) -> Edit:
    def edit(manifest: Json) -> None:
        record = _last(manifest)["record"]
        record["points"] = [{**record["points"][0], "id": i} for i in range(count)]

    return edit


def _set(*path: str, to: object) -> Edit:
    """In the last document."""

    def edit(manifest: Json) -> None:
        place = _last(manifest)
        for part in path[:-1]:
            place = place[part]
        place[path[-1]] = to

    return edit


def _top(**values: object) -> Edit:
    return lambda manifest: manifest.update(values)


def _entry(**values: object) -> Edit:
    return lambda manifest: manifest["entries"][-1].update(values)


def _model(name: object) -> Edit:
    def edit(manifest: Json) -> None:
        manifest["model"]["name_or_path"] = name
        for entry in manifest["entries"]:
            entry["document"]["model"]["name_or_path"] = name

    return edit


def _padded(manifest: Json) -> None:
    manifest["entries"][-1]["document"]["more"] = [[]] * 10


_MANY = 3_000_000
_TEXTS: dict[str, bytes] = {
    "nothing": b"",
    "null": b"null",
    "a list": b"[]",
    "a number": b"3",
    "a text": b'"manifest"',
    "an empty object": b"{}",
    "zeros": b"\0" * 1000,
    "lists in lists": b"[" * 100_000,
    "closed lists in lists": b"[" * 100_000 + b"]" * 100_000,
    "objects in objects": b'{"a":' * 100_000 + b"1" + b"}" * 100_000,
    "millions of lists": b'{"entries":[' + b"[]," * _MANY + b"[]]}",
    "millions of objects": b'{"entries":[' + b"{}," * _MANY + b"{}]}",
    "millions of numbers": b'{"entries":[' + b"1," * _MANY + b"1]}",
    "a text of 15 MB": b'{"app_version":"' + b"x" * 15_000_000 + b'"}',
    "a number of 5 MB": b'{"format_version":' + b"9" * 5_000_000 + b"}",
    "spaces alone": b" " * 15_000_000,
    "no JSON": b"import os; os.system('touch ran')",
    "NaN": b'{"format_version": NaN}',
}

_EDITS: dict[str, Edit] = {
    "version 99": _top(format_version=99),
    "version 10 to the 400": _top(format_version=10**400),
    "version true": _top(format_version=True),
    "version text": _top(format_version="7"),
    "version -1": _top(format_version=-1),
    "no entries": _top(entries=[]),
    "entries null": _top(entries=None),
    "more than there is": _top(more={"a": 1}),
    "app version long": _top(app_version="x" * 1000),
    "current nowhere": _top(current=77),
    "current text": _top(current="one"),
    "current huge": _top(current=10**30),
    "taken nowhere": _top(taken=[[0, 99]]),
    "taken backwards": _top(taken=[[1, 0]]),
    "taken a million": _top(taken=[[0, 1]] * 300_000),
    "own parent": _entry(parent=1),
    "parent later": lambda m: m["entries"][0].update(parent=1),
    "parents in a circle": lambda m: (
        m["entries"][0].update(parent=1),
        m["entries"][1].update(parent=0),
    ),
    "two beginnings": _entry(parent=None),
    "parent nowhere": _entry(parent=5),
    "the same id": _entry(id=0),
    "id negative": _entry(id=-5),
    "id huge": _entry(id=2**40),
    "text long": _entry(text="x" * 100_000),
    "text of controls": _entry(text="\x1b[2J\x1b[31m\0\r\n"),
    "text as markup": _entry(text="<script>fetch('//evil')</script>"),
    "entries chained, 900": _chained(900),
    "entries chained, 10 000": _chained(10_000),
    "entries in a fan, 900": _fan(900),
    "points 200": _with_points(200),
    "points 201": _with_points(201),
    "points 10 000": _with_points(10_000),
    "points of one id": _with_points(3, id=1),
    "points asked 10 000": _asked(10_000),
    "point far away": _with_points(1, handle=[1e5, 1e5]),
    "point beyond": _with_points(1, handle=[1e6, 0]),
    "point NaN": _with_points(1, handle=[float("nan"), 1]),
    "point infinite": _with_points(1, goal=[float("inf"), 1]),
    "point of three": _with_points(1, handle=[1, 2, 3]),
    "point text": _with_points(1, handle="here"),
    "no settings": _set("settings", to={}),
    "settings of the other": _set("settings", to={"learning_rate": 1.0}),
    "settings none": _set("settings", to=None),
    "rows huge": _set("settings", "rows", to=10**9),
    "rows none": _set("settings", "rows", to=0),
    "steps huge": _set("settings", "max_steps", to=10**18),
    "blocks none": _set("settings", "blocks_px", to=[]),
    "blocks odd": _set("settings", "blocks_px", to=[3]),
    "blocks many": _set("settings", "blocks_px", to=[128] * 100_000),
    "trust infinite": _set("settings", "trust_px_at_512", to="Infinity"),
    "hold NaN": _set("settings", "hold", to="NaN"),
    "solver none": _set("solver", to="eval"),
    "ws nowhere": _set("ws", to="4x8-0"),
    "origin nowhere": _set("origin_ws", to=""),
    "ws a path": _set("ws", to="/etc/passwd"),
    "mask nowhere": _set("mask", to="mask-9.png"),
    "mask a path": _set("mask", to="../../mask-0.png"),
    "photo nowhere": _set("photo", to="photo-77"),
    "photo a path": _set("photo", to="/etc"),
    "steps negative": _set("steps", to=-1),
    "steps of the drag huge": _set("steps", to=10**12),
    "outcome odd": _set("outcome", to={"ending": "exec", "sentence": ""}),
    "outcome NaN": _set("outcome", to={"ending": "reached", "sentence": "", "left_px": "NaN"}),
    "seed huge": _set("start", "seed", to=2**64),
    "label huge": _set("start", "label", to=2**62),
    "run odd": _set("run", to={"state": {"kind": "exec"}, "nearest": None}),
    "trail long": _set("trail", to={"start_ws": "x", "steps": [{}] * 50_000}),
    "model a path": _model("/etc/passwd"),
    "model a device": _model("/dev/zero"),
    "model above": _model("../../../../dev/urandom"),
    "model of zeros": _model("faces\0-1024"),
    "model long": _model("x" * 100_000),
    "model empty": _model(""),
    "model a list": _model(["faces-1024"]),
    "padded": _padded,
}
