"""Feast's online store, through Feast's own API.

What surprised us: Redis, as Feast writes it, drops a row in silence when the stored one has the
same or a later event timestamp. So timestamps come from a clock that receives every
timestamp that was read, and is always later; see `EventClock`.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

# Before Feast.
import services.common.light_feast  # noqa: F401

# isort: split
import numpy as np
import numpy.typing as npt
import pyarrow as pa
import yaml  # type: ignore[import-untyped]
from feast import Entity, FeatureStore, FeatureView
from feast.errors import FeastError, FeatureViewNotFoundException
from feast.protos.feast.core.Registry_pb2 import Registry
from feast.protos.feast.serving.ServingService_pb2 import GetOnlineFeaturesResponse
from feast.protos.feast.types.Value_pb2 import Value
from feast.repo_config import FeastConfigError, RegistryConfig, load_repo_config
from google.protobuf.message import DecodeError  # type: ignore[import-untyped]
from redis.exceptions import RedisClusterException, RedisError
from sqlalchemy.exc import SQLAlchemyError

from feature_repo import definitions
from services.common.redis_limits import BadAddress, prepare
from services.common.variables import unset_variables
from services.contracts.catalogue import (
    CATALOGUE,
    CATALOGUE_KEY,
    CHANGE_KEY,
    CHANGE_VIEW,
    CONTENT_KEY,
    FINGERPRINT,
    HEAD_VIEW,
    IMAGE_VECTOR,
    METADATA_VIEW,
    MODEL_KEY,
    PRODUCT_KEY,
    SHARD_KEY,
    SHARD_VIEW,
    TEXT_VECTOR,
    VECTOR_VIEW,
    CatalogueHead,
    change_id,
)
from services.pipeline.catalogue.ledger import Entry
from services.pipeline.catalogue.redis_keys import RedisKeys
from services.pipeline.catalogue.schemas import ENTRY_COLUMNS, JOIN_KEYS, TIMESTAMP, read_head
from services.pipeline.errors import DependencyAway, RegistryTorn

logger = logging.getLogger(__name__)

FloatRows = npt.NDArray[np.float32]
Columns = Mapping[str, GetOnlineFeaturesResponse.FeatureVector]
"""Values of n rows by feature."""

READ_BATCH = 500
"""Rows a read; measured to be the fastest."""

STORE_TIMEOUT_S = 5.0
"""Longest silence of Redis, as the retriever has it."""

_AWAY = (
    RedisError,
    RedisClusterException,
    FeastError,
    FeastConfigError,
    SQLAlchemyError,
    yaml.YAMLError,
)

_ENTITIES: tuple[Entity, ...] = (
    definitions.product,
    definitions.embedding_model,
    definitions.content,
    definitions.catalogue,
    definitions.shard,
    definitions.change,
)
_VIEWS: tuple[FeatureView, ...] = (
    definitions.product_vectors,
    definitions.product_metadata,
    definitions.catalogue_head,
    definitions.catalogue_shard,
    definitions.catalogue_change,
)

_HEAD_FEATURES = frozenset(one.name for one in definitions.catalogue_head.features)


@dataclass(frozen=True, slots=True)
class OnlineRow:
    """Row of the online store under a key; an empty fingerprint means that there is none."""

    fingerprint: str
    timestamp: datetime | None


class EventClock:
    """Timestamps later than now and than any that is already stored."""

    def __init__(self) -> None:
        self._latest = datetime.fromtimestamp(0, UTC)

    def has_seen(self, timestamp: datetime | None) -> None:
        if timestamp is not None and timestamp > self._latest:
            self._latest = timestamp

    def tick(self) -> datetime:
        """Later than all before. Microseconds are the finest that Parquet and pandas agree on."""
        self._latest = max(datetime.now(UTC), self._latest + timedelta(microseconds=1))
        return self._latest


class OnlineStore:
    """Reads and writes rows of the feature views. Raises DependencyAway when Redis is away."""

    def __init__(self, folder: Path, *, timeout_s: float = STORE_TIMEOUT_S) -> None:
        """folder: holds `feature_store.yaml`.  timeout_s: longest silence of Redis, unless the
        connection string there names its own."""
        file = folder / "feature_store.yaml"
        if not file.is_file():
            raise DependencyAway(
                f"{folder} holds no feature_store.yaml; set PIPELINE_FEATURE_STORE to a folder "
                "that does"
            )
        missing = unset_variables(file.read_text(encoding="utf-8"))
        if missing:
            # Feast would take the name of the variable for its value.
            raise DependencyAway(
                f"{file} needs {', '.join(missing)} in the environment; for a catalogue of "
                "`make run`, set PIPELINE_FEATURE_STORE to its state folder"
            )
        with store_errors_are_ours():
            config = load_repo_config(folder, file)
            try:
                prepare(config.online_store, timeout_s)
            except BadAddress as error:
                raise DependencyAway(f"{file}: {error}") from error
            self._store = FeatureStore(repo_path=str(folder), config=config)
            self._keys: RedisKeys | None = None

    def apply(self) -> bool:
        """Register the definitions, unless they are registered as they stand.

        Returns whether anything was written. Readers reopen the registry whenever its file changes,
        so it is not written when nothing changes. For the only writer. Raises DependencyAway, and
        NewerFormat before it replaces the definitions of a newer release: Parquet, which is asked
        before, may be lost.
        """
        with store_errors_are_ours():
            _remove_torn_registry(self._store)
            entities = {one.name: one for one in self._store.list_entities()}
            views = {one.name: one for one in self._store.list_feature_views()}
            if HEAD_VIEW in views:
                self.head()
            if all(entities.get(one.name) == one for one in _ENTITIES) and all(
                one.name in views and _same(views[one.name], one) for one in _VIEWS
            ):
                return False
            self._store.apply([*_ENTITIES, *_VIEWS])
            return True

    def present(self, view: str, table: pa.Table) -> list[bool]:
        """(n,) whether each of these rows has its key in Redis, whatever it holds."""
        with store_errors_are_ours():
            return self.keys.present(self.keys_of(view, table))

    def keys_of(self, view: str, table: pa.Table) -> list[bytes]:
        """(n,) the Redis key of each row."""
        return self.keys.of({name: table[name].to_pylist() for name in JOIN_KEYS[view]})

    @property
    def keys(self) -> RedisKeys:
        """Redis itself; its errors are Redis' own, unless `store_errors_are_ours`."""
        if self._keys is None:
            self._keys = RedisKeys(self._store)
        return self._keys

    def rows(self, view: str, table: pa.Table) -> list[dict[str, object]]:
        """(n,) what the store holds under the keys of these rows; empty where there is nothing."""
        features = [
            name for name in table.column_names if name not in (*JOIN_KEYS[view], TIMESTAMP)
        ]
        rows: list[dict[str, object]] = []
        keys = {name: table[name].to_pylist() for name in JOIN_KEYS[view]}
        for columns in self._read_batches(view, features, keys):
            for number in range(len(columns[features[0]].values)):
                if _timestamp(columns[features[0]], number) is None:
                    rows.append({})
                    continue
                rows.append({name: _plain(columns[name].values[number]) for name in features})
        return rows

    def write(self, view: str, table: pa.Table) -> None:
        """Rows of one view, of the schema that its Parquet parts have."""
        if table.num_rows:
            try:
                with store_errors_are_ours():
                    self._store.write_to_online_store(view, df=table.to_pandas())
            except KeyError as error:
                raise RegistryTorn(f"Feast's registry lacks {view}") from error

    def vectors(
        self, product_ids: Sequence[str], model_id: str, contents: Sequence[str]
    ) -> list[OnlineRow]:
        """(n,) the state of these products' rows of that content in `product_vectors`."""
        return self._states(VECTOR_VIEW, _vector_keys(product_ids, model_id, contents))

    def vector_rows(
        self, product_ids: Sequence[str], model_id: str, contents: Sequence[str]
    ) -> tuple[FloatRows, FloatRows]:
        """(n, d) each: the vectors of the text and of the first picture, zeros without one."""
        found: dict[str, list[FloatRows]] = {TEXT_VECTOR: [], IMAGE_VECTOR: []}
        keys = _vector_keys(product_ids, model_id, contents)
        for columns in self._read_batches(VECTOR_VIEW, list(found), keys):
            for name, rows in found.items():
                rows += [
                    np.array(value.float_list_val.val, np.float32) for value in columns[name].values
                ]
        d = max((len(row) for row in found[TEXT_VECTOR]), default=0)
        text, image = (
            np.array([row[:d] if len(row) >= d else np.zeros(d) for row in rows], np.float32)
            for rows in found.values()
        )
        return text.reshape(-1, d), image.reshape(-1, d)

    def metadata(self, product_ids: Sequence[str], contents: Sequence[str]) -> list[OnlineRow]:
        """(n,) the state of these products' rows of that content in `product_metadata`."""
        return self._states(METADATA_VIEW, {PRODUCT_KEY: product_ids, CONTENT_KEY: contents})

    def shard(self, key: str) -> tuple[list[Entry], datetime | None]:
        """The products of one shard, and its timestamp."""
        columns = self._read(SHARD_VIEW, ENTRY_COLUMNS, {SHARD_KEY: [key]})
        return _entries(columns)[0], _timestamp(columns["product_ids"], 0)

    def changes(self, head: CatalogueHead) -> list[list[Entry]]:
        """Every change of a version, in order; one that is gone is empty."""
        keys = [change_id(head.version, n) for n in range(head.base + 1, head.sequence + 1)]
        batches = self._read_batches(CHANGE_VIEW, ENTRY_COLUMNS, {CHANGE_KEY: keys})
        return [change for columns in batches for change in _entries(columns)]

    def change_timestamp(self, key: str) -> datetime | None:
        """Timestamp of the change of that key, if there is one."""
        columns = self._read(CHANGE_VIEW, ["product_ids"], {CHANGE_KEY: [key]})
        return _timestamp(columns["product_ids"], 0)

    def head(self, catalogue: str = CATALOGUE) -> tuple[CatalogueHead | None, datetime | None]:
        """The published version (or the one before), if there is one, and its timestamp.

        Also of an earlier release, before `apply`. Raises DependencyAway, NewerFormat.
        """
        with store_errors_are_ours():
            view = self._store.get_feature_view(HEAD_VIEW, allow_registry_cache=True)
        # Feast refuses to read a feature that the release did not have that wrote the registry.
        features = [one.name for one in view.features if one.name in _HEAD_FEATURES]
        columns = self._read(HEAD_VIEW, features, {CATALOGUE_KEY: [catalogue]})
        timestamp = _timestamp(columns["version"], 0)
        if timestamp is None:
            return None, None
        row = {name: _plain(column.values[0]) for name, column in columns.items()}
        return read_head(row, "the online store"), timestamp

    def _states(self, view: str, keys: Mapping[str, Sequence[str]]) -> list[OnlineRow]:
        return [
            OnlineRow(value.string_val, _timestamp(columns[FINGERPRINT], number))
            for columns in self._read_batches(view, [FINGERPRINT], keys)
            for number, value in enumerate(columns[FINGERPRINT].values)
        ]

    def _read_batches(
        self, view: str, features: Sequence[str], keys: Mapping[str, Sequence[str]]
    ) -> Iterator[Columns]:
        """The rows under these keys, `READ_BATCH` at a time."""
        for start in range(0, max(map(len, keys.values())), READ_BATCH):
            some = {name: list(values[start : start + READ_BATCH]) for name, values in keys.items()}
            yield self._read(view, features, some)

    def _read(self, view: str, features: Sequence[str], keys: dict[str, list[str]]) -> Columns:
        with store_errors_are_ours():
            response = self._store.get_online_features(
                features=[f"{view}:{feature}" for feature in features], entity_rows=keys
            ).proto
        return dict(zip(response.metadata.feature_names.val, response.results, strict=True))


@contextmanager
def store_errors_are_ours() -> Iterator[None]:
    """Errors of Redis and of Feast as DependencyAway."""
    try:
        yield
    except DecodeError as error:
        raise RegistryTorn(f"Feast's registry cannot be read: {error}") from error
    except FeatureViewNotFoundException as error:
        raise RegistryTorn(f"Feast's registry lacks a view: {error}") from error
    except _AWAY as error:
        # redis-py puts the whole command before the reason, keys of bytes and all.
        reason = str(error).rpartition(" of pipeline caused error: ")[2].partition("\n")[0]
        raise DependencyAway(f"the feature store does not answer: {reason}") from error


def _remove_torn_registry(store: FeatureStore) -> None:
    """Feast writes its file in place, so a process that is killed can leave a part of it."""
    registry = store.config.registry
    if not isinstance(registry, RegistryConfig) or registry.registry_type != "file":
        return
    file = store.repo_path / registry.path
    if not file.is_file():
        return
    try:
        content = file.read_bytes()
        Registry.FromString(content)
    except DecodeError:
        content = b""
    if not content:
        logger.warning("%s was cut short; the definitions are registered again", file)
        file.unlink()


def _same(registered: FeatureView, defined: FeatureView) -> bool:
    """True if the registry has the view as defined; Feast adds to it when it registers.

    (`==` on feature views is false for any that this very process did not register.)
    """
    return all(
        getattr(registered, name) == getattr(defined, name)
        for name in ("entities", "features", "ttl", "online", "description", "batch_source")
    )


def _plain(value: Value) -> object:
    kind = value.WhichOneof("val")
    if kind is None:
        return None
    content = getattr(value, kind)
    return list(content.val) if kind.endswith("_list_val") else content


def _vector_keys(
    product_ids: Sequence[str], model_id: str, contents: Sequence[str]
) -> dict[str, Sequence[str]]:
    return {
        PRODUCT_KEY: product_ids,
        MODEL_KEY: [model_id] * len(product_ids),
        CONTENT_KEY: contents,
    }


def _entries(columns: Columns) -> list[list[Entry]]:
    """(n,) the products of each shard or change."""
    lists = [
        [value.string_list_val.val for value in columns[name].values] for name in ENTRY_COLUMNS
    ]
    return [list(zip(*row, strict=True)) for row in zip(*lists, strict=True)]


def _timestamp(column: GetOnlineFeaturesResponse.FeatureVector, number: int) -> datetime | None:
    stored = column.event_timestamps[number]
    # Feast says "nothing there" with the beginning of time.
    return stored.ToDatetime(tzinfo=UTC) if stored.seconds > 0 else None
