"""The online store's keys in Redis, which Feast can neither list nor count nor delete by content.

The only place that knows how Feast names a key. Reads and writes of rows go through Feast.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any, TypeVar

# Before Feast.
import services.common.light_feast  # noqa: F401

# isort: split
from feast import FeatureStore
from feast.infra.key_encoding_utils import deserialize_entity_key
from feast.infra.online_stores.helpers import _redis_key
from feast.protos.feast.types.EntityKey_pb2 import EntityKey
from feast.protos.feast.types.Value_pb2 import Value
from redis.cluster import RedisCluster

from services.pipeline.errors import DependencyAway

_AT_ONCE = 1_000

KeyColumns = Mapping[str, Sequence[str]]
"""Join keys by name, all columns of one length."""


@dataclass(frozen=True, slots=True)
class Pulse:
    """Redis' report about itself."""

    run: str
    """Changes with each start."""
    evicted: int
    keys: int

    def may_have_lost_keys(self, before: Pulse) -> bool:
        """True if keys may be lost since an earlier check."""
        return self.run != before.run or self.evicted != before.evicted or self.keys < before.keys


class RedisKeys:
    """Keys of one project. Every method raises RedisError when Redis does not answer."""

    def __init__(self, store: FeatureStore) -> None:
        self._config = store.config
        self._project = store.config.project.encode()
        online: Any = store._get_provider().online_store
        if not hasattr(online, "_get_client"):
            raise DependencyAway("the online store is not Redis; only Redis is supported")
        self._client = online._get_client(store.config.online_store)

    def of(self, columns: KeyColumns) -> list[bytes]:
        """(n,) the key of each row."""
        names = list(columns)
        return [
            _redis_key(
                self._config.project,
                EntityKey(
                    join_keys=names, entity_values=[Value(string_val=value) for value in values]
                ),
                entity_key_serialization_version=self._config.entity_key_serialization_version,
            )
            for values in zip(*columns.values(), strict=True)
        ]

    def present(self, keys: Sequence[bytes]) -> list[bool]:
        """(n,) whether Redis has each of these keys."""
        found: list[bool] = []
        for some in in_batches(keys, _AT_ONCE):
            with self._client.pipeline(transaction=False) as pipe:
                for key in some:
                    pipe.exists(key)
                found.extend(bool(one) for one in pipe.execute())
        return found

    def all(self) -> Iterator[bytes]:
        """Every key of this project, perhaps twice."""
        return (key for key in self.all_raw() if self.join_keys(key) is not None)

    def all_raw(self) -> Iterator[bytes]:
        """Every key that ends like one of this project, perhaps twice."""
        yield from self._client.scan_iter(match=b"*" + self._project, count=_AT_ONCE)

    def join_keys(self, key: bytes) -> dict[str, str] | None:
        """The join keys in a key, by name; None when it is not a key of this project."""
        version = self._config.entity_key_serialization_version
        try:
            entity = deserialize_entity_key(key[: -len(self._project)], version)
            same = _redis_key(self._config.project, entity, version) == key
        except Exception:  # noqa: BLE001 - Feast raises what its parser stumbles over
            return None
        names = list(entity.join_keys)
        values = [value.string_val for value in entity.entity_values]
        return dict(zip(names, values, strict=True)) if same else None

    def delete(self, keys: Iterable[bytes]) -> int:
        """Delete these keys without blocking Redis. Returns how many there were."""
        deleted = 0
        for some in in_batches(keys, _AT_ONCE):
            deleted += int(self._client.unlink(*some))
        return deleted

    def pulse(self) -> Pulse:
        """A cheap look that shows when keys were lost."""
        nodes = [self._client]
        if isinstance(self._client, RedisCluster):
            # After a failover the others are asked: another run, so keys may be lost.
            nodes = [self._client.get_redis_connection(one) for one in self._primaries()]
        told = [{**node.info("server"), **node.info("stats")} for node in nodes]
        return Pulse(
            " ".join(sorted(str(one["run_id"]) for one in told)),
            sum(int(one["evicted_keys"]) for one in told),
            sum(int(node.dbsize()) for node in nodes),
        )

    def check_writable(self) -> None:
        """Raises RedisError if Redis is full, a replica, or cannot save."""
        # Refused as any write is; otherwise it does nothing, since there is no such key.
        self._client.set(b"writable" + self._project, b"", xx=True)

    def _primaries(self) -> list[Any]:
        """Nodes of the cluster as it is now: the client learns of a failover only by an error."""
        self._client.nodes_manager.initialize()
        return list(self._client.get_primaries())


Item = TypeVar("Item")


def in_batches(values: Iterable[Item], size: int) -> Iterator[list[Item]]:
    """In order; the last may be shorter."""
    iterator = iter(values)
    while batch := list(islice(iterator, size)):
        yield batch
