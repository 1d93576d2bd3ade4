"""A connection to Milvus, and the collections that this process put there."""

from __future__ import annotations

import threading
import time
from dataclasses import replace
from weakref import WeakSet

import numpy as np
from numpy.typing import NDArray
from pymilvus import MilvusClient  # type: ignore[import-untyped]

from services.retriever.errors import StoreUnavailable
from services.retriever.index.arrays import Rows
from services.retriever.index.base import Index, blank_images
from services.retriever.index.further import FurtherImages
from services.retriever.index.milvus.build import MilvusBuild
from services.retriever.index.milvus.connection import UNANSWERED, Stored, putting, reason_of
from services.retriever.index.milvus.entities import Entities, FurtherKeys
from services.retriever.index.milvus.index import MilvusIndex
from services.retriever.index.milvus.schema import FLAT, SCANN, Collection, Scan
from services.retriever.index.row_fields import Changes, Origin, RowFields

_KEPT_S = 600.0
"""A collection that this process no longer asks stays for so long at least: another replica may
still serve that version, or the shop may go back to it."""


class MilvusEngine:
    """See `Engine`."""

    def __init__(
        self,
        uri: str,
        token: str = "",
        *,
        timeout_s: float,
        scan: Scan | None = None,
        kept_s: float = _KEPT_S,
    ) -> None:
        """uri: of a server or cluster, or the path of a file for Milvus Lite; opened when asked.

        scan: the index type; by default `SCANN`, or `FLAT` in Milvus Lite, which has no `SCANN`.
        kept_s: how long a collection stays that this process no longer asks.
        """
        self._uri = uri
        self._token = token
        self._timeout_s = timeout_s
        self._scan = scan or (SCANN if "://" in uri else FLAT)
        self._kept_s = kept_s
        self._opening = threading.Lock()
        self._opened: MilvusClient | None = None
        self._collections: dict[str, float] = {}
        """Those that this process put there, and when it last had a use for each."""
        self._indexes: WeakSet[MilvusIndex] = WeakSet()
        """Those that somebody may still ask."""
        self._finished = ""
        """The collection that was loaded last."""

    def begin(self, products: int, width: int, origin: Origin) -> MilvusBuild:
        """See `Engine.begin`."""
        collection = Collection(origin, width, self._scan)
        with putting():
            stored = Stored(self._client(), collection, self._timeout_s)
            present = stored.prepare()
            self._drop_unused(collection.name)
        return MilvusBuild(stored, products, present, self._has_finished)

    def expect(self, width: int, origin: Origin) -> None:
        """See `Engine.expect`."""
        with putting():
            self._drop_unused(Collection(origin, width, self._scan).name)

    def adopted(self, index: Index) -> Index:
        """See `Engine.adopted`."""
        if not isinstance(index, MilvusIndex):  # of no rows
            return index
        with putting():
            stored = replace(index.stored, client=self._client())
        adopted = MilvusIndex(stored, index.keys, index.blank, index.further_keys)
        self._has_finished(adopted)
        return adopted

    def changed(
        self,
        base: Index,
        rows: Rows,
        fields: RowFields | None,
        order: NDArray[np.intp],
        sequence: int,
        further: FurtherImages | None = None,
    ) -> MilvusIndex:
        """See `Engine.changed`. Dropped rows are deleted at the change after this one: a replica
        that is a little behind serves them still.
        """
        if not isinstance(base, MilvusIndex):
            raise TypeError("only an index in Milvus can be changed there")
        collection = base.stored.collection
        origin = replace(collection.origin, changes=Changes(sequence))
        stored = replace(base.stored, collection=replace(collection, origin=origin))
        names = fields.ids if fields is not None else [str(number) for number in range(len(rows))]
        new = Entities.of(rows, fields, names, further)
        keys = np.concatenate([base.keys, new.keys[: len(rows)]])[order]
        places = np.full(len(base) + len(rows), -1, np.intp)
        places[order] = np.arange(len(order))
        images = FurtherKeys.joined(
            [base.further_keys.moved(places), new.further.moved(places[len(base) :])]
        )
        blank = np.concatenate([base.blank, blank_images(rows)])[order]
        every = np.concatenate([keys, images.keys])
        with putting():
            stored.delete(np.setdiff1d(base.retired, every), sequence)
            stored.write(new, np.arange(len(new.keys)))
            if not stored.present(np.unique(new.keys)):
                raise StoreUnavailable("Milvus cannot take the changes: rows are missing")
        index = MilvusIndex(stored, keys, blank, images, np.setdiff1d(base.every_key, every))
        self._indexes.add(index)
        return index

    def trouble(self) -> str | None:
        """Why Milvus does not answer; None when it does. Blocks."""
        try:
            self._client().list_collections(timeout=self._timeout_s)
        except UNANSWERED as error:
            return f"Milvus does not answer: {reason_of(error)}"
        return None

    def close(self) -> None:
        """Let go of the connection; the collections stay."""
        with self._opening:
            if self._opened is not None:
                self._opened.close()
                self._opened = None

    def _drop_unused(self, name: str) -> None:
        """Drop collections of this process for which it has had no use for a while.

        In use are the one that is loaded now, the one loaded last, and each that an index here may
        still be asked in: a load that finished may never be served, and the one before it is.
        """
        now = time.monotonic()
        asked = {one.stored.collection.name for one in list(self._indexes)}
        used = {name, self._finished, *asked}
        self._collections |= dict.fromkeys(used & {name, *self._collections}, now)
        unused = [
            one
            for one, since in self._collections.items()
            if one not in used and now - since >= self._kept_s
        ]
        for old in unused:
            if "://" not in self._uri:
                # Milvus Lite leaves files open of what it has not sealed.
                self._client().flush(old)
            self._client().drop_collection(old, timeout=self._timeout_s)
            del self._collections[old]

    def _has_finished(self, index: MilvusIndex) -> None:
        self._finished = index.stored.collection.name
        self._indexes.add(index)

    def _client(self) -> MilvusClient:
        with self._opening:
            if self._opened is None:
                self._opened = MilvusClient(self._uri, token=self._token, timeout=self._timeout_s)
            return self._opened
