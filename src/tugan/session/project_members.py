"""The members of a zip that may be an attack: nothing is asked of the memory before it is bounded.

A zip says its sizes in several places, which need not agree; it may list a million members in a few
megabytes, pack a terabyte into as much, or let members share their bytes. Of what a zip can be,
projects are the plainest kind: no comment, no Zip64, stored or deflated.
"""

import io
import struct
import zipfile
import zlib
from collections.abc import Callable
from dataclasses import dataclass

from tugan.session.project_errors import ProjectFileError

Source = bytes | io.BufferedReader
"""The file, or what is in it."""

_END = struct.Struct("<4s4H2LH")
_END_MAGIC, _ZIP64_MAGIC = b"PK\x05\x06", b"PK\x06\x07"
_ZIP64_BYTES = 20
_BYTES_A_MEMBER = 128
"""Of the directory: 46 and the name, which here is short."""
_ENCRYPTED = 0x1
# what zipfile raises on damaged archives
_ZIP_ERRORS = (
    zipfile.BadZipFile,
    zlib.error,
    struct.error,
    EOFError,
    NotImplementedError,
    RuntimeError,
    ValueError,
    LookupError,
    TypeError,
    OSError,
    OverflowError,
)


@dataclass(frozen=True, kw_only=True)
class Rules:
    """What members there may be."""

    most_members: int
    most_packed_bytes: int
    """Of all members that are not stored plainly together, unpacked."""
    known: Callable[[str], bool]
    """Is this a member's name?"""
    largest: Callable[[str], int]
    """Bytes that a member may have, unpacked."""
    packed: Callable[[str], bool]
    """May this member be deflated?"""


def read_members(
    source: Source, *, name: str, rules: Rules, wanted: str | None = None
) -> dict[str, bytes]:
    """All members by their names, or the wanted one alone.

    :class:`ProjectFileError` for whatever the rules do not allow, or is damaged. A file is read
    where it lies.
    """
    opened = io.BytesIO(source) if isinstance(source, bytes) else source
    try:
        size = opened.seek(0, io.SEEK_END)
        _check_end(opened, size, name=name, most_members=rules.most_members)
        with zipfile.ZipFile(opened) as archive:
            members = archive.infolist()
            _check_directory(members, size, name=name, rules=rules)
            return {
                member.filename: _content_of(archive, member)
                for member in members
                if wanted is None or member.filename == wanted
            }
    except ProjectFileError:
        raise
    except _ZIP_ERRORS as error:
        raise ProjectFileError(f"{name} is not a tugan project: {error}") from error


def _check_end(
    opened: io.BytesIO | io.BufferedReader, size: int, *, name: str, most_members: int
) -> None:
    """Before the directory is parsed, which takes a thousand bytes for each of its members."""
    opened.seek(max(size - _END.size - _ZIP64_BYTES, 0))
    end = opened.read(_END.size + _ZIP64_BYTES)
    if len(end) < _END.size:
        raise ProjectFileError(f"{name} is not a tugan project: it is cut short")
    magic, _, _, _, count, length, start, comment = _END.unpack(end[-_END.size :])
    if magic != _END_MAGIC or comment:
        raise ProjectFileError(
            f"{name} is not a tugan project: it is cut short, or was packed anew by another program"
        )
    if end.startswith(_ZIP64_MAGIC):
        raise ProjectFileError(f"{name} is not a tugan project: it is a Zip64 archive")
    if count > most_members or length > most_members * _BYTES_A_MEMBER:
        raise ProjectFileError(
            f"{name} says that it holds {count} files, in a directory of {length} bytes; a project"
            f" has at most {most_members}"
        )
    if start + length + _END.size > size:
        raise ProjectFileError(f"{name} is not a tugan project: its directory is not all there")


def _check_directory(members: list[zipfile.ZipInfo], size: int, *, name: str, rules: Rules) -> None:
    """Before anything is unpacked."""
    if len(members) > rules.most_members:
        raise ProjectFileError(
            f"{name} holds {len(members)} files; a project has at most {rules.most_members}"
        )
    seen: set[str] = set()
    for member in members:
        _check_member(member, name=name, rules=rules)
        if member.filename in seen:
            raise ProjectFileError(f"{name} holds {member.filename} twice")
        seen.add(member.filename)
    # members that share their bytes would come out as more than there is
    if sum(member.compress_size for member in members) > size:
        raise ProjectFileError(f"{name} is too large: its members are more than the file")
    packed = sum(one.file_size for one in members if one.compress_type != zipfile.ZIP_STORED)
    if packed > rules.most_packed_bytes:
        raise ProjectFileError(f"{name} is too large: it would unpack to {packed} bytes")


def _check_member(member: zipfile.ZipInfo, *, name: str, rules: Rules) -> None:
    called = member.filename
    if not rules.known(called):
        raise ProjectFileError(f"{name} holds a file {called!r:.100}, which no project has")
    if member.flag_bits & _ENCRYPTED:
        raise ProjectFileError(f"{name} is encrypted: tugan projects are not")
    if member.file_size > rules.largest(called):
        raise ProjectFileError(
            f"{name} is too large: {called} would unpack to {member.file_size} bytes"
        )
    if member.compress_type == zipfile.ZIP_STORED:
        if member.file_size != member.compress_size:
            raise ProjectFileError(f"{name} is damaged: {called} has two different sizes")
    elif not rules.packed(called):
        plain = called.rsplit("/", maxsplit=1)[-1]
        raise ProjectFileError(f"{name} has packed {plain}; tugan projects store it plainly")
    elif member.compress_type != zipfile.ZIP_DEFLATED:
        raise ProjectFileError(
            f"{name} has packed {called} by method {member.compress_type}, which no project has"
        )


def _content_of(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> bytes:
    with archive.open(member) as opened:
        # read as a whole, what it says of its size would be believed only afterwards
        content = opened.read(member.file_size)
        # the checksum is compared at the end
        if len(content) < member.file_size or opened.read(1):
            raise ProjectFileError(f"{member.filename} is not of the size that it says")
    return content
