"""A Feast repository of a test's own: its project's name keeps its keys apart from all others."""

from __future__ import annotations

import uuid
from pathlib import Path

from tests.support.redis_server import RedisAddress

_FEATURE_STORE = """\
project: {project}
provider: local
registry: registry.db
online_store:
  type: redis
  connection_string: {connection_string}
offline_store:
  type: dask
entity_key_serialization_version: 3
"""


def write_feature_repo(directory: Path, redis: RedisAddress) -> Path:
    """Write a `feature_store.yaml` into `directory`; nothing is applied, no registry yet."""
    directory.mkdir(parents=True, exist_ok=True)
    (directory / "feature_store.yaml").write_text(
        _FEATURE_STORE.format(
            project=f"test_{uuid.uuid4().hex}", connection_string=redis.connection_string
        )
    )
    return directory
