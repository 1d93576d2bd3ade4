"""The texts of products by field, cut into raw tokens column by column.

Arrow cuts, hashes and numbers them without the interpreter lock: 200,000 products in the time that
a loop of Python takes for 50,000. A raw token is folded and parted once, however often it occurs.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import get_args

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray
from pydantic_core import from_json

from services.common.identifier_names import is_identifier
from services.contracts.products import MORE_IMAGES
from services.contracts.search import GROUP, WordField
from services.retriever.words.identifiers import forms_of_product, normal
from services.retriever.words.quantities import with_quantities

FIELDS: tuple[WordField, ...] = get_args(WordField)

_NO_WORDS = frozenset({GROUP, MORE_IMAGES})
"""Attributes whose values nobody searches for."""

_POSSESSIVE = r"(\pL)['’][sS]\b"
INCHES = "(\\d) ?(?:''|[\"\u2033\u201d])"
"""Pattern of a number and the sign of inches behind it."""

_WHOLE_SIDE = r"(\d)[.,]0+( ?[x×] ?\d)"
"""Pattern of a side without a fraction: `4,0x40` is `4x40`."""

# ASCII letters and digits stay, in lower case; other ASCII becomes a blank. Bytes of other
# characters stay: each raw token is inspected once.
_KEPT = np.array(
    [b if b >= 128 else (ord(chr(b).lower()) if chr(b).isalnum() else 32) for b in range(256)],
    np.uint8,
)


@dataclass(frozen=True, slots=True)
class Tokens:
    """The raw tokens of one field of m products."""

    rows: NDArray[np.int32]
    """(t,) the product of each token, ascending."""
    raw: pa.DictionaryArray
    """(t,) the tokens."""


@dataclass(frozen=True, slots=True)
class ProductTexts:
    """Texts of m products by field, and their identifiers."""

    by_field: dict[WordField, pa.StringArray]
    identifiers: list[set[str]]
    """Normal forms."""


def mask_of(*fields: WordField) -> int:
    """One bit for each of these fields, as in `Postings.fields`."""
    return sum(1 << FIELDS.index(field) for field in fields)


def texts_of(table: pa.Table, function_words: Collection[str] = ()) -> ProductTexts:
    """table: columns of `ProductTable`.

    A title of function words alone, "The Who", is an identifier: nothing else would find it.
    """
    titles = table.column("title").to_pylist()
    attributes: list[str] = []
    codes: list[str] = []
    identifiers: list[set[str]] = []
    known: dict[str, bool] = {}
    for product_id, title, text in zip(
        table.column("product_id").to_pylist(),
        titles,
        table.column("attributes").to_pylist(),
        strict=True,
    ):
        said = from_json(text) if text else {}
        words, ids = [], {}
        for name, value in said.items():
            kind = known.get(name)
            if kind is None:
                kind = known[name] = is_identifier(name)
            if kind:
                ids[name] = value
            elif name not in _NO_WORDS and "://" not in value:
                words.append(value)
        attributes.append(" \n".join(words))
        codes.append(" ".join((product_id, *ids.values())))
        identifiers.append(forms_of_product(product_id, title, ids))
        if function_words and all(word in function_words for word in title.casefold().split()):
            identifiers[-1].add(normal(title))
    by_field: dict[WordField, pa.StringArray] = {
        name: without_possessives(strings_of(table.column(name))) for name in ("brand", "category")
    }
    by_field["description"] = with_quantities(strings_of(table.column("description")))
    by_field["title"] = _measured(strings_of(table.column("title")))
    by_field["attributes"] = _measured(pa.array(attributes, pa.string()))
    by_field["identifier"] = pa.array(codes, pa.string())
    return ProductTexts(by_field, identifiers)


def _measured(texts: pa.StringArray) -> pa.StringArray:
    """With quantities, and the sign of inches as a word: `TV 55"`."""
    in_inches = pc.replace_substring_regex(texts, INCHES, r"\1 inch ")
    whole = pc.replace_substring_regex(in_inches, _WHOLE_SIDE, r"\1\2")
    return with_quantities(without_possessives(whole))


def with_whole_sides(text: str) -> str:
    """With `4x40` for `4,0x40`, as the index has it."""
    return re.sub(_WHOLE_SIDE, r"\1\2", text) if "0" in text else text


def without_possessives(texts: pa.StringArray) -> pa.StringArray:
    """See `folding.without_possessives`. Descriptions keep theirs: a letter there says nothing."""
    # The pattern takes a millisecond to compile, and one changed product has hardly an apostrophe.
    if not any(pc.any(pc.match_substring(texts, one)).as_py() for one in "'’"):
        return texts
    return pc.replace_substring_regex(texts, _POSSESSIVE, r"\1")


def tokens_of(texts: pa.StringArray) -> Tokens:
    """Raw tokens: between ASCII's blanks and punctuation, ASCII letters in lower case."""
    pieces = pc.ascii_split_whitespace(_mapped(texts))
    counts = np.diff(pieces.offsets.to_numpy())
    rows = np.repeat(np.arange(len(texts), dtype=np.int32), counts)
    return Tokens(rows, pc.dictionary_encode(pieces.flatten()))


def _mapped(texts: pa.StringArray) -> pa.StringArray:
    _, starts, characters = texts.buffers()
    if characters is None:
        return texts
    mapped = _KEPT[np.frombuffer(characters, np.uint8)]
    return pa.StringArray.from_buffers(len(texts), starts, pa.py_buffer(mapped))


def strings_of(column: pa.ChunkedArray) -> pa.StringArray:
    """One array without nulls that begins where its buffers do."""
    whole = column.cast(pa.string()).combine_chunks()
    if isinstance(whole, pa.ChunkedArray):
        whole = pa.concat_arrays(whole.chunks) if whole.num_chunks else pa.array([], pa.string())
    whole = pc.fill_null(whole, "")
    return whole if whole.offset == 0 else pa.concat_arrays([whole, pa.array([], pa.string())])


def parts(table: pa.Table, most: int) -> Iterator[pa.Table]:
    """The table in parts of `most` rows at most."""
    for start in range(0, table.num_rows, most):
        yield table.slice(start, most)
