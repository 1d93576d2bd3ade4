"""A connection to Milvus, and the collections that this process put there."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from pymilvus import MilvusClient  # type: ignore[import-untyped]
from pymilvus.exceptions import MilvusException  # type: ignore[import-untyped]

from services.retriever.errors import StoreUnavailable
from services.retriever.index.base import Index, Rows, blank_images
from services.retriever.index.milvus.build import MilvusBuild
from services.retriever.index.milvus.connection import Stored, putting
from services.retriever.index.milvus.index import MilvusIndex
from services.retriever.index.milvus.rows import keys_of
from services.retriever.index.milvus.schema import FLAT, Collection, Scan
from services.retriever.index.row_fields import Origin, RowFields


class MilvusEngine:
    """See `Engine`."""

    def __init__(self, uri: str, token: str = "", *, timeout_s: float, scan: Scan = FLAT) -> None:
        """uri: of a server or cluster, or the path of a file for Milvus Lite; opened when asked."""
        self._uri = uri
        self._token = token
        self._timeout_s = timeout_s
        self._scan = scan
        self._opened: MilvusClient | None = None
        self._collections: list[str] = []
        self._finished = ""
        """The collection that was loaded last: it is asked until another one is."""

    def begin(self, products: int, width: int, origin: Origin) -> MilvusBuild:
        """See `Engine.begin`."""
        collection = Collection(origin, width, self._scan)
        with putting():
            stored = Stored(self._client(), collection)
            present = stored.prepare()
            self._keep(collection.name)
        return MilvusBuild(stored, products, present, self._has_finished)

    def changed(
        self,
        base: Index,
        rows: Rows,
        fields: RowFields | None,
        order: NDArray[np.intp],
        sequence: int,
    ) -> MilvusIndex:
        """See `Engine.changed`. Dropped rows are deleted at the change after this one: a replica
        that is a little behind serves them still.
        """
        if not isinstance(base, MilvusIndex):
            raise TypeError("only an index in Milvus can be changed there")
        collection = base.stored.collection
        origin = replace(collection.origin, sequence=sequence)
        stored = Stored(base.stored.client, replace(collection, origin=origin))
        names = fields.ids if fields is not None else [str(number) for number in range(len(rows))]
        new = keys_of(rows, fields, names)
        keys = np.concatenate([base.keys, new])[order]
        blank = np.concatenate([base.blank, blank_images(rows)])[order]
        with putting():
            stored.delete(np.setdiff1d(base.retired, keys), sequence)
            stored.write(new, rows, fields, np.arange(len(rows)))
            if not stored.present(np.unique(new)):
                raise StoreUnavailable("Milvus cannot take the changes: rows are missing")
        return MilvusIndex(stored, keys, blank, np.setdiff1d(base.keys, keys))

    def trouble(self) -> str | None:
        """Why Milvus does not answer; None when it does. Blocks."""
        try:
            self._client().list_collections()
        except MilvusException as error:
            return f"Milvus does not answer: {error.message}"
        return None

    def close(self) -> None:
        """Let go of the connection; the collections stay."""
        if self._opened is not None:
            self._opened.close()
            self._opened = None

    def _keep(self, name: str) -> None:
        """Drop the other collections of this process; this one and the one loaded last stay.

        The latter may be asked still, or gone back to. One whose load was given up goes.
        """
        if name not in self._collections:
            self._collections.append(name)
        for old in [one for one in self._collections if one not in (name, self._finished)]:
            if "://" not in self._uri:
                # Milvus Lite leaves files open of what it has not sealed.
                self._client().flush(old)
            self._client().drop_collection(old)
            self._collections.remove(old)

    def _has_finished(self, name: str) -> None:
        self._finished = name

    def _client(self) -> MilvusClient:
        if self._opened is None:
            self._opened = MilvusClient(self._uri, token=self._token, timeout=self._timeout_s)
        return self._opened
