"""The bytes and the text of a feed's file: plain, `.gz`, or the one file in a `.zip`."""

from __future__ import annotations

import codecs
import gzip
import io
import re
import zipfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, TextIO, cast

from services.pipeline.errors import FeedUnusable
from services.pipeline.feeds.wrong_bytes import error_handler, has_wrong_bytes

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

GZIP = b"\x1f\x8b"
ZIP = (b"PK\x03\x04", b"PK\x05\x06")
PARQUET = b"PAR1"
_EXCEL = "[Content_Types].xml"
_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_NO_TABLES = (
    (b"%PDF", "a PDF document"),
    (b"\xd0\xcf\x11\xe0", "a workbook or document of Microsoft Office; save it as CSV"),
    (b"SQLite format 3", "an SQLite database; export a table as CSV"),
    *((mark, "a picture") for mark in (b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"RIFF")),
)
"""First bytes of files that were saved in place of a feed."""
_HTML = re.compile(
    rb"[\s\xef\xbb\xbf\xff\xfe]*(?:(?:<\?xml[^>]*>|<!--.*?-->)\s*)*<(?:!doctype\s+html|html|head|body)\b",
    re.IGNORECASE | re.DOTALL,
)
_JSON = re.compile(rb'[\s\xef\xbb\xbf]*(?:\[\s*)?\{\s*"')
_XML = re.compile(rb"[\s\xef\xbb\xbf]*<(?:\?xml\s|rss[\s>]|feed[\s>])")
BEGINNING = 4_096
_LOOK_CHARACTERS = 1_000_000
_LONGEST_LINE = 32_000_000
"""A longer line is read in pieces: a file may be one line without an end."""
_MOST_TIMES = 300
_LEAST_BOMB = 500_000_000
"""A compressed file may unpack to this size or this multiple of its own; feeds reach 50."""
_BUFFER = 1 << 16


def inner_name(path: Path) -> str:
    """The file's name, of a compressed file the one inside it, in lower case.

    Raises FeedUnusable for a `.zip` that holds several files.
    """
    beginning = _raw_beginning(path)
    if beginning.startswith(GZIP):
        name = path.name.lower().removesuffix(".gz")
        return name if Path(name).suffix else f"{name}.csv"
    if beginning.startswith(ZIP):
        with zipfile.ZipFile(path) as archive:
            return Path(_only_member(path, archive).filename).name.lower()
    # Browsers unpack what they download, and leave its name.
    return path.name.lower().removesuffix(".gz")


def is_compressed(path: Path) -> bool:
    return _raw_beginning(path).startswith((GZIP, *ZIP))


def is_parquet(path: Path) -> bool:
    """True for Parquet's own mark, whatever the file is called."""
    return _raw_beginning(path).startswith(PARQUET)


def is_json(path: Path) -> bool:
    """True if the content begins as objects of JSON do, whatever the file is called."""
    return _JSON.match(beginning_of(path)) is not None


def is_xml(path: Path) -> bool:
    """True if the content begins as XML does, whatever the file is called."""
    return _XML.match(beginning_of(path).replace(b"\0", b"")) is not None


def is_text_encoding(name: str) -> bool:
    """True for a codec between text and bytes that reads a file: neither `hex` nor `idna`."""
    try:
        return len("id,title".encode(name).decode(name, error_handler())) > 0
    except (LookupError, UnicodeError, ValueError):
        return False


@contextmanager
def open_bytes(path: Path) -> Iterator[BinaryIO]:
    """The content, unpacked while it is read."""
    beginning = _raw_beginning(path)
    with ExitStack() as stack:
        if beginning.startswith(GZIP):
            unpacked = cast("BinaryIO", stack.enter_context(gzip.open(path, "rb")))
            yield _measured(unpacked, path)
        elif beginning.startswith(ZIP):
            archive = stack.enter_context(zipfile.ZipFile(path))
            member = stack.enter_context(archive.open(_only_member(path, archive)))
            yield _measured(cast("BinaryIO", member), path)
        else:
            yield stack.enter_context(path.open("rb"))


@contextmanager
def open_text(path: Path, encoding: str) -> Iterator[Iterator[str]]:
    """Its lines with their ends, without a byte-order mark.

    Bytes that are wrong in that encoding become lone surrogates, which validation handles.
    """
    if not is_text_encoding(encoding):
        raise FeedUnusable(f"{path}: {encoding!r} is not the encoding of a text")
    is_utf8 = codecs.lookup(encoding).name == "utf-8"
    with open_bytes(path) as file:
        errors = "surrogateescape" if is_utf8 else error_handler()
        with io.TextIOWrapper(file, encoding=encoding, errors=errors, newline="") as lines:
            first = lines.readline(_LONGEST_LINE)
            yield _chain(first.removeprefix("\ufeff"), lines)


def text_encoding(path: Path, named: str = "") -> str:
    """Encoding by byte-order mark, else as named, else UTF-8, or UTF-16 by its zero bytes."""
    beginning = beginning_of(path)
    for mark, encoding in _MARKS:
        if beginning.startswith(mark):
            return encoding
    if named:
        return named.lower()
    return _by_zeros(beginning[:400]) or "utf-8"


def is_wrong_encoding(path: Path, encoding: str) -> bool:
    """True if some bytes of the first megabyte are no text in the encoding."""
    seen = 0
    with open_text(path, encoding) as text:
        for line in text:
            if not line.isascii() and has_wrong_bytes(line):
                return True
            seen += len(line)
            if seen > _LOOK_CHARACTERS:
                break
    return False


def beginning_of(path: Path) -> bytes:
    """The first bytes of the content. Raises FeedUnusable for what was saved in place of a feed."""
    with open_bytes(path) as file:
        beginning = file.read(BEGINNING)
    if beginning.startswith(GZIP):
        raise FeedUnusable(f"{path}: this is packed twice; unpack it once")
    if is_html(beginning):
        raise FeedUnusable(f"{path}: this is an HTML page, not a product feed")
    for mark, name in _NO_TABLES:
        if beginning.startswith(mark):
            raise FeedUnusable(f"{path}: this is {name}")
    return beginning


def _by_zeros(beginning: bytes) -> str:
    """UTF-16 or UTF-32 by where the zero bytes of its Latin letters and commas are, or empty."""
    if beginning.count(0) * 8 < len(beginning):
        return ""
    zeros = [beginning[start::4].count(0) for start in range(4)]
    most = len(beginning[::4])
    if zeros[2:] == [len(beginning[2::4]), len(beginning[3::4])] and zeros[0] < most:
        return "utf-32-le"
    if zeros[:2] == [most, len(beginning[1::4])] and zeros[3] < most:
        return "utf-32-be"
    even, odd = zeros[0] + zeros[2], zeros[1] + zeros[3]
    if 10 * even < odd:
        return "utf-16-le"
    return "utf-16-be" if 10 * odd < even else ""


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
        if not one.is_dir()
        and not one.filename.startswith("__MACOSX/")
        and not Path(one.filename).name.startswith(".")
    ]
    if any(one.filename == _EXCEL for one in members):
        raise FeedUnusable(f"{path}: this is an Excel workbook; save it as CSV")
    if any(one.filename == "mimetype" or one.filename.endswith(".iwa") for one in members):
        raise FeedUnusable(f"{path}: this is a document of LibreOffice or Apple; save it as CSV")
    if len(members) != 1:
        raise FeedUnusable(
            f"{path}: a .zip must hold one file; this one holds "
            f"{len(members)}. Unpack it, and load the file with the products"
        )
    if members[0].flag_bits & 1:
        raise FeedUnusable(f"{path}: the .zip is encrypted; unpack it first")
    return members[0]


def _chain(first: str, lines: TextIO) -> Iterator[str]:
    if first:
        yield first
        yield from iter(partial(lines.readline, _LONGEST_LINE), "")


class _Measured(io.RawIOBase):
    """The unpacked content of a file; refuses one that grows out of proportion (a zip bomb)."""

    def __init__(self, unpacked: BinaryIO, path: Path) -> None:
        self._unpacked = unpacked
        self._path = path
        self._most = max(_LEAST_BOMB, _MOST_TIMES * path.stat().st_size)
        self._read = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: WriteableBuffer) -> int:
        view = memoryview(buffer)
        piece = self._unpacked.read(len(view))
        self._read += len(piece)
        if self._read > self._most:
            raise FeedUnusable(f"{self._path}: unpacks to more than {_MOST_TIMES} times its size")
        view[: len(piece)] = piece
        return len(piece)


def _measured(unpacked: BinaryIO, path: Path) -> BinaryIO:
    return cast("BinaryIO", io.BufferedReader(_Measured(unpacked, path), _BUFFER))
