"""The bytes and the text of a feed's file: plain, `.gz`, or the one file in a `.zip`."""

from __future__ import annotations

import codecs
import gzip
import io
import re
import zipfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import BinaryIO, cast

from services.pipeline.errors import FeedUnusable

_GZIP = b"\x1f\x8b"
_ZIP = b"PK\x03\x04"
_EXCEL = "[Content_Types].xml"
_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_HTML = re.compile(
    rb"[\s\xef\xbb\xbf\xff\xfe]*(?:(?:<\?xml[^>]*>|<!--.*?-->)\s*)*<(?:!doctype\s+html|html|head|body)\b",
    re.IGNORECASE | re.DOTALL,
)
_ESCAPE = "feeds.escape"
BEGINNING = 4_096
_LOOK_CHARACTERS = 1_000_000


def inner_name(path: Path) -> str:
    """The file's name, of a compressed file the one inside it, in lower case.

    Raises FeedUnusable for a `.zip` that holds several files.
    """
    beginning = _raw_beginning(path)
    if beginning.startswith(_GZIP):
        name = path.name.lower().removesuffix(".gz")
        return name if Path(name).suffix else f"{name}.csv"
    if beginning.startswith(_ZIP):
        with zipfile.ZipFile(path) as archive:
            return Path(_only_member(path, archive).filename).name.lower()
    return path.name.lower()


def is_compressed(path: Path) -> bool:
    return _raw_beginning(path).startswith((_GZIP, _ZIP))


@contextmanager
def open_bytes(path: Path) -> Iterator[BinaryIO]:
    """The content, unpacked while it is read."""
    beginning = _raw_beginning(path)
    with ExitStack() as stack:
        if beginning.startswith(_GZIP):
            yield cast("BinaryIO", stack.enter_context(gzip.open(path, "rb")))
        elif beginning.startswith(_ZIP):
            archive = stack.enter_context(zipfile.ZipFile(path))
            member = stack.enter_context(archive.open(_only_member(path, archive)))
            yield cast("BinaryIO", member)
        else:
            yield stack.enter_context(path.open("rb"))


@contextmanager
def open_text(path: Path, encoding: str) -> Iterator[Iterator[str]]:
    """Its lines with their ends, without a byte-order mark.

    Bytes that are wrong in that encoding become lone surrogates, which validation handles.
    """
    is_utf8 = codecs.lookup(encoding).name == "utf-8"
    with open_bytes(path) as file:
        errors = "surrogateescape" if is_utf8 else _escape()
        with io.TextIOWrapper(file, encoding=encoding, errors=errors, newline="") as lines:
            first = lines.readline()
            yield _chain(first.removeprefix("\ufeff"), lines)


def text_encoding(path: Path, named: str | None = None) -> str:
    """Encoding by byte-order mark, else as named, else UTF-8, or UTF-16 by its zero bytes."""
    beginning = beginning_of(path)
    for mark, encoding in _MARKS:
        if beginning.startswith(mark):
            return encoding
    if named:
        return named.lower()
    even, odd = beginning[:40:2], beginning[1:40:2]
    if len(odd) > 1 and not any(odd) and all(even):
        return "utf-16-le"
    if len(odd) > 1 and not any(even) and all(odd):
        return "utf-16-be"
    return "utf-8"


def has_wrong_bytes(path: Path, encoding: str) -> bool:
    """True if some bytes of the first megabyte are no text in the encoding."""
    seen = 0
    with open_text(path, encoding) as text:
        for line in text:
            if not line.isascii() and any("\ud800" <= one <= "\udfff" for one in line):
                return True
            seen += len(line)
            if seen > _LOOK_CHARACTERS:
                break
    return False


def beginning_of(path: Path) -> bytes:
    """The first bytes of the content. Raises FeedUnusable for a page saved in place of a feed."""
    with open_bytes(path) as file:
        beginning = file.read(BEGINNING)
    if is_html(beginning):
        raise FeedUnusable(f"{path}: this is an HTML page, not a product feed")
    return beginning


def is_html(beginning: bytes) -> bool:
    """True for the first bytes of a web page, in UTF-16 too."""
    return _HTML.match(beginning.replace(b"\0", b"")) is not None


def _raw_beginning(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(4)


def _only_member(path: Path, archive: zipfile.ZipFile) -> zipfile.ZipInfo:
    members = [
        one
        for one in archive.infolist()
        if not one.is_dir() and not one.filename.startswith("__MACOSX/")
    ]
    if any(one.filename == _EXCEL for one in members):
        raise FeedUnusable(f"{path}: this is an Excel workbook; save it as CSV")
    if len(members) != 1:
        raise FeedUnusable(f"{path}: a .zip must hold one file; this one holds {len(members)}")
    if members[0].flag_bits & 1:
        raise FeedUnusable(f"{path}: the .zip is encrypted; unpack it first")
    return members[0]


def _chain(first: str, lines: Iterator[str]) -> Iterator[str]:
    if first:
        yield first
        yield from lines


def _escape() -> str:
    """Name of an error handler that works in every encoding: one lone surrogate a byte."""
    try:
        codecs.lookup_error(_ESCAPE)
    except LookupError:
        codecs.register_error(_ESCAPE, _escaped)
    return _ESCAPE


def _escaped(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeDecodeError):
        raise error
    wrong = error.object[error.start : error.end]
    return "".join(chr(0xDC80 | byte) for byte in wrong), error.end
