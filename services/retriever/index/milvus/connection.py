"""One collection over a connection: what is written, read back and asked."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from grpc import RpcError  # type: ignore[import-untyped]
from numpy.typing import NDArray
from pymilvus import MilvusClient  # type: ignore[import-untyped]
from pymilvus.exceptions import MilvusException  # type: ignore[import-untyped]

from services.common.problems import DependencyUnavailable
from services.retriever.errors import StoreUnavailable
from services.retriever.index.arrays import Vector
from services.retriever.index.milvus.entities import Entities
from services.retriever.index.milvus.rows import Keys, upsert_of
from services.retriever.index.milvus.schema import FUSED, KEY, SEQUENCE, Collection, listed

MOST_HITS = 16_384
"""Rows that Milvus gives at most."""

_KEYS_A_READ = 10_000
_KEYS_A_DELETE = 1_000
_ROWS_A_READ = 1_000
_ROWS_A_WRITE = 2_000
_KEYS_BELOW = 2**63

# A search sees the writes of its own process, and waits for nothing else.
_OWN_WRITES = "Session"
ALL_WRITES = "Strong"
"""A search sees the writes of all processes, and waits for up to 0.2 s."""


UNANSWERED = (MilvusException, RpcError)
"""Errors of pymilvus; the second one is raised where an answer does not come in time."""


@dataclass(frozen=True, slots=True)
class Stored:
    """A collection at a Milvus. Raises `UNANSWERED` wherever that does not answer."""

    client: MilvusClient
    collection: Collection
    timeout_s: float
    """Longest wait for one answer. Sealing, indexing and loading have no limit: their time grows
    with the number of rows.
    """

    def __reduce__(self) -> tuple[type[Stored], tuple[object, ...]]:
        # A connection is of one process: `MilvusEngine.adopted` gives another.
        return Stored, (None, self.collection, self.timeout_s)

    def prepare(self) -> Keys:
        """Make the collection unless it is there, and return the sorted keys in it.

        A new one is not loaded before `serve`: Milvus would have each row in memory twice, as it
        comes and as it is sealed, for twice the processor time.
        """
        name = self.collection.name
        if not self.client.has_collection(name, timeout=self.timeout_s):
            try:
                self.collection.create(self.client, self.timeout_s)
            except MilvusException:
                # Another replica may have made it meanwhile.
                if not self.client.has_collection(name, timeout=self.timeout_s):
                    raise
            else:
                return np.empty(0, np.int64)
        self.serve()
        return self.keys()

    def serve(self) -> None:
        """Index the rows, and load them for searches."""
        self.collection.index(self.client, self.timeout_s)
        self.client.load_collection(self.collection.name)

    def keys(self) -> Keys:
        """All keys that are there now, in order. Keys are digests, so equal ranges hold equally
        many."""
        name = self.collection.name
        (answer,) = self.client.query(
            name,
            filter="",
            output_fields=["count(*)"],
            consistency_level=ALL_WRITES,
            timeout=self.timeout_s,
        )
        ranges = 1 + int(answer["count(*)"]) // _KEYS_A_READ
        bounds = [_KEYS_BELOW * number // ranges for number in range(ranges + 1)]
        found = [
            row[KEY]
            for least, end in pairwise(bounds)
            for row in self.client.query(
                name,
                filter=f"{KEY} >= {least} and {KEY} <= {end - 1}",
                output_fields=[KEY],
                consistency_level=_OWN_WRITES,
                timeout=self.timeout_s,
            )
        ]
        return np.unique(np.array(found, np.int64))

    def write(self, entities: Entities, chosen: NDArray[np.intp]) -> None:
        """Put the chosen ones there. Others may write the same at the same time, without harm."""
        connection = self.client._get_connection()
        for start in range(0, len(chosen), _ROWS_A_WRITE):
            request = upsert_of(
                self.collection,
                entities.keys,
                entities.vectors,
                entities.fields,
                chosen[start : start + _ROWS_A_WRITE].tolist(),
            )
            # Nothing is looked up in the schema of a request that is made already.
            connection.upsert(
                self.collection.name,
                [],
                upsert_param=request,
                schema={"fields": []},
                timeout=self.timeout_s,
            )

    def flush(self) -> None:
        """Seal what was written, so that it is indexed.

        Once Milvus was killed, rows that were not sealed could not be searched for 16 s when the
        next version was loaded.
        """
        self.client.flush(self.collection.name)

    def present(self, keys: Keys) -> bool:
        """True if all these keys, each once, are seen there by searches from now on."""
        count = 0
        for start in range(0, len(keys), _ROWS_A_READ):
            (answer,) = self.client.query(
                self.collection.name,
                filter=f"{KEY} in {listed(keys[start : start + _ROWS_A_READ].tolist())}",
                output_fields=["count(*)"],
                consistency_level=ALL_WRITES,
                timeout=self.timeout_s,
            )
            count += int(answer["count(*)"])
        return count >= len(keys)

    def delete(self, keys: Keys, sequence: int) -> None:
        """Delete rows, unless a replica that is further ahead put them there again."""
        for start in range(0, len(keys), _KEYS_A_DELETE):
            some = listed(keys[start : start + _KEYS_A_DELETE].tolist())
            self.client.delete(
                self.collection.name,
                filter=f"{KEY} in {some} and {SEQUENCE} <= {sequence}",
                timeout=self.timeout_s,
            )

    def best(
        self, query: Vector, limit: int, expression: str, seen: str = _OWN_WRITES
    ) -> tuple[Keys, NDArray[np.float64]]:
        """Keys and scores of the best rows that meet the expression, in no order among equals."""
        (found,) = self.client.search(
            self.collection.name,
            data=[query],
            anns_field=FUSED,
            limit=limit,
            filter=expression,
            search_params={
                "metric_type": "IP",
                "params": self.collection.scan.searched(limit),
            },
            consistency_level=seen,
            timeout=self.timeout_s,
        )
        return np.array(found.ids, np.int64), np.array(found.distances, np.float64)

    def vectors(self, keys: Sequence[int]) -> dict[int, list[float]]:
        """Rows by key."""
        found: dict[int, list[float]] = {}
        for start in range(0, len(keys), _ROWS_A_READ):
            some = list(keys[start : start + _ROWS_A_READ])
            for row in self.client.query(
                self.collection.name,
                ids=some,
                output_fields=[KEY, FUSED],
                consistency_level=_OWN_WRITES,
                timeout=self.timeout_s,
            ):
                found[row[KEY]] = row[FUSED]
        return found


@contextmanager
def asking() -> Iterator[None]:
    """Raises DependencyUnavailable where Milvus does not answer a search."""
    try:
        yield
    except UNANSWERED as error:
        raise DependencyUnavailable("The search engine does not answer; ask again.") from error


@contextmanager
def putting() -> Iterator[None]:
    """Raises StoreUnavailable where Milvus does not take rows."""
    try:
        yield
    except UNANSWERED as error:
        raise StoreUnavailable(f"Milvus cannot take the vectors: {reason_of(error)}") from error


def reason_of(error: Exception) -> str:
    """The text of one of `UNANSWERED`."""
    if isinstance(error, MilvusException):
        return str(error.message)
    return str(error.details() if hasattr(error, "details") else error)
