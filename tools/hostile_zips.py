"""Zips that lie about themselves, and damaged ones, made of the members of a good project."""

import io
import struct
import zipfile
from collections.abc import Iterator, Mapping

Members = dict[str, bytes]
MANIFEST, LATENTS, MASK = "manifest.json", "latents.safetensors", "mask-0.png"
EDIT, TENSORS, ORIGINAL = "photo/edit.json", "photo/tensors.safetensors", "photo/original"
STORED, DEFLATED = zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED
_LOCAL, _CENTRAL, _END = b"PK\x03\x04", b"PK\x01\x02", b"PK\x05\x06"


def zipped(members: Mapping[str, bytes], *, methods: Mapping[str, int] | None = None) -> bytes:
    """As projects are, but for members that are packed by other methods."""
    usual = {MANIFEST: DEFLATED, EDIT: DEFLATED}
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        for name, content in members.items():
            method = (methods or {}).get(name, usual.get(name, STORED))
            archive.writestr(zipfile.ZipInfo(name), content, compress_type=method)
    return target.getvalue()


# ---- zips ------------------------------------------------------------------------------------


def hostile_zips(good: bytes, members: Members) -> Iterator[tuple[str, bytes]]:
    for name in members:
        yield f"bzip2 of {name}", zipped(members, methods={name: zipfile.ZIP_BZIP2})
        yield f"lzma of {name}", zipped(members, methods={name: zipfile.ZIP_LZMA})
        yield f"method 93 of {name}", _with_method(good, name, 93)
    for name in (LATENTS, MASK, TENSORS, ORIGINAL):
        yield f"deflated {name}", zipped(members, methods={name: DEFLATED})
    bomb = b" " * 200_000_000
    yield "a bomb, and it says so", zipped({**members, MANIFEST: bomb})
    yield (
        "a bomb that says it is small",
        _with_sizes(zipped({**members, MANIFEST: bomb}), MANIFEST, 99),
    )
    for size in (0, 1, 2**31, 2**32 - 2):
        for name in (MANIFEST, LATENTS, ORIGINAL):
            yield f"{name} says {size} bytes", _with_sizes(good, name, size)
    yield "a member twice", _twice(members)
    yield "encrypted", _patched(good, MANIFEST, at=8, value=struct.pack("<H", 1))
    yield "members that share their bytes", _shared(members)
    yield "members that begin beyond", _patched(good, LATENTS, at=42, value=b"\xf0\xff\xff\x7f")
    end = good.rindex(_END)
    yield "it says that it holds none", _with_count(good, 0)
    yield "it says that it holds 65 534", _with_count(good, 65_534)
    yield "a comment", good[:-2] + struct.pack("<H", 60_000) + b"x" * 60_000
    yield "half a comment", good[:-2] + struct.pack("<H", 60_000)
    yield "Zip64", good[:end] + b"PK\x06\x07" + b"\xff" * 16 + good[end:]
    yield "a directory of 2^32 bytes", good[: end + 12] + b"\xff" * 4 + good[end + 16 :]
    yield (
        "a directory that begins beyond",
        good[: end + 16] + b"\xff\xff\xff\x7f" + good[end + 20 :],
    )
    yield "something before it", b"#!/bin/sh\ntouch ran\n" + good
    yield "something after it", good + b"x" * 100
    yield "a directory of 200 000", _long_directory(200_000)
    yield "a directory of 200 000 that says 5", _with_count(_long_directory(200_000), 5)
    yield "a zip in it", zipped({**members, "thumbnail.png": good, MANIFEST: good})


def _directory_entry(content: bytes, name: str) -> int:
    """Where the directory tells of a member."""
    place = content.index(_CENTRAL)
    while content[place + 46 : place + 46 + len(name)] != name.encode():
        place = content.index(_CENTRAL, place + 1)
    return place


def _patched(content: bytes, name: str, *, at: int, value: bytes) -> bytes:
    place = _directory_entry(content, name) + at
    return content[:place] + value + content[place + len(value) :]


def _with_method(content: bytes, name: str, method: int) -> bytes:
    return _patched(content, name, at=10, value=struct.pack("<H", method))


def _with_sizes(content: bytes, name: str, size: int) -> bytes:
    """The unpacked size as the directory tells it."""
    return _patched(content, name, at=24, value=struct.pack("<I", size))


def _with_count(content: bytes, count: int) -> bytes:
    place = content.rindex(_END) + 8
    return content[:place] + struct.pack("<2H", count, count) + content[place + 4 :]


def _twice(members: Members) -> bytes:
    (name, manifest), *_ = members.items()
    other = "manifest.jsoN"
    return zipped({**members, other: manifest}).replace(other.encode(), name.encode())


def _shared(members: Members) -> bytes:
    """A thousand photographs whose bytes are the same ones."""
    content = zipped({**members, ORIGINAL: b"\0" * 1_000_000})
    end = content.rindex(_END)
    start = content.index(_CENTRAL)
    parts = []
    for name in (EDIT, TENSORS, ORIGINAL):
        place = _directory_entry(content, name)
        length = 46 + len(name)
        parts.append(content[place : place + length])
    more = b""
    for index in range(100, 700):
        for part in parts:
            called = part[46:].replace(b"photo/", b"photo-%d/" % index)
            more += part[:28] + struct.pack("<H", len(called)) + part[30:46] + called
    directory = content[start:end] + more
    count = 7 + 3 * 600
    return (
        content[:start]
        + directory
        + struct.pack("<4s4H2LH", _END, 0, 0, count, count, len(directory), start, 0)
    )


def _long_directory(count: int) -> bytes:
    """Members of nothing, all at the same place."""
    local = struct.pack("<4s5H3L2H", _LOCAL, 20, 0, 0, 0, 33, 0, 0, 0, 1, 0) + b"a"
    entry = struct.pack("<4s6H3L5H2L", _CENTRAL, 20, 20, 0, 0, 0, 33, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0)
    directory = (entry + b"a") * count
    told = min(count, 65_535)
    return (
        local
        + directory
        + struct.pack("<4s4H2LH", _END, 0, 0, told, told, len(directory), len(local), 0)
    )


# ---- damage ----------------------------------------------------------------------------------


def damaged(good: bytes, members: Members) -> Iterator[tuple[str, bytes]]:
    for share in (0.01, 0.2, 0.5, 0.8, 0.99):
        yield f"cut at {share:.0%}", good[: int(len(good) * share)]
    for name, content in members.items():
        for share in (0.0, 0.5, 0.99):
            place = good.index(content) if content in good else _data_of(good, name)
            place += int(share * min(len(content), 200))
            flipped = bytes([good[place] ^ 0xFF])
            yield f"{name} flipped at {share:.0%}", good[:place] + flipped + good[place + 1 :]
        yield f"{name} empty", zipped({**members, name: b""})


def _data_of(content: bytes, name: str) -> int:
    return content.index(name.encode()) + len(name)
