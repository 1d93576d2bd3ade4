"""JSON: an object a line (NDJSON), or one array of objects, which may be in an object."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Iterable, Iterator
from itertools import chain
from pathlib import Path

from services.pipeline.errors import FeedUnusable
from services.pipeline.feeds.base import reading
from services.pipeline.feeds.files import open_text, text_encoding
from services.pipeline.feeds.graphql import PARENT, unwrapped, with_children
from services.pipeline.feeds.own_columns import FIELD_COLUMNS, bare
from services.pipeline.feeds.table import ATTRIBUTES, Object, Record, Table, flat, text_of

_ACTIONS = ("index", "create")
"""Actions in Elasticsearch's bulk files: `{"index": {"_id": …}}`, a line above its document."""
_SOURCE, _ID = "_source", "_id"
"""Elasticsearch's documents, as it answers with them."""

_PIECE = 1 << 20
_LONGEST = 64_000_000
"""Characters of one object."""
_MOST_COLUMNS = 10_000
_BETWEEN = re.compile(r"[\s,]*")

_MEMBER = re.compile(r'"([^"\\]*)"\s*:\s*')
_LISTS = frozenset(
    (
        *("products", "product", "items", "data", "results", "result", "records", "rows", "hits"),
        *("documents", "docs", "entries", "articles", "catalog", "catalogue", "value"),
        *("nodes", "edges"),
        *("response", "produkte", "artikel", "produits", "productos", "prodotti", "producten"),
    )
)
"""Members that hold the products of a file, or an object with such a member: `hits.hits`."""
_DEEPEST = 8
"""Objects around the list."""
_OF_PRODUCTS = frozenset(
    bare(one) for field in ("product_id", "title") for one in FIELD_COLUMNS[field]
)


class JsonTable(Table):
    """The members of the objects are columns. `{"brand": {"name": …}}` is the column `brand.name`.

    The file is read once for its columns, and again for its rows.
    """

    def __init__(self, path: Path, encoding: str = "") -> None:
        self.path = path
        with reading(path):
            self._encoding = text_encoding(path, encoding)
        columns: dict[str, bool] = {}
        self._count = 0
        for found in self._objects():
            self._count += 1
            if isinstance(found, dict):
                for name, value in found.items():
                    columns[name] = columns.get(name, False) or isinstance(value, list)
                if len(columns) > _MOST_COLUMNS:
                    raise FeedUnusable(
                        f"{path}: more than {_MOST_COLUMNS} different members, such as {name!r}; "
                        f"those of {ATTRIBUTES!r} may differ from object to object"
                    )
            elif self._count == 1:
                raise FeedUnusable(f"{path}: neither a JSON array of objects nor an object a line")
        if not columns:
            raise FeedUnusable(f"{path}: holds no JSON objects with members")
        self.columns = tuple(columns)
        self.lists = frozenset(at for at, is_list in enumerate(columns.values()) if is_list)

    def records(self) -> Iterator[Record]:
        for number, found in enumerate(self._objects(), 1):
            if isinstance(found, str):
                yield Record(number, (found,), "it is not a JSON object")
                continue
            values = tuple(text_of(found.get(name)) for name in self.columns)
            parent = found.get(PARENT)
            problem = f"it belongs to {parent}, which is not right above it" if parent else None
            yield Record(number, values, problem)

    def count(self) -> int:
        return self._count

    def _objects(self) -> Iterator[Object | str]:
        """Each object; what is none as its text."""
        with reading(self.path), open_text(self.path, self._encoding) as lines:
            full = filter(str.strip, lines)
            first = next(full, "").lstrip()
            if first.startswith("["):
                yield from self._of_array(first[1:], lines)
                return
            second = next(full, "")
            if not _are_objects(first, second):
                text = first + second + _piece(lines)
                if (at := _list_in(text, 0)) is not None:
                    yield from self._of_array(text[at:], lines, is_inside=True)
                    return
                lines = chain(io.StringIO(text, newline=""), lines)
                first = second = ""
            yield from _of_lines(chain([first, second], lines))

    def _of_array(
        self, text: str, lines: Iterator[str], *, is_inside: bool = False
    ) -> Iterator[Object | str]:
        """is_inside: the array is in an object, of which more may follow."""
        decoder = json.JSONDecoder()
        done = 0
        while True:
            at = _next(text, 0)
            while at < len(text):
                if text[at] == "]":
                    rest = text[at + 1 :].strip()
                    for line in lines:
                        rest = line.strip() or rest
                    if is_inside and not rest.endswith("}"):
                        raise FeedUnusable(f"{self.path}: breaks off after the array")
                    if rest and not is_inside:
                        raise FeedUnusable(f"{self.path}: more follows the end of the array")
                    return
                try:
                    value, end = decoder.raw_decode(text, at)
                except (ValueError, RecursionError):
                    break  # it may go on in the next piece
                yield _document(value) if isinstance(value, dict) else text[at:end]
                done += 1
                at = _next(text, end)
            more = _piece(lines)
            text = text[at:] + more
            if not more or len(text) > _LONGEST:
                reason = f"after {done} objects it breaks off or is not readable as JSON"
                raise FeedUnusable(f"{self.path}: {reason}")


def _are_objects(first: str, second: str) -> bool:
    """True if the first lines look like an object each."""
    return first.rstrip().endswith("}") and second.lstrip().startswith("{")


def _list_in(text: str, at: int, levels: int = _DEEPEST) -> int | None:
    """The place behind the `[` of the list of products in the object that begins there.

    None for a product: it has an id or a title itself.
    """
    if text[at : at + 1] != "{" or not levels:
        return None
    decoder = json.JSONDecoder()
    at = _next(text, at + 1)
    while (found := _MEMBER.match(text, at)) is not None:
        name, at = bare(found[1].lower()), found.end()
        if name in _OF_PRODUCTS:
            return None
        if name in _LISTS and text[at : at + 1] == "[":
            return at + 1
        if name in _LISTS and (inner := _list_in(text, at, levels - 1)) is not None:
            return inner
        try:
            _, end = decoder.raw_decode(text, at)
        except (ValueError, RecursionError):
            return None
        at = _next(text, end)
    return None


def _of_lines(lines: Iterable[str]) -> Iterator[Object | str]:
    for found in with_children(_of_each_line(lines)):
        yield found if isinstance(found, str) else _document(found)


def _of_each_line(lines: Iterable[str]) -> Iterator[Object | str]:
    action: Object = {}
    for line in filter(str.strip, lines):
        found = _object(line)
        if (begun := _action(found)) is not None:
            action = begun
            continue
        yield found if isinstance(found, str) else {**action, **found}
        action = {}


def _action(found: Object | str) -> Object | None:
    """The id that a line of a bulk file names for the next one; None for any other line."""
    if isinstance(found, str) or len(found) != 1:
        return None
    ((name, action),) = found.items()
    if name not in _ACTIONS or not isinstance(action, dict):
        return None
    if not all(one.startswith("_") for one in action):
        return None
    return {_ID: action[_ID]} if _ID in action else {}


def _next(text: str, at: int) -> int:
    """The place of the next value, or of the end of the array."""
    found = _BETWEEN.match(text, at)
    return at if found is None else found.end()


def _piece(lines: Iterator[str]) -> str:
    taken: list[str] = []
    length = 0
    for line in lines:
        taken.append(line)
        length += len(line)
        if length >= _PIECE:
            break
    return "".join(taken)


def _object(line: str) -> Object | str:
    try:
        found = json.loads(line)
    except (ValueError, RecursionError):
        return line.strip()
    return found if isinstance(found, dict) else line.strip()


def _document(found: Object) -> Object:
    source = found.get(_SOURCE)
    if isinstance(source, dict):
        found = {_ID: found.get(_ID), **source}
    return flat(unwrapped(found))
