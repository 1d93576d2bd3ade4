"""XML as UTF-8 without the characters that XML forbids, whatever the file's encoding."""

from __future__ import annotations

import codecs
import re
from pathlib import Path
from typing import BinaryIO

from services.pipeline.errors import FeedUnusable
from services.pipeline.feeds.files import beginning_of, text_encoding
from services.pipeline.feeds.wrong_bytes import error_handler, made_private, restored

_DECLARED = re.compile(rb"<\?xml[^>]*?encoding\s*=\s*[\"']([A-Za-z0-9._:-]+)[\"']")
_CHUNK = 1 << 16
_FORBIDDEN = bytes(32 if byte < 32 and byte not in b"\t\n\r" else byte for byte in range(256))
_FORBIDDEN_REFERENCE = re.compile(
    rb"&#(?:x0*(?:[0-8bcef]|1[0-9a-f]|fff[ef]|d[89a-f][0-9a-f]{2})"
    rb"|0*(?:[0-8]|1[124-9]|2[0-9]|3[01]|6553[45]"
    rb"|5529[6-9]|55[3-9][0-9]{2}|56[0-9]{3}|57[0-2][0-9]{2}|573[0-3][0-9]|5734[0-3]));",
    re.IGNORECASE,
)
_LONGEST_REFERENCE = 16
_SUPERSETS = {
    # Files labelled with these hold characters of the larger set, as browsers assume.
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "hz": "gb18030",
    "euc_kr": "cp949",
    "shift_jis": "cp932",
    "big5": "big5hkscs",
    "ascii": "utf-8",
}
_LABELS = {"x-sjis": "cp932", "windows-31j": "cp932", "x-gbk": "gb18030", "utf8mb4": "utf-8"}


class XmlBytes:
    """A file to read XML from: `read` gives UTF-8, with a blank for each forbidden character."""

    def __init__(self, path: Path, file: BinaryIO, named: str = "") -> None:
        """named: the encoding where the file declares none."""
        self._file = file
        self._encoding = _encoding(path, named)
        self._decoder = codecs.getincrementaldecoder(self._encoding)()
        self._rest = b""
        self._at_start = True
        self.has_wrong_bytes = False

    def read(self, _: int = -1) -> bytes:
        """The next piece; empty at the end."""
        while True:
            raw = self._file.read(_CHUNK)
            text = self._text(raw)
            if self.has_wrong_bytes:
                text = made_private(text)
            if self._at_start and text:
                text = text.removeprefix("\ufeff").lstrip()
                self._at_start = not text
            if "\ufffe" in text or "\uffff" in text:
                text = text.replace("\ufffe", " ").replace("\uffff", " ")
            data = self._rest + text.encode("utf-8", "replace").translate(_FORBIDDEN)
            # A reference may continue in the next piece.
            at = data.rfind(b"&", -_LONGEST_REFERENCE) if raw else -1
            at = len(data) if at < 0 or b";" in data[at:] else at
            data, self._rest = data[:at], data[at:]
            if data or not raw:
                return _FORBIDDEN_REFERENCE.sub(b" ", data) if b"&#" in data else data

    def restored(self, text: str) -> str:
        """A text of the document, with lone surrogates for its wrong bytes."""
        return restored(text) if self.has_wrong_bytes else text

    def _text(self, raw: bytes) -> str:
        before = self._decoder.getstate()
        try:
            return self._decoder.decode(raw, not raw)
        except UnicodeDecodeError:
            self.has_wrong_bytes = True
            self._decoder = codecs.getincrementaldecoder(self._encoding)(error_handler())
            self._decoder.setstate(before)
            return self._decoder.decode(raw, not raw)


def _encoding(path: Path, named: str) -> str:
    """A byte-order mark, else the declaration, else the name given, else UTF-8."""
    beginning = beginning_of(path)
    marked = text_encoding(path)
    if marked != "utf-8" or beginning.startswith(codecs.BOM_UTF8):
        return marked
    found = _DECLARED.match(beginning.lstrip())
    label = found[1].decode("ascii").lower() if found else named.lower() or "utf-8"
    label = _LABELS.get(label, label)
    if label.startswith(("utf-16", "utf16", "ucs-2", "utf-32", "utf32")):
        return "utf-8"  # it cannot be: the declaration itself was read byte by byte
    try:
        name = codecs.lookup(label).name
        "".encode(name)
    except LookupError as error:
        raise FeedUnusable(
            f"{path}: its encoding {label!r} is not known; convert the file to UTF-8"
        ) from error
    return _SUPERSETS.get(name, name)
