"""Search in Milvus: the rows lie in a cluster, as many machines as they need; see docs/scaling.md.

Collections are named after their content and never changed, so replicas share them, and a version
that is being loaded cannot disturb the one that is served. The embedded Milvus Lite, at a path
instead of an address, does the same for tests and for trying it out.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
from numpy.typing import NDArray
from pymilvus import DataType, MilvusClient  # type: ignore[import-untyped]
from pymilvus.exceptions import MilvusException  # type: ignore[import-untyped]

from services.common.problems import DependencyUnavailable
from services.retriever.errors import StoreUnavailable
from services.retriever.index.base import NO_HITS, AnyRows, Hits, Passing, Rows, Vector, best_hits

_NUMBER, _FUSED = "number", "fused"
_ROWS_A_WRITE = 1_000
_ROWS_A_READ = 1_000
_TIES = 64
"""So many more than asked for, so that which of equal rows comes last is no chance."""

_MOST = 16_384
"""Rows that Milvus gives at most."""

_KEPT = 2
"""Collections: the one before the latest may be asked still, or gone back to."""


class MilvusEngine:
    """A connection to Milvus, and the collections that this process put there."""

    def __init__(self, uri: str, token: str = "", *, timeout_s: float) -> None:
        """uri: of a server or cluster, or the path of a file for Milvus Lite; opened when asked."""
        self._uri = uri
        self._token = token
        self._timeout_s = timeout_s
        self._opened: MilvusClient | None = None
        self._collections: list[str] = []

    def build(self, rows: AnyRows) -> MilvusIndex:
        """An index over these rows, (n, 2·d), put there unless they are. Raises StoreUnavailable.

        Blocks for as long as it takes to send them.
        """
        name = _name(rows)
        try:
            client = self._client()
            if not (client.has_collection(name) and _count(client, name) == len(rows)):
                _fill(client, name, rows)
            client.load_collection(name)
            self._collections = [*(one for one in self._collections if one != name), name]
            for old in self._collections[:-_KEPT]:
                client.drop_collection(old)
            self._collections = self._collections[-_KEPT:]
        except MilvusException as error:
            raise StoreUnavailable(f"Milvus cannot take the vectors: {error.message}") from error
        return MilvusIndex(client, name, rows.shape)

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

    def _client(self) -> MilvusClient:
        if self._opened is None:
            self._opened = MilvusClient(self._uri, token=self._token, timeout=self._timeout_s)
        return self._opened


class MilvusIndex:
    """One collection, searched exactly (`FLAT`); see docs/scaling.md for why not otherwise."""

    def __init__(self, client: MilvusClient, collection: str, shape: tuple[int, int]) -> None:
        self._client = client
        self._collection = collection
        self._count, self._width = shape

    def __len__(self) -> int:
        return self._count

    @property
    def width(self) -> int:
        """See `Index.width`."""
        return self._width

    def rows(self, numbers: NDArray[np.intp]) -> Rows:
        """See `Index.rows`. Raises DependencyUnavailable."""
        found: dict[int, list[float]] = {}
        with _asking():
            for start in range(0, len(numbers), _ROWS_A_READ):
                ids = numbers[start : start + _ROWS_A_READ].tolist()
                for row in self._client.query(self._collection, ids=ids, output_fields=[_FUSED]):
                    found[row[_NUMBER]] = row[_FUSED]
        return np.array([found[number] for number in numbers.tolist()], np.float32)

    def search(
        self,
        query: Vector,
        k: int,
        threshold: float | None = None,
        passing: Passing | None = None,
    ) -> Hits:
        """See `Index.search`. Raises DependencyUnavailable."""
        count = len(self) if passing is None else int(np.count_nonzero(passing))
        k = min(k, count, _MOST)
        if k == 0:
            return NO_HITS
        with _asking():
            (found,) = self._client.search(
                self._collection,
                data=[query],
                anns_field=_FUSED,
                limit=min(k + _TIES, count, _MOST),
                filter=_filter(passing),
                output_fields=[_NUMBER],
                # `build` saw all rows there, and none changes.
                consistency_level="Eventually",
            )
        numbers = np.array([hit[_NUMBER] for hit in found], np.intp)
        scores = np.array([hit["distance"] for hit in found], np.float64)
        return best_hits(numbers, scores, k, threshold)


def _filter(passing: Passing | None) -> str:
    """The rows that pass, or those that do not, whichever are fewer."""
    if passing is None or passing.all():
        return ""
    few = np.count_nonzero(passing) <= len(passing) / 2
    numbers = np.flatnonzero(passing if few else ~passing).tolist()
    return f"{_NUMBER} {'in' if few else 'not in'} {numbers}"


def _name(rows: AnyRows) -> str:
    digest = hashlib.blake2b(np.ascontiguousarray(rows).data, digest_size=16)
    digest.update(f"{rows.shape} {rows.dtype}".encode())
    return f"catalogue_{digest.hexdigest()}"


def _fill(client: MilvusClient, name: str, rows: AnyRows) -> None:
    """Send all rows. Another replica may write the same rows at the same time, without harm."""
    if not client.has_collection(name):
        schema = MilvusClient.create_schema(auto_id=False, enable_dynamic_field=False)
        schema.add_field(_NUMBER, DataType.INT64, is_primary=True)
        schema.add_field(_FUSED, DataType.FLOAT_VECTOR, dim=rows.shape[1])
        index = MilvusClient.prepare_index_params()
        index.add_index(_FUSED, index_type="FLAT", metric_type="IP")
        client.create_collection(name, schema=schema, index_params=index)
    for start in range(0, len(rows), _ROWS_A_WRITE):
        part = rows[start : start + _ROWS_A_WRITE].astype(np.float32, copy=False)
        numbered = enumerate(part, start)
        client.upsert(name, [{_NUMBER: number, _FUSED: row} for number, row in numbered])
    client.flush(name)
    if (count := _count(client, name)) != len(rows):
        raise MilvusException(message=f"{count} of {len(rows)} rows are there when read back")


def _count(client: MilvusClient, name: str) -> int:
    client.load_collection(name)
    (answer,) = client.query(
        name, filter="", output_fields=["count(*)"], consistency_level="Strong"
    )
    return int(answer["count(*)"])


@contextmanager
def _asking() -> Iterator[None]:
    try:
        yield
    except MilvusException as error:
        raise DependencyUnavailable("The search engine does not answer; ask again.") from error
