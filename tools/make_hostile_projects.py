"""Makes project files as somebody would who means harm; none of them runs anything.

    python tools/make_hostile_projects.py FOLDER

Each is one kind of attack or damage: manifests of odd shapes, zips that lie about themselves,
damage of every member, tensors and pictures of impossible sizes. Whoever opens one must be told a
sentence, or get what can be opened of it; within seconds, and with little memory. The tests try
them on the command line, the studio's open route and its folder of saved work.
"""

import argparse
import io
import json
import pickle
import struct
import sys
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import torch
from PIL import Image

from hostile_manifests import hostile_manifests
from hostile_zips import (
    EDIT,
    LATENTS,
    MANIFEST,
    MASK,
    ORIGINAL,
    TENSORS,
    Members,
    damaged,
    hostile_zips,
    zipped,
)
from tugan.dragging.solvers.newton_settings import NewtonSettings
from tugan.dragging.solvers.saved_state import SavedAdam
from tugan.inversion.align import manual_crop
from tugan.inversion.photo_edit import PhotoEdit, PhotoSource
from tugan.session.document import (
    AskedPoint,
    Document,
    DragRecord,
    PointPair,
    SavedRun,
    Start,
    Trail,
    TrailStep,
)
from tugan.session.document_photo import DocumentPhoto
from tugan.session.history import History
from tugan.session.model_reference import ModelReference
from tugan.session.packed_mask import PackedMask
from tugan.session.project_file import history_bytes

_LOCAL, _END = b"PK\x03\x04", b"PK\x05\x06"


@dataclass(frozen=True, kw_only=True)
class Hostile:
    """One of them."""

    name: str
    content: bytes = field(repr=False)


def good_project(
    *,
    model: str = "faces-1024",
    fingerprint: str = "0" * 16,
    rows: int = 14,
    width: int = 512,
    side_px: int = 1024,
) -> bytes:
    """With all that one can have: a drag, where it stopped, its trail, a mask, a photograph."""
    ws = torch.zeros(1, rows, width)
    points = (PointPair(id=1, start_xy=(8, 8), handle_xy=(9, 9), goal_xy=(20, 20)),)
    photo = io.BytesIO()
    Image.fromarray(np.full((64, 64, 3), 128, np.uint8)).save(photo, "PNG")
    edit = PhotoEdit(
        source=PhotoSource.of(photo.getvalue(), name="me.png"),
        alignment=manual_crop((32, 32), side_px=32),
        model_name=model,
        fingerprint=fingerprint,
        ws=ws,
    )
    start = Document(
        model=ModelReference(name_or_path=model, fingerprint=fingerprint),
        start=Start(seed=1),
        origin_ws=ws,
        ws=ws,
        points=points,
        packed_mask=PackedMask(np.full((side_px, side_px), 255, np.uint8)),
        solver="newton",
        settings=NewtonSettings(blocks_px=(32,)),
        photo=DocumentPhoto(edit=edit),
    )
    flat, places = torch.zeros(6, width), torch.tensor([[9.0, 9.0]])
    saved = SavedAdam(
        steps=1,
        move=flat,
        mean=flat,
        square=flat,
        count=1,
        handles_xy=places,
        least_left_px=3.0,
        least_left_step=1,
    )
    end = replace(
        start,
        ws=ws + 0.01,
        record=DragRecord(
            start_ws=ws,
            points=(AskedPoint(id=1, handle_xy=(8, 8), goal_xy=(20, 20)),),
            solver="newton",
            settings=NewtonSettings(blocks_px=(32,)),
        ),
        run=SavedRun(state=saved),
        trail=Trail(
            start_ws=ws,
            steps=(TrailStep(step=1, rows=flat, handles_xy=places, goals_xy=places),),
        ),
        steps=1,
    )
    return history_bytes(History.begun(start, text="Start").added(end, text="Drag"))


def hostile_projects(good: bytes) -> Iterator[Hostile]:
    """All of them, always the same."""
    members = _members_of(good)
    for name, manifest in hostile_manifests(members[MANIFEST]):
        yield Hostile(name=f"manifest: {name}", content=zipped({**members, MANIFEST: manifest}))
    for kind, made in (
        ("tensors", _hostile_tensors(members)),
        ("pictures", _hostile_pictures(members)),
        ("members", _hostile_members(members)),
        ("zip", hostile_zips(good, members)),
        ("damage", damaged(good, members)),
        ("no zip", _no_zips(members)),
    ):
        for name, content in made:
            yield Hostile(name=f"{kind}: {name}", content=content)


def _members_of(content: bytes) -> Members:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


# ---- tensors ---------------------------------------------------------------------------------


def _safetensors(header: object, data: bytes = b"") -> bytes:
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + data


def _one(dtype: str, shape: list[int], offsets: list[int]) -> dict[str, object]:
    return {"a": {"dtype": dtype, "shape": shape, "data_offsets": offsets}}


def _hostile_tensors(members: Members) -> Iterator[tuple[str, bytes]]:
    good = members[LATENTS]
    half = len(good) // 2
    variants: dict[str, bytes] = {
        "nothing": b"",
        "eight bytes": b"\0" * 8,
        "a header of 2^63": struct.pack("<Q", 2**63) + good[8:],
        "a header of a gigabyte": struct.pack("<Q", 1 << 30) + good[8:],
        "no JSON": _safetensors(b"x" * 100),
        "lists in lists": _safetensors(b"[" * 200_000),
        "a million lists": _safetensors(b'{"a":[' + b"[]," * 1_000_000 + b"[]]}"),
        "a list": _safetensors([]),
        "none": _safetensors({}),
        "100 000 of nothing": _safetensors(
            {str(i): {"dtype": "F32", "shape": [0], "data_offsets": [0, 0]} for i in range(100_000)}
        ),
        "unknown kind": _safetensors(_one("F99", [1], [0, 4]), b"\0" * 4),
        "of 2^62 numbers": _safetensors(_one("F32", [2**31, 2**31], [0, 4]), b"\0" * 4),
        "of a negative size": _safetensors(_one("F32", [-1], [0, 4]), b"\0" * 4),
        "offsets beyond": _safetensors(_one("F32", [1], [0, 4_000_000]), b"\0" * 4),
        "offsets backwards": _safetensors(_one("F32", [1], [4, 0]), b"\0" * 4),
        "more than said": good + b"\0" * 1000,
        "cut": good[:half],
        "NaN": _overwritten(good, struct.pack("<f", float("nan"))),
        "infinite": _overwritten(good, struct.pack("<f", float("inf"))),
        "whole numbers": good.replace(b'"F32"', b'"I32"'),
        "half precision": good.replace(b'"F32"', b'"F16"'),
        "booleans": _safetensors(_one("BOOL", [4], [0, 4]), b"\x07" * 4),
        "eight bits": _safetensors(_one("F8_E4M3", [4], [0, 4]), b"\x7f" * 4),
        "other names": good.replace(b"1x", b"2x"),
        "another shape": good.replace(b"[1,", b"[3,"),
        "metadata of lists": _safetensors(
            {"__metadata__": [1, 2], **_one("F32", [1], [0, 4])}, good[:4]
        ),
    }
    for name, content in variants.items():
        yield name, zipped({**members, LATENTS: content})
        if len(content) < 10_000:
            yield f"{name}, of the photograph", zipped({**members, TENSORS: content})


def _overwritten(content: bytes, number: bytes) -> bytes:
    """The last of its numbers."""
    return content[: -len(number)] + number


# ---- pictures --------------------------------------------------------------------------------


def _png(width: int, height: int, *, kind: int = 0, depth: int = 8, data: bytes = b"") -> bytes:
    """A PNG that says to be of this size, whatever is in it."""

    def chunk(name: bytes, content: bytes) -> bytes:
        body = name + content
        return struct.pack(">I", len(content)) + body + struct.pack(">I", zlib.crc32(body))

    header = struct.pack(">IIBBBBB", width, height, depth, kind, 0, 0, 0)
    packed = zlib.compress(data or b"\0" * 1000)
    parts = (chunk(b"IHDR", header), chunk(b"IDAT", packed), chunk(b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


def _hostile_pictures(members: Members) -> Iterator[tuple[str, bytes]]:
    grey = members[MASK]
    for name, content in {
        "a mask of 60 000 x 60 000": _png(60_000, 60_000),
        "a mask of 2^31 x 1": _png(2**31 - 1, 1),
        "a mask of no size": _png(0, 0),
        "a mask of 4000 x 4000, nearly empty": _png(4000, 4000, data=b"\0" * (4001 * 4000)),
        "a mask in colours": _png(8, 8, kind=2, data=b"\0" * 200),
        "a mask of 16 bits": _png(8, 8, depth=16, data=b"\0" * 136),
        "a mask of another size": _png(8, 8, data=b"\0" * 72),
        "a mask that ends": grey[: len(grey) // 2],
        "a mask that is none": b"no picture",
    }.items():
        yield name, zipped({**members, MASK: content})
    many = {f"mask-{i}.png": grey for i in range(1, 2000)}
    yield "two thousand masks", zipped({**members, **many})
    for name, content in {
        "a photograph that is none": b"no picture",
        "a photograph of 60 000 x 60 000": _png(60_000, 60_000, kind=2),
        "a photograph of zeros": b"\0" * 5_000_000,
    }.items():
        yield name, zipped({**members, ORIGINAL: content})
    yield "a thumbnail that is none", zipped({**members, "thumbnail.png": b"no picture"})


def _hostile_members(members: Members) -> Iterator[tuple[str, bytes]]:
    edit = json.loads(members[EDIT])
    variants: dict[str, dict[str, object]] = {
        "a photograph of a NaN square": {
            "alignment": {"centre_xy": ["NaN", 1], "right_xy": [9, 0]}
        },
        "a photograph of a huge square": {
            "alignment": {"centre_xy": [1e30, 1e30], "right_xy": [1e30, 0]}
        },
        "a photograph of another digest": {"photo_sha256": "0" * 64},
        "a photograph of no digest": {"photo_sha256": "/etc/passwd"},
        "a photograph at a path": {"photo_name": "/etc/passwd"},
        "a photograph of a long name": {"photo_name": "x" * 50_000},
        "a photograph in an odd stage": {"stage": "exec"},
        "a photograph of version 99": {"format_version": 99},
        "a photograph half way": {"stage": "tune", "tuning_progress": {"steps": 1, "seconds": 1}},
        "a photograph said to be tuned": {"tuned": True},
    }
    for name, changes in variants.items():
        yield name, zipped({**members, EDIT: json.dumps({**edit, **changes}).encode()})
    nameless = {key: one for key, one in members.items() if key != ORIGINAL}
    named = json.dumps({**edit, "photo_name": "/etc/passwd"}).encode()
    yield "a photograph of a name alone", zipped({**nameless, EDIT: named})
    yield "a photograph of brackets", zipped({**members, EDIT: b"[" * 60_000})
    for lacking in members:
        kept = {key: one for key, one in members.items() if key != lacking}
        yield f"without {lacking}", zipped(kept)
    for name in (
        "/etc/passwd",
        "../../evil",
        "..\\evil",
        "C:\\evil",
        "photo/",
        "photo-1234/edit.json",
        "mask-\u0661.png",
        "mask-0.png\n",
        "MANIFEST.JSON",
        "__main__.py",
        "manifest.json/x",
        "x" * 60_000,
    ):
        yield f"a member {name[:30]!r}", zipped({**members, name: b"x"})


def _no_zips(members: Members) -> Iterator[tuple[str, bytes]]:
    yield "nothing", b""
    yield "a text", b"hello\n"
    yield "a picture", members[MASK]
    yield "a pickle", pickle.dumps(print)
    yield "the first bytes of a zip", _LOCAL
    yield "the last bytes of a zip", struct.pack("<4s4H2LH", _END, 0, 0, 0, 0, 0, 0, 0)
    yield "tensors alone", members[LATENTS]
    for key in ("tugan_project", "tugan_photo_edit"):
        for name, value in {
            "nothing": "",
            "brackets": "[" * 100_000,
            "an object": "{}",
            "lists": "[" + "[]," * 500_000 + "[]]",
        }.items():
            header = {"__metadata__": {key: value}, **_one("F32", [1], [0, 4])}
            yield f"{key} of {name}", _safetensors(header, b"\0" * 4)


def main() -> None:
    """Write them all."""
    parser = argparse.ArgumentParser(description="Make hostile project files.")
    parser.add_argument("folder", type=Path)
    folder: Path = parser.parse_args().folder
    folder.mkdir(parents=True, exist_ok=True)
    count = 0
    for count, one in enumerate(hostile_projects(good_project()), start=1):
        (folder / f"{count:03}.tugan").write_bytes(one.content)
        print(f"{count:03}.tugan  {len(one.content):>10}  {one.name}")
    print(f"{count} hostile projects in {folder}", file=sys.stderr)


if __name__ == "__main__":
    main()
