"""The index of words in the making: of products that come part by part.

BM25F (Robertson et al., Simple BM25 Extension to Multiple Weighted Fields, 2004): what the fields
of a product say of a word is added up by their weights before it is saturated. Lengths are compared
with usual ones, not with this catalogue's means, so that a product's postings depend on nothing
but the product: a change makes its own and touches no other.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from services.contracts.search import WordField
from services.retriever.words.analysis import Analyser
from services.retriever.words.folding import MAX_WORD
from services.retriever.words.function_words import WITHOUT
from services.retriever.words.lexicon import Lexicon
from services.retriever.words.postings import FULL, Postings, WordIndex, grouped
from services.retriever.words.quantities import unmarked, words_of
from services.retriever.words.texts import FIELDS, Tokens, parts, texts_of, tokens_of

_AT_ONCE = 8_192
"""Products: Arrow's calls cost little beside the work on so many."""

_SATURATION = 0.5
_WEIGHTS: dict[WordField, float] = {
    "title": 4.0,
    "brand": 4.0,
    "category": 3.0,
    "attributes": 3.0,
    "description": 1.0,
    "identifier": 4.0,
}
_USUAL_LENGTH: dict[WordField, float] = {"title": 8, "description": 40, "attributes": 12}
"""Words; in other fields the length says nothing."""
_LENGTH_COUNTS: dict[WordField, float] = {"title": 0.3, "description": 0.6, "attributes": 0.3}
"""b of BM25: 0, the length does not count; 1, twice the length halves a word's weight."""
_NEGATED = 0.2
"""Share of the weight of a word that a product says it is without: lid of "pot without lid"."""
_NEGATORS = pa.array(sorted(WITHOUT - {"no"}))
"""A "no" is often a number: "Chanel No 5"."""


class WordsBuild:
    """Words of products that another thread reads, part by part and in order, in its own thread."""

    def __init__(self, analyser: Analyser) -> None:
        self._work = _Work(analyser)
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="words")
        self._waiting: list[pa.RecordBatch] = []
        self._count = 0
        self._made: list[Future[None]] = []

    def add(self, batch: pa.RecordBatch) -> None:
        """The next products, as `product_batch` makes them."""
        self._waiting.append(batch)
        self._count += batch.num_rows
        if self._count >= _AT_ONCE:
            self._submit()

    def finish(self) -> WordIndex:
        """The index, once all products came."""
        self._submit()
        for made in self._made:
            made.result()
        return self._pool.submit(self._work.index).result()

    def close(self) -> None:
        """End the thread, finished or not."""
        self._pool.shutdown(wait=True, cancel_futures=True)

    def _submit(self) -> None:
        if self._waiting:
            table = pa.Table.from_batches(self._waiting).unify_dictionaries()
            self._made.append(self._pool.submit(self._work.add, table))
        self._waiting, self._count = [], 0


def words_of_table(table: pa.Table, analyser: Analyser) -> WordIndex:
    """The words of a whole table, here and now."""
    work = _Work(analyser)
    for part in parts(table, _AT_ONCE):
        work.add(part)
    return work.index()


class _Work:
    """Postings of the products so far, numbered by word as they came up."""

    def __init__(self, analyser: Analyser) -> None:
        self._analyser = analyser
        self._articles = pa.array(sorted(analyser.function_words), pa.string())
        self._rows = 0
        self._words: dict[str, int] = {}
        self._odd: dict[str, list[int]] = {}
        """Words of raw tokens that are not a word as they stand: not ASCII, or too long."""
        self._codes: list[NDArray[np.int32]] = []
        self._postings: list[Postings] = []
        self._forms: dict[str, int] = {}
        self._identified: list[tuple[NDArray[np.int32], NDArray[np.int32]]] = []

    def add(self, table: pa.Table) -> None:
        texts = texts_of(table, self._analyser.function_words)
        rows, codes, weights, masks = [], [], [], []
        for place, name in enumerate(FIELDS):
            tokens = tokens_of(texts.by_field[name])
            of_token, word = self._expanded(tokens.raw)
            row = tokens.rows[of_token]
            lengths = np.bincount(row, minlength=table.num_rows)
            share = _LENGTH_COUNTS.get(name, 0.0)
            usual = 1 - share + share * lengths / _USUAL_LENGTH.get(name, 1.0)
            rows.append(row)
            codes.append(word)
            weight = (_WEIGHTS[name] / usual).astype(np.float32)[row]
            weight[self._negated(tokens)[of_token]] *= np.float32(_NEGATED)
            weights.append(weight)
            masks.append(np.full(len(row), 1 << place, np.uint8))
        self._take(
            np.concatenate(rows),
            np.concatenate(codes),
            np.concatenate(weights),
            np.concatenate(masks),
        )
        forms = [
            (self._forms.setdefault(form, len(self._forms)), self._rows + row)
            for row, some in enumerate(texts.identifiers)
            for form in sorted(some)
        ]
        pairs = np.array(forms, np.int32).reshape(-1, 2)
        self._identified.append((pairs[:, 0], pairs[:, 1]))
        self._rows += table.num_rows

    def index(self) -> WordIndex:
        return assembled(
            self._rows,
            list(self._words),
            np.concatenate([np.empty(0, np.int32), *self._codes]),
            joined(self._postings),
            list(self._forms),
            np.concatenate([np.empty(0, np.int32), *(one for one, _ in self._identified)]),
            np.concatenate([np.empty(0, np.int32), *(rows for _, rows in self._identified)]),
            self._analyser,
        )

    def _negated(self, tokens: Tokens) -> NDArray[np.bool_]:
        """(t,) True for the token behind a negator, and behind its articles: "without a lid"."""
        indices, words = tokens.raw.indices.to_numpy(), tokens.raw.dictionary

        def behind(some: pa.Array, before: NDArray[np.bool_] | None = None) -> NDArray[np.bool_]:
            known: NDArray[np.bool_] = pc.is_in(words, some).to_numpy(zero_copy_only=False)
            found: NDArray[np.bool_] = known[indices]
            found = np.roll(found if before is None else found & before, 1)
            found[:1] = False
            found[1:] &= tokens.rows[1:] == tokens.rows[:-1]
            return found

        negated = behind(_NEGATORS)
        return negated | behind(self._articles, negated) if negated.any() else negated

    def _expanded(self, raw: pa.DictionaryArray) -> tuple[NDArray[np.intp], NDArray[np.int32]]:
        """For every word in these tokens: the position of its token, and the word's number."""
        words, odd = self._words, self._odd
        first: list[int] = []
        more: dict[int, list[int]] = {}
        for place, token in enumerate(raw.dictionary.to_pylist()):
            if token.isascii() and 0 < len(token) <= MAX_WORD:
                first.append(words.setdefault(token, len(words)))
                continue
            numbers = odd.get(token)
            if numbers is None:
                said = words_of(token) or self._analyser.words(unmarked(token))
                numbers = odd[token] = [words.setdefault(word, len(words)) for word in said]
            first.append(numbers[0] if numbers else -1)
            if len(numbers) > 1:
                more[place] = numbers[1:]
        indices = raw.indices.to_numpy()
        codes = np.array(first, np.int32)[indices] if first else np.empty(0, np.int32)
        kept = np.flatnonzero(codes >= 0)
        tokens, numbered = [kept], [codes[kept]]
        if more:
            several = np.flatnonzero(np.isin(indices, list(more)))
            for token_at in several.tolist():
                of_token = more[int(indices[token_at])]
                tokens.append(np.full(len(of_token), token_at, np.intp))
                numbered.append(np.array(of_token, np.int32))
        return np.concatenate(tokens), np.concatenate(numbered)

    def _take(
        self,
        rows: NDArray[np.int32],
        codes: NDArray[np.int32],
        weights: NDArray[np.float32],
        masks: NDArray[np.uint8],
    ) -> None:
        """Add up what the fields of each product say of each word."""
        keys = rows.astype(np.int64) << 32 | codes
        order = np.argsort(keys, kind="stable")
        keys = keys[order]
        first = np.flatnonzero(np.concatenate([[True], keys[1:] != keys[:-1]])[: len(keys)])
        if not len(first):
            return
        total = np.add.reduceat(weights[order], first)
        impacts = np.ceil(FULL * total / (total + _SATURATION)).astype(np.uint8)
        fields = np.bitwise_or.reduceat(masks[order], first)
        self._codes.append((keys[first] & 0xFFFFFFFF).astype(np.int32))
        of_rows = (keys[first] >> 32).astype(np.int32) + np.int32(self._rows)
        self._postings.append(Postings(of_rows, impacts, fields))


def joined(parts: Sequence[Postings]) -> Postings:
    """One after the other."""
    return Postings(
        np.concatenate([np.empty(0, np.int32), *(one.rows for one in parts)]),
        np.concatenate([np.empty(0, np.uint8), *(one.impacts for one in parts)]),
        np.concatenate([np.empty(0, np.uint8), *(one.fields for one in parts)]),
    )


def assembled(
    count: int,
    words: Sequence[str],
    codes: NDArray[np.int32],
    postings: Postings,
    forms: Sequence[str],
    form_codes: NDArray[np.int32],
    form_rows: NDArray[np.int32],
    analyser: Analyser,
) -> WordIndex:
    """The index of postings that come in order of row, each with the number of its word."""
    lexicon, places = _renumbered(words)
    starts, order = grouped(places[codes], len(lexicon))
    postings = Postings(postings.rows[order], postings.impacts[order], postings.fields[order])
    identifiers, form_places = _renumbered(forms)
    form_starts, form_order = grouped(form_places[form_codes], len(identifiers))
    identified = (form_starts, form_rows[form_order])
    return WordIndex(count, lexicon, starts, postings, identifiers, identified, analyser)


def _renumbered(texts: Sequence[str]) -> tuple[Lexicon, NDArray[np.int32]]:
    """The texts in order, and the place there of each of them."""
    lexicon, before = Lexicon.of(texts)
    places = np.empty(len(texts), np.int32)
    places[before] = np.arange(len(texts), dtype=np.int32)
    return lexicon, places
