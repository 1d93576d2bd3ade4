"""Output of every feed: rows of text, named as the fields of a product."""

from __future__ import annotations

import csv
import lzma
import re
import zipfile
import zlib
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping, MutableMapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from services.contracts.products import MORE_CATEGORIES, MORE_IMAGES
from services.pipeline.errors import FeedUnusable
from services.pipeline.feeds.links import as_browsers_read

FIELDS = (
    "product_id",
    "title",
    "description",
    "brand",
    "category",
    "price",
    "currency",
    "image",
    "product_url",
)
"""Fields of a product beside its attributes."""

MAX_ATTRIBUTE_CHARACTERS = 10_000
"""Limit of one attribute; a row with a longer one is rejected."""

AS_A_TABLE = "a CSV file whose first line names columns: product_id, title, price, image_url"
"""The form that files of other kinds can be converted to."""

# Match only at the first separator. A match from each of a million would take hours.
NEXT_LINK = re.compile(r"(?<![\s,;|])[\s,;|]+(?=https?://)", re.IGNORECASE)
"""Between several links in one value."""

_LEVELS = re.compile(r"[-=]?>|[»›→]")
"""Between the levels of a category; two of them are one."""

FloatVector = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class ReadyVectors:
    """(d,) vectors that came with the feed, of any length but zero; None where there is none."""

    text: FloatVector | None
    image: FloatVector | None


@dataclass(frozen=True, slots=True)
class VectorsModel:
    """Model of the vectors in a feed."""

    name: str
    """As an encoder says it, `ViT-L/14@b8cca3fd41ae`, or without the digest of the weights."""
    dimension: int


@dataclass(frozen=True, slots=True)
class Note:
    """A detail that a product loads without, or with a change."""

    kind: str
    """Short and always the same: reports count by it."""
    reason: str
    column: str
    """The field or attribute concerned."""


UNREADABLE = "unreadable row"
NOT_FOR_SALE = "not for sale"
WITHOUT_WORDS = "without words in ESCI"
"""Kinds of `FeedRow.problem`. Only the first is a fault: the others are as the feed wants it."""


@dataclass(frozen=True, slots=True)
class FeedRow:
    """One product as it stands in the file, counted from 1; a header does not count."""

    number: int
    values: tuple[str, ...]
    """As in the file, in the order of `Feed.columns`; fewer when the row cannot be read."""
    fields: Mapping[str, str]
    attributes: Mapping[str, str]
    problem: str | None = None
    """Why the row cannot be loaded, whatever its fields say."""
    vectors: ReadyVectors | None = field(default=None, repr=False)
    picture: bytes | None = field(default=None, repr=False)
    """The picture itself, where the feed holds it."""
    notes: tuple[Note, ...] = ()
    """Details that reading the row left out."""
    problem_kind: str = UNREADABLE


class Feed(ABC):
    """A source of products. `rows` may be asked for more than once."""

    path: Path
    address: str = ""
    """Where it was downloaded from."""
    format: str = ""
    """One of `opening.FORMATS`."""
    columns: tuple[str, ...]
    folder: Path
    """Picture files must be in this folder."""
    currency: str = ""
    """Currency of prices without one."""
    vectors_model: VectorsModel | None = None
    """Model of the vectors that rows may bring."""
    attribute_columns: tuple[str, ...] = ()
    """Columns that the format does not know and that are kept as attributes."""

    @abstractmethod
    def rows(self) -> Iterator[FeedRow]:
        """Raises FeedUnusable when the file breaks off."""

    @abstractmethod
    def count(self) -> int:
        """Number of rows."""

    def column(self, row: FeedRow, name: str) -> str:
        """Column of that field or attribute in the file, as a person sees it."""
        return name


def joined(values: Iterable[str]) -> str:
    """Values of one attribute, each once; as many as fit."""
    kept: list[str] = []
    length = 0
    for value in dict.fromkeys(filter(None, values)):
        length += len(value) + len(", ")
        if kept and length > MAX_ATTRIBUTE_CHARACTERS:
            break
        kept.append(value)
    return ", ".join(kept)


def pictures_of(fields: Mapping[str, str], attributes: Mapping[str, str]) -> list[str]:
    """The pictures of a product, the first of which is a field."""
    first = fields.get("image", "")
    return [*filter(None, [first]), *attributes.get(MORE_IMAGES, "").split()]


def set_pictures(
    fields: MutableMapping[str, str], attributes: MutableMapping[str, str], pictures: Sequence[str]
) -> None:
    """Make the first the picture, and the others an attribute."""
    if pictures:
        fields["image"] = pictures[0]
    attributes.update(more_images(pictures[1:]))


def more_images(links: Sequence[str]) -> dict[str, str]:
    """The attribute, with as many as fit; a blank in a file's name is `%20`."""
    kept = ""
    for link in dict.fromkeys(as_browsers_read(one).replace(" ", "%20") for one in links):
        longer = f"{kept} {link}".strip()
        if len(longer) > MAX_ATTRIBUTE_CHARACTERS:
            break
        kept = longer
    return {MORE_IMAGES: kept} if kept else {}


def first_category(paths: Sequence[str]) -> tuple[str, dict[str, str]]:
    """The deepest of a product's categories, and an attribute with the others.

    A path that another one continues says nothing more, and is left out.
    """
    unique = dict.fromkeys(filter(None, map(_category_path, paths)))
    if len(unique) == 1:  # by far the most
        return unique.popitem()[0], {}
    kept = [one for one in unique if not any(other.startswith(f"{one} > ") for other in unique)]
    kept.sort(key=lambda path: -path.count(" > "))  # stable: of equals the first
    if not kept:
        return "", {}
    more = "\n".join(kept[1:])
    return kept[0], {MORE_CATEGORIES: more} if more else {}


@lru_cache(maxsize=4_096)
def _category_path(text: str) -> str:
    levels = filter(None, map(str.strip, _LEVELS.split(text)))
    return " ".join(" > ".join(levels).split())


@contextmanager
def reading(path: Path) -> Iterator[None]:
    """Turn what goes wrong with a file into FeedUnusable, in a line that names it."""
    try:
        yield
    except FileNotFoundError as error:
        raise FeedUnusable(f"{path}: there is no such file") from error
    except (EOFError, zlib.error, lzma.LZMAError, zipfile.BadZipFile, NotImplementedError) as error:
        raise FeedUnusable(f"{path}: cannot be unpacked: {error}") from error
    except UnicodeDecodeError as error:
        reason = f"it is not {error.encoding}, byte {error.start + 1} is wrong"
        raise FeedUnusable(f"{path}: cannot be read: {reason}") from error
    except (OSError, pa.ArrowException, UnicodeError, csv.Error) as error:
        reason = getattr(error, "strerror", None) or str(error).partition("\n")[0]
        raise FeedUnusable(f"{path}: cannot be read: {reason}") from error


def shown(columns: Sequence[str]) -> str:
    """Names for a message: in ASCII, and at most 300 characters."""
    names = ", ".join(columns)
    return ascii(names)[1:-1] if len(names) <= 300 else ascii(names[:300])[1:-1] + "…"
