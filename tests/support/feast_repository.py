"""A Feast repository of a test's own: its project's name keeps its keys apart from all others."""

from __future__ import annotations

import uuid
from pathlib import Path
from string import Template

from tests.support.redis_server import RedisAddress

_SHARED = Path("feature_repo/feature_store.yaml")


def write_feature_repo(directory: Path, redis: RedisAddress) -> Path:
    """Write a `feature_store.yaml` into `directory`; nothing is applied, no registry yet."""
    directory.mkdir(parents=True, exist_ok=True)
    values = {
        "REDIS_ADDRESS": redis.connection_string,
        "FEAST_REGISTRY": "registry.db",
        "FEAST_REGISTRY_TYPE": "file",
    }
    text = Template(_SHARED.read_text(encoding="utf-8")).substitute(values)
    project = f"test_{uuid.uuid4().hex}"
    (directory / "feature_store.yaml").write_text(
        text.replace("project: multimodal_search", f"project: {project}"), encoding="utf-8"
    )
    return directory
