"""Rows on their way into a collection, part by part: none stays in this process."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor

import numpy as np

from services.retriever.errors import StoreUnavailable
from services.retriever.index.arrays import AnyRows, Rows
from services.retriever.index.base import blank_images, sample_step
from services.retriever.index.further import FurtherImages
from services.retriever.index.milvus.connection import Stored, putting
from services.retriever.index.milvus.entities import Entities, FurtherKeys
from services.retriever.index.milvus.index import MilvusIndex
from services.retriever.index.milvus.rows import Keys
from services.retriever.index.row_fields import RowFields

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
        self._further: list[FurtherKeys] = []

    def put(
        self,
        part: slice,
        rows: AnyRows,
        fields: RowFields | None = None,
        further: FurtherImages | None = None,
    ) -> None:
        """See `IndexBuild.put`. Raises StoreUnavailable."""
        numbers = np.arange(self._count)[part]
        floats = np.ascontiguousarray(rows, np.float32)
        names = [str(number) for number in numbers.tolist()] if fields is None else fields.ids
        entities = Entities.of(floats, fields, names, further)
        self._keys[numbers] = entities.keys[: len(floats)]
        self._further.append(entities.further.moved(numbers))
        self._blank[numbers] = blank_images(floats)
        sampled = numbers % self._step == 0
        self._sample[numbers[sampled] // self._step] = floats[sampled]
        changed = self._stored.collection.origin.changes.ids
        again = np.array([name in changed for name in entities.names], np.bool_)
        new = np.flatnonzero(again | ~np.isin(entities.keys, self._present))
        if len(new):
            self._new += len(new)
            self._sent.append(self._senders.submit(self._stored.write, entities, new))
        self._wait(_WAITING)

    def sample(self) -> Rows:
        """See `IndexBuild.sample`."""
        return self._sample

    def finish(self) -> MilvusIndex:
        """See `IndexBuild.finish`."""
        self._wait(0)
        further = FurtherKeys.joined(self._further)
        with putting():
            if self._new:
                self._stored.flush()
            self._stored.serve()
            if self._new:
                present = self._stored.keys()
                keys = np.concatenate([self._keys, further.keys])
                missing = np.count_nonzero(~np.isin(keys, present))
                if missing:
                    raise StoreUnavailable(
                        f"Milvus cannot take the vectors: {missing} of {len(keys)} are missing "
                        "when read back"
                    )
        index = MilvusIndex(self._stored, self._keys, self._blank, further)
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
