"""A snapshot of an index that takes changes without a rebuild."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Collection, Sequence
from contextlib import closing
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from services.retriever.index.arrays import Passing, Rows, Vector
from services.retriever.index.base import Hits, Index, blank_images, scattered
from services.retriever.index.choice import IndexChoice
from services.retriever.index.exact import ExactIndex
from services.retriever.index.further import FurtherImages, Places
from services.retriever.index.ids import Ids
from services.retriever.index.row_fields import Origin, RowFields, Where

# Changes up to this share of the base lie beside it; more are merged into a new base. Below the
# least, which costs next to nothing to score, never.
_MOST_CHANGED = 0.03
_LEAST_MERGED = 1024
# With an engine the rows beside are all that this process holds, and to merge copies none.
_MOST_BESIDE_AN_ENGINE = 16_384
_MERGED_AT_ONCE = 16_384

_WITH_IMAGE, _WITHOUT_IMAGE = 1, 2
"""State of a row that was read; 0 before."""


@dataclass(frozen=True, slots=True)
class Added:
    """Rows that were put in, in ascending order of id."""

    ids: list[str]
    rows: Rows
    """(m, 2·d) float32."""
    further: FurtherImages

    def changed(
        self,
        ids: Sequence[str],
        rows: Rows,
        further: FurtherImages | None,
        deletes: Collection[str],
    ) -> Added:
        """With these rows in it too, in place of those of the same id, and others left out."""
        left_out, deleted = {*ids, *deletes}, set(deletes)
        kept = np.array([n for n, one in enumerate(self.ids) if one not in left_out], np.intp)
        new = np.array([n for n, one in enumerate(ids) if one not in deleted], np.intp)
        every = [*(self.ids[n] for n in kept.tolist()), *(ids[n] for n in new.tolist())]
        order = np.array(sorted(range(len(every)), key=every.__getitem__), np.intp)
        places = np.empty_like(order)
        places[order] = np.arange(len(order))
        # One copy of all rows.
        both = np.empty((len(every), rows.shape[1]), np.float32)
        if len(kept):
            before = np.zeros(len(every), np.intp)
            before[places[: len(kept)]] = kept
            np.take(self.rows, before, axis=0, out=both, mode="clip")
        both[places[len(kept) :]] = rows[new]
        images = [self.further.of_rows(kept).moved(places[: len(kept)])]
        if further is not None:
            images.append(further.of_rows(new).moved(places[len(kept) :]))
        joined = FurtherImages.joined([one for one in images if len(one)], rows.shape[1])[0]
        return Added([every[n] for n in order.tolist()], both, joined)


class LiveIndex:
    """An immutable base, what was added since in a small exact index, and what is gone.

    Rows are numbered over both: those of the base first, then those added. A snapshot's numbers
    are its own; what outlives it is the id (`id_of`).
    """

    def __init__(
        self,
        base: Index,
        ids: Sequence[str],
        choice: IndexChoice = IndexChoice("exact"),  # noqa: B008 - it is frozen
        *,
        added: Added | None = None,
        gone: Passing | None = None,
        images: NDArray[np.uint8] | None = None,
    ) -> None:
        """ids: of the base's n rows, ascending; `Ids` are held as they are.
        choice: of the base when changes are merged.

        gone: (n,) bool, base rows not to find.
        images: (n,) of the rows of the base that were read, shared by its snapshots and written to
        by `without_image`.
        Raises ValueError when there are not as many ids as rows.
        """
        if len(ids) != len(base):
            raise ValueError(f"{len(ids)} ids for {len(base)} rows")
        self._base = base
        self._ids = ids if isinstance(ids, Ids) else Ids.of(ids)
        self._choice = choice
        width = base.width
        self._added = added or Added(
            [], np.empty((0, width), np.float32), FurtherImages.none(width)
        )
        self._added_ids = self._added.ids
        self._delta = ExactIndex(self._added.rows, self._added.further) if self._added_ids else None
        self._gone = np.zeros(len(ids), np.bool_) if gone is None else gone
        self._gone_count = int(np.count_nonzero(self._gone))
        self._images = np.zeros(len(ids), np.uint8) if images is None else images

    def __len__(self) -> int:
        """Number of products that can be found."""
        return len(self._ids) - self._gone_count + len(self._added_ids)

    @property
    def numbers(self) -> int:
        """Number of row numbers, deleted rows included."""
        return len(self._ids) + len(self._added_ids)

    @property
    def base(self) -> Index:
        """The index of the rows that were there from the start."""
        return self._base

    @property
    def alive(self) -> Passing:
        """(numbers,) bool, the rows that can be found."""
        return np.concatenate([~self._gone, np.ones(len(self._added_ids), np.bool_)])

    def alive_of(self, numbers: NDArray[np.integer]) -> NDArray[np.bool_]:
        """(m,) True for each of these rows that can be found."""
        alive = np.ones(len(numbers), np.bool_)
        if self._gone_count:
            of_base = numbers < len(self._ids)
            alive[of_base] = ~self._gone[numbers[of_base]]
        return alive

    def first(self, numbers: NDArray[np.intp], most: int) -> NDArray[np.intp]:
        """The first of these rows in order of id. numbers: ascending."""
        base = int(np.searchsorted(numbers, len(self._ids)))
        if base == len(numbers):
            return numbers[:most]
        some = np.concatenate([numbers[:base][:most], numbers[base:][:most]])
        return some[np.argsort(self.ranks(some))][:most]

    def ranks(self, numbers: NDArray[np.intp]) -> NDArray[np.float64]:
        """(m,) positions of these rows in ascending order of id over the whole snapshot."""
        ranks = numbers.astype(np.float64)
        added = numbers >= len(self._ids)
        if added.any():
            ranks[added] = self._added_ranks[numbers[added] - len(self._ids)]
        return ranks

    @cached_property
    def _added_ranks(self) -> NDArray[np.float64]:
        before = np.array([*map(self._ids.place, self._added_ids)], np.float64)
        # Between two rows of the base: several added rows there keep their own order.
        return before - 1 + np.arange(1, len(before) + 1) / (len(before) + 1)

    def count(self, passing: Passing) -> int:
        """Number of passing rows that can be found."""
        n = len(self._ids)
        return int(np.count_nonzero(passing[:n] & ~self._gone) + np.count_nonzero(passing[n:]))

    def id_of(self, number: int) -> str:
        """The product id of a row number of this snapshot."""
        base = len(self._ids)
        return self._ids[number] if number < base else self._added_ids[number - base]

    def number_of(self, product_id: str) -> int | None:
        """The row number of an id, if it can be found."""
        place = bisect_left(self._added_ids, product_id)
        if place < len(self._added_ids) and self._added_ids[place] == product_id:
            return len(self._ids) + place
        number = self._ids.place(product_id)
        there = number < len(self._ids) and self._ids[number] == product_id
        return number if there and not self._gone[number] else None

    @property
    def gone_rows(self) -> Passing:
        """(n,) bool, the base's rows that are no longer found there."""
        return self._gone

    @property
    def gone(self) -> list[str]:
        """Ids of the base's rows that are no longer found there."""
        return [self._ids[number] for number in np.flatnonzero(self._gone).tolist()]

    def rows(self, numbers: NDArray[np.intp]) -> Rows:
        """See `Index.rows`."""
        if self._delta is None:
            return self._base.rows(numbers)
        of_base = numbers < len(self._ids)
        of_delta = self._delta.rows(numbers[~of_base] - len(self._ids))
        rows = np.empty((len(numbers), of_delta.shape[1]), np.float32)
        rows[~of_base] = of_delta
        if of_base.any():
            rows[of_base] = self._base.rows(numbers[of_base])
        return rows

    def among(self, query: Vector, numbers: NDArray[np.intp], k: int) -> Hits:
        """See `Index.among`; of rows that can be found."""
        if self._delta is None:
            return self._base.among(query, numbers, k)
        n = len(self._ids)
        hits = self._base.among(query, numbers[numbers < n], k)
        beside = self._delta.among(query, numbers[numbers >= n] - n, k)
        scores = np.concatenate([hits.scores, beside.scores])
        best = np.argsort(-scores, kind="stable")[:k]
        return Hits(np.concatenate([hits.rows, beside.rows + n])[best], scores[best])

    def without_image(self, numbers: NDArray[np.intp]) -> NDArray[np.bool_]:
        """(m,) True for each of these rows whose image half is zero. A row is read once."""
        of_base = numbers < len(self._ids)
        known = np.empty(len(numbers), np.uint8)
        known[~of_base] = self._added_images[numbers[~of_base] - len(self._ids)]
        rows = numbers[of_base]
        new = rows[self._images[rows] == 0]
        if len(new):
            # Threads that read the same rows at once write the same values.
            self._images[new] = _images(self._base.without_image(new))
        known[of_base] = self._images[rows]
        blank: NDArray[np.bool_] = known == _WITHOUT_IMAGE
        return blank

    @cached_property
    def _added_images(self) -> NDArray[np.uint8]:
        return _images(blank_images(self._added.rows))

    @property
    def images(self) -> int:
        """See `Index.images`; those of rows that are gone count too."""
        return self._base.images + (0 if self._delta is None else self._delta.images)

    def further(self, numbers: NDArray[np.intp]) -> FurtherImages:
        """See `Index.further`."""
        if self._delta is None:
            return self._base.further(numbers)
        of_base = numbers < len(self._ids)
        base = self._base.further(numbers[of_base]).moved(np.flatnonzero(of_base))
        delta = self._delta.further(numbers[~of_base] - len(self._ids))
        parts = [base, delta.moved(np.flatnonzero(~of_base))]
        return FurtherImages.joined(parts, self._base.width)[0]

    def nearest_images(self, query: Vector, numbers: NDArray[np.intp]) -> tuple[Places, Rows]:
        """(m,) places of the images of these rows that are nearest to a fused query, 0 for the
        first; and (m, d) their differences from the first.
        """
        every = np.arange(len(numbers))
        return self.further(numbers).nearest(query[len(query) // 2 :], every)

    def with_changes(
        self,
        ids: Sequence[str],
        text: Rows,
        image: Rows,
        deletes: Collection[str],
        further: FurtherImages | None = None,
    ) -> LiveIndex:
        """A new snapshot with these products put in (or in place of their old rows), others gone.

        text, image: (m, d) float32, the m products' vectors, of unit length or zero.  deletes: ids,
        unknown ones change nothing; an id in both is deleted.  further: images of the m products.
        Searchable at once: the base is shared.  Raises ValueError when ids and vectors are not
        equally many.
        """
        if not len(ids) == len(text) == len(image):
            raise ValueError(f"{len(ids)} ids for {len(text)} text and {len(image)} image vectors")
        fused = np.concatenate([text, image], axis=1, dtype=np.float32)
        gone = self._gone.copy()
        for product_id in {*ids, *deletes}:
            number = self._ids.place(product_id)
            if number < len(self._ids) and self._ids[number] == product_id:
                gone[number] = True
        return LiveIndex(
            self._base,
            self._ids,
            self._choice,
            added=self._added.changed(ids, fused, further, deletes),
            gone=gone,
            images=self._images,
        )

    @property
    def has_few_changes(self) -> bool:
        """True if so few changes lie beside the base that they cost next to nothing."""
        return self._changes <= _LEAST_MERGED

    @property
    def _changes(self) -> int:
        return len(self._added_ids) + self._gone_count

    @property
    def worth_merging(self) -> bool:
        """True if so many changes lie beside the base that searches slow down; call `merged`."""
        most = max(_LEAST_MERGED, len(self._ids) * _MOST_CHANGED)
        if self._choice.engine is not None:
            most = min(most, _MOST_BESIDE_AN_ENGINE)
        return self._changes > most

    def merged(self, fields: RowFields | None = None, origin: Origin | None = None) -> LiveIndex:
        """The same products in a base of their own, in ascending order of id.

        Copies every row, which takes seconds for large catalogues, so no change may wait for it.
        Works in parts, since a float32 copy of 16-bit rows would need twice their memory more.
        An engine is given the changes instead. fields: of the added rows.  Raises StoreUnavailable.
        """
        numbers = np.concatenate(
            [np.flatnonzero(~self._gone), np.arange(len(self._ids), self.numbers)]
        )
        by_id = numbers[np.argsort(self.ranks(numbers), kind="stable")]
        ids = Ids.of(map(self.id_of, by_id.tolist()))
        known = np.concatenate([self._images, self._added_images])[by_id]
        engine, origin = self._choice.engine, origin or Origin()
        if engine is not None and len(self._base):
            added = self._added
            base = engine.changed(
                self._base, added.rows, fields, by_id, origin.changes.sequence, added.further
            )
            return LiveIndex(base, ids, self._choice, images=known)
        with closing(self._choice.begin(len(ids), self._base.width, origin)) as build:
            if engine is not None:
                build.put(slice(0, len(ids)), self.rows(by_id), fields, self.further(by_id))
                return LiveIndex(build.finish(), ids, self._choice, images=known)
            for part in scattered(len(ids), _MERGED_AT_ONCE):
                some = by_id[part]
                build.put(part, self.rows(some), further=self.further(some))
            return LiveIndex(build.finish(), ids, self._choice, images=known)

    def named(self, ids: Ids) -> LiveIndex:
        """The same with these ids, of a base without changes."""
        return LiveIndex(self._base, ids, self._choice, images=self._images)

    def search(
        self,
        query: Vector,
        k: int,
        threshold: float | None = None,
        passing: Passing | None = None,
        where: Where | None = None,
    ) -> Hits:
        """See `Index.search`; `passing` is over row numbers, equal scores come in order of id."""
        n = len(self._ids)
        alive = ~self._gone if self._gone_count else None
        of_base = passing[:n] if passing is not None else None
        if alive is not None:
            of_base = alive if of_base is None else alive & of_base
        hits = self._base.search(query, k, threshold, of_base, where)
        if self._delta is None:
            return hits
        beside = self._delta.search(query, k, threshold, None if passing is None else passing[n:])
        numbers = np.concatenate([hits.rows, beside.rows + n])
        scores = np.concatenate([hits.scores, beside.scores])
        best = np.argsort(-scores, kind="stable")
        if len(np.unique(scores)) < len(np.unique(hits.scores)) + len(beside.scores):
            # A changed row ties with another: they come in order of id.
            best = np.lexsort((self.ranks(numbers), -scores))
        return Hits(numbers[best[:k]], scores[best[:k]])


def _images(blank: NDArray[np.bool_]) -> NDArray[np.uint8]:
    """(m,) state of rows with or without an image."""
    return np.where(blank, _WITHOUT_IMAGE, _WITH_IMAGE).astype(np.uint8)
