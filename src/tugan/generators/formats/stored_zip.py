"""The entries of an uncompressed zip as spans of the file; torch.save never compresses."""

import io
import struct
import zipfile
from typing import final

from tugan.core.errors import CheckpointError
from tugan.generators.formats.inert_objects import printable
from tugan.generators.formats.spans import Span

MAX_DIRECTORY_BYTES = 2 << 20
"""Of a zip's table of contents; a StyleGAN2 with its discriminator needs about 50 KB."""

_LOCAL_HEADER = struct.Struct("<4s22xHH")
_ENCRYPTED = 0x1
ZIP_ERRORS = (
    zipfile.BadZipFile,
    zipfile.LargeZipFile,
    NotImplementedError,
    OSError,
    OverflowError,
    ValueError,
    struct.error,
)


def zip_entries(file: io.BufferedIOBase, span: Span) -> dict[str, Span]:
    """The bytes of every entry by its name.

    CheckpointError for a zip that is damaged, compressed or encrypted, or names an entry twice.
    """
    try:
        with zipfile.ZipFile(GuardedFile(file)) as archive:
            infos = archive.infolist()
    except CheckpointError:
        raise
    except ZIP_ERRORS as error:
        raise CheckpointError(
            f"the zip cannot be opened ({printable(str(error))}); its download was probably cut "
            "short: fetch it again"
        ) from error
    entries: dict[str, Span] = {}
    for info in infos:
        if info.filename in entries:
            raise CheckpointError(f"the zip holds {printable(info.filename)} twice; it is damaged")
        entries[info.filename] = _stored_bytes(info, span)
    return entries


def _stored_bytes(info: zipfile.ZipInfo, span: Span) -> Span:
    name = printable(info.filename)
    if info.flag_bits & _ENCRYPTED:
        raise CheckpointError(f"the zip's {name} is encrypted; expected a file of torch.save")
    if info.compress_type != zipfile.ZIP_STORED or info.compress_size != info.file_size:
        raise CheckpointError(
            f"the zip's {name} is compressed, which torch.save never does; if someone packed a "
            "checkpoint, unpack it first"
        )
    header = span.sub(info.header_offset, _LOCAL_HEADER.size).read()
    magic, name_length, extra_length = _LOCAL_HEADER.unpack(header)
    if magic != b"PK\x03\x04":
        raise CheckpointError(f"the zip's {name} is not where its directory says; it is damaged")
    start = info.header_offset + _LOCAL_HEADER.size + name_length + extra_length
    return span.sub(start, info.file_size)


@final
class GuardedFile(io.BufferedIOBase):
    """Lets zipfile read its table of contents, and not a table made to exhaust the memory."""

    def __init__(self, file: io.BufferedIOBase) -> None:
        self._file = file

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = 0, /) -> int:
        return self._file.seek(offset, whence)

    def tell(self) -> int:
        return self._file.tell()

    def read(self, size: int | None = -1, /) -> bytes:
        if size is not None and size > MAX_DIRECTORY_BYTES:
            raise CheckpointError(
                f"expected a zip with a table of contents of at most {MAX_DIRECTORY_BYTES} bytes, "
                f"found {size}; the file is damaged or made to exhaust the memory"
            )
        return self._file.read(size)
