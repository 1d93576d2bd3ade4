"""Reading features through Feast: by the batch, and without an object a value.

Everything here blocks; the follower runs it in a thread of its own.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

# Before Feast.
import services.common.light_feast  # noqa: F401

# isort: split
import yaml  # type: ignore[import-untyped]
from feast import FeatureStore, FeatureView, RepoConfig
from feast.errors import FeastError
from feast.infra.provider import Provider, get_provider
from feast.protos.feast.types.EntityKey_pb2 import EntityKey
from feast.protos.feast.types.Value_pb2 import Value
from feast.repo_config import FeastConfigError, load_repo_config
from google.protobuf.message import DecodeError  # type: ignore[import-untyped]
from pydantic import ValidationError
from redis.exceptions import RedisClusterException, RedisError
from sqlalchemy.exc import SQLAlchemyError

from services.common.redis_limits import BadAddress, prepare
from services.common.variables import unset_variables
from services.retriever.errors import NotPublished, StoreUnavailable
from services.retriever.loading.columns import Columns
from services.retriever.loading.redis_columns import RedisColumns

_Signature = tuple[tuple[int, int, int], ...]
"""Inode, modification time and size of each file that a store was opened from."""

_UNAVAILABLE = (
    BadAddress,
    RedisError,
    RedisClusterException,
    FeastError,
    FeastConfigError,
    OSError,
    DecodeError,
    SQLAlchemyError,
    ValidationError,
    yaml.YAMLError,
)


@dataclass(frozen=True, slots=True)
class _Opened:
    """A feature store as its files were when it was opened."""

    config: RepoConfig
    store: FeatureStore
    provider: Provider
    redis: RedisColumns | None
    """Where the online store is a Redis."""
    views: dict[str, FeatureView] = field(default_factory=dict)
    """Those asked for since the last look: Feast takes a millisecond to make one."""

    def view(self, name: str) -> FeatureView:
        if name not in self.views:
            # Cached, because it is read at every poll: a registry in a database need not answer
            # each time, and each answer would be logged.
            self.views[name] = self.store.get_feature_view(name, allow_registry_cache=True)
        return self.views[name]


class FeastFeatures:
    """Feast's online store, opened at the first read, and again when its files change.

    Not for more than one thread at a time.
    """

    def __init__(self, folder: Path, *, timeout_s: float) -> None:
        """folder: holds `feature_store.yaml`; neither it nor the registry need exist yet."""
        self._folder = folder
        self._timeout_s = timeout_s
        self._opened: _Opened | None = None
        self._signature: _Signature | None = None

    def refresh(self) -> None:
        """Open the store, unless it is open and its files are as they were.

        Raises NotPublished while there is no registry, StoreUnavailable when it can't be opened.
        """
        try:
            config = self._config()
            signature = self._files_signature(config)
            if self._opened is not None and signature == self._signature:
                # No file shows that a registry in a database has changed.
                self._opened.views.clear()
                return
            # Feast empties its registry before it writes the new one, so the open store stays in
            # use until the files no longer change.
            store = FeatureStore(repo_path=str(self._folder), config=config)
            store.refresh_registry()  # type: ignore[no-untyped-call]
            at_rest = self._files_signature(config) == signature and all(
                size for *_, size in signature
            )
            if self._opened is None or at_rest:
                redis = RedisColumns() if RedisColumns.reads(config) else None
                self._opened = _Opened(config, store, get_provider(config), redis)
                self._signature = signature if at_rest else None
        except _UNAVAILABLE as error:
            self.close()
            raise StoreUnavailable(f"the feature store cannot be opened: {error}") from error

    def has(self, view: str, feature: str) -> bool:
        """True if the view is registered with that feature. Raises StoreUnavailable."""
        try:
            return any(one.name == feature for one in self._open().view(view).features)
        except _UNAVAILABLE as error:
            self.close()
            raise StoreUnavailable(f"{view} cannot be read: {error}") from error

    def read(
        self, view: str, features: Sequence[str], keys: Mapping[str, Sequence[str]]
    ) -> Columns:
        """One row a key; all columns of `keys` are of one length, at least 1.

        Raises StoreUnavailable; the next `refresh` then opens the store again.

        Another store than Redis is read through Feast's `Provider.online_read`, and not
        `get_online_features`, which makes of the same rows a response of columns with a time and a
        status a value: more than half the work.
        """
        try:
            opened = self._open()
            if opened.redis is not None:
                return opened.redis.read(opened.config, opened.view(view), features, keys)
            names = list(keys)
            columns = ([Value(string_val=key) for key in keys[name]] for name in names)
            rows = opened.provider.online_read(
                opened.config,
                opened.view(view),
                [
                    EntityKey(join_keys=names, entity_values=key)
                    for key in zip(*columns, strict=True)
                ],
                list(features),
            )
        except _UNAVAILABLE as error:
            # The registry's data may be the reason, for example a view that is not applied yet.
            self.close()
            raise StoreUnavailable(f"{view} cannot be read: {error}") from error
        return Columns.of_values([row or {} for _, row in rows], [time for time, _ in rows])

    def close(self) -> None:
        """Let go of the store; its connections close with the last reference to it."""
        self._opened = None
        self._signature = None

    def _open(self) -> _Opened:
        if self._opened is None:
            self.refresh()
        assert self._opened is not None  # noqa: S101 - `refresh` opens it or raises
        return self._opened

    def _config(self) -> RepoConfig:
        file = self._folder / "feature_store.yaml"
        missing = unset_variables(file.read_text(encoding="utf-8"))
        if missing:
            # Feast would take the name of the variable for its value.
            raise StoreUnavailable(f"{file} needs {', '.join(missing)} in the environment")
        config = load_repo_config(self._folder, file)
        prepare(config.online_store, self._timeout_s)
        if _is_file(config):
            # It is read when `refresh` has seen it change. Feast would look at every read, and
            # take for empty what is just being written.
            config.registry.cache_mode, config.registry.cache_ttl_seconds = "thread", 0
        return config

    def _files_signature(self, config: RepoConfig) -> _Signature:
        """Raises NotPublished when the registry is a file that isn't there.

        Asked before Feast is, which would write an empty registry in its place, perhaps over the
        one that the pipeline is about to write.
        """
        files = [self._folder / "feature_store.yaml"]
        if _is_file(config):
            files.append(self._folder / str(config.registry.path))
            if not files[-1].exists():
                raise NotPublished("nothing is published yet: Feast's registry does not exist")
        return tuple(
            (stat.st_ino, stat.st_mtime_ns, stat.st_size) for stat in map(Path.stat, files)
        )


def _is_file(config: RepoConfig) -> bool:
    return "://" not in str(config.registry.path)
