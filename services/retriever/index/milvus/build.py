"""Rows on their way into a collection, part by part: none stays in this process."""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor

import numpy as np

from services.retriever.errors import StoreUnavailable
from services.retriever.index.base import AnyRows, Rows, blank_images, sample_step
from services.retriever.index.further import FurtherImages
from services.retriever.index.milvus.connection import Stored, putting
from services.retriever.index.milvus.index import MilvusIndex
from services.retriever.index.milvus.rows import Keys, keys_of
from services.retriever.index.row_fields import RowFields

logger = logging.getLogger(__name__)

_SENDERS = 2
_WAITING = 4
"""Parts that are read but not yet sent, at most."""


class MilvusBuild:
    """See `IndexBuild`. Rows that are there already are not sent again, except those of changed
    products: then they carry the number of the latest change, and no retriever that is behind
    deletes them.
    """

    half = False

    def __init__(
        self, stored: Stored, count: int, present: Keys, finished: Callable[[MilvusIndex], None]
    ) -> None:
        """present: sorted keys of the rows that are there.  finished: called with the index once
        all rows are there.
        """
        self._stored = stored
        self._present = present
        self._finished = finished
        self._count = count
        self._keys = np.zeros(count, np.int64)
        self._blank = np.zeros(count, np.bool_)
        self._step = sample_step(count)
        width = stored.collection.width
        self._sample: Rows = np.zeros((-(-count // self._step), width), np.float32)
        self._senders = ThreadPoolExecutor(_SENDERS, thread_name_prefix="milvus")
        self._sent: deque[Future[None]] = deque()
        self._new = 0
        self._left_out = 0

    def put(
        self,
        part: slice,
        rows: AnyRows,
        fields: RowFields | None = None,
        further: FurtherImages | None = None,
    ) -> None:
        """See `IndexBuild.put`; further images are left out. Raises StoreUnavailable."""
        self._left_out += 0 if further is None else len(further)
        numbers = np.arange(self._count)[part]
        floats = np.ascontiguousarray(rows, np.float32)
        names = [str(number) for number in numbers.tolist()] if fields is None else fields.ids
        keys = keys_of(floats, fields, names)
        self._keys[numbers] = keys
        self._blank[numbers] = blank_images(floats)
        sampled = numbers % self._step == 0
        self._sample[numbers[sampled] // self._step] = floats[sampled]
        changed = self._stored.collection.origin.changes.ids
        again = np.array([name in changed for name in names], np.bool_)
        new = np.flatnonzero(again | ~np.isin(keys, self._present))
        if len(new):
            self._new += len(new)
            self._sent.append(self._senders.submit(self._stored.write, keys, floats, fields, new))
        self._wait(_WAITING)

    def sample(self) -> Rows:
        """See `IndexBuild.sample`."""
        return self._sample

    def finish(self) -> MilvusIndex:
        """See `IndexBuild.finish`."""
        self._wait(0)
        with putting():
            if self._new:
                self._stored.flush()
            self._stored.serve()
            if self._new:
                present = self._stored.keys()
                missing = np.count_nonzero(~np.isin(self._keys, present))
                if missing:
                    raise StoreUnavailable(
                        f"Milvus cannot take the vectors: {missing} of {self._count} rows are "
                        "missing when read back"
                    )
        if self._left_out:
            logger.warning(
                "%d further pictures of products are not searched: Milvus holds the first one of "
                "each product",
                self._left_out,
            )
        index = MilvusIndex(self._stored, self._keys, self._blank)
        self._finished(index)
        return index

    def close(self) -> None:
        """See `IndexBuild.close`."""
        self._senders.shutdown(wait=True, cancel_futures=True)

    def _wait(self, most: int) -> None:
        """Until so few parts are still to be sent."""
        with putting():
            while len(self._sent) > most:
                self._sent.popleft().result()
