"""Which encoding a CSV file is in, found by reading all of it once; its hash comes along."""

from __future__ import annotations

import codecs
import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from odopass.registry.deliveries.refusing import FileRefused

UTF_8: Final = "utf-8"
WINDOWS: Final = "cp1252"
#: Names by which people know them.
SHOWN: Final = {UTF_8: "UTF-8", WINDOWS: "Windows-1252"}

_BLOCK: Final = 1 << 20
#: No line of a file of cells is longer. Without line ends a file would be read into memory whole.
_LONGEST_LINE: Final = 1 << 20
_OTHER_FILES: Final = {
    b"\xff\xfe": ("in UTF-16", "Save it as CSV in UTF-8."),
    b"\xfe\xff": ("in UTF-16", "Save it as CSV in UTF-8."),
    b"\x1f\x8b": ("packed by gzip", "Unpack it first: gunzip FILE."),
    b"PK\x03\x04": ("a ZIP archive or an Excel workbook", "Unpack it, or save the sheet as CSV in UTF-8."),
    b"\x28\xb5\x2f\xfd": ("packed by zstd", "Unpack it first: unzstd FILE."),
}


@dataclass(frozen=True, slots=True)
class Looked:
    """What reading a file once told.

    Attributes:
        sha256: of its bytes.
        size: its bytes.
        mark: bytes of a byte order mark at its beginning; 0 if there is none.
        encoding: UTF-8 or Windows-1252.
        ends_with_line_end: whether the last line is ended.
    """

    sha256: bytes
    size: int
    mark: int
    encoding: str
    ends_with_line_end: bool


def digest_of_file(path: Path, on_bytes: Callable[[int], None] = lambda _: None) -> bytes:
    """SHA-256 of a file."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(_BLOCK):
            digest.update(block)
            on_bytes(len(block))
    return digest.digest()


def look_through(path: Path, on_bytes: Callable[[int], None] = lambda _: None) -> Looked:
    """Read a CSV file once.

    Raises:
        FileRefused: it is something else, or has no line ends.
    """
    digest, size, since_line_end, last = hashlib.sha256(), 0, 0, b""
    decoder: codecs.IncrementalDecoder | None = codecs.getincrementaldecoder(UTF_8)()
    with path.open("rb") as file:
        begin = file.read(4)
        for magic, (what, do) in _OTHER_FILES.items():
            if begin.startswith(magic):
                raise FileRefused(f"{path} is no CSV or Parquet file.", f"It is {what}.", do)
        file.seek(0)
        while block := file.read(_BLOCK):
            digest.update(block)
            size += len(block)
            last_end = block.rfind(b"\n")
            since_line_end = since_line_end + len(block) if last_end < 0 else len(block) - last_end - 1
            if since_line_end > _LONGEST_LINE:
                raise FileRefused(
                    f"{path} is no CSV file.",
                    f"A line of it is longer than {_LONGEST_LINE:,} bytes.",
                    "Check that it is the right file, and that its lines end with LF or CR LF.",
                )
            if decoder is not None and not _decodes(decoder, block):
                decoder = None
            last = block
            on_bytes(len(block))
    if decoder is not None and not _decodes(decoder, b"", final=True):
        decoder = None
    mark = len(codecs.BOM_UTF8) if begin.startswith(codecs.BOM_UTF8) else 0
    encoding = UTF_8 if mark or decoder is not None else _mostly(path)
    return Looked(digest.digest(), size, mark, encoding, last.endswith(b"\n"))


def _decodes(decoder: codecs.IncrementalDecoder, block: bytes, *, final: bool = False) -> bool:
    try:
        decoder.decode(block, final)
    except UnicodeDecodeError:
        return False
    return True


def _mostly(path: Path) -> str:
    """What most lines with letters beyond ASCII are in: one damaged line does not make a file another encoding."""
    unicode = other = 0
    with path.open("rb") as file:
        for line in file:
            if not line.isascii():
                try:
                    line.decode(UTF_8)
                    unicode += 1
                except UnicodeDecodeError:
                    other += 1
    return UTF_8 if unicode >= other else WINDOWS
