"""A Feast repository of a test's own: its project's name keeps its keys apart from all others."""

from __future__ import annotations

import uuid
from pathlib import Path

from services.launcher.folders import Folders
from tests.support.redis_server import RedisAddress


def write_feature_repo(directory: Path, redis: RedisAddress | str) -> Path:
    """Write a `feature_store.yaml` into `directory`; nothing is applied, no registry yet."""
    directory.mkdir(parents=True, exist_ok=True)
    address = redis if isinstance(redis, str) else redis.connection_string
    Folders(directory).write_feature_store(address)
    file = directory / "feature_store.yaml"
    text = file.read_text(encoding="utf-8")
    project = f"test_{uuid.uuid4().hex}"
    file.write_text(text.replace("project: multimodal_search", f"project: {project}"), "utf-8")
    return directory
