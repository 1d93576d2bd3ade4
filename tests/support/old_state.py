"""Makes the state that an earlier commit of this project leaves, with that commit's own code.

    python -m tests.support.old_state COMMIT tests/integration/pipeline/states/COMMIT.tar.gz

The archive holds the feature store's folder (Parquet parts and registry), the pictures, and
`redis.json`, the keys of Redis. The packages are those that are installed now.
"""

from __future__ import annotations

import base64
import io
import json
import subprocess
import sys
import tarfile
import tempfile
from contextlib import closing
from pathlib import Path
from typing import Any

import redis

from tests.support.redis_server import RedisAddress, RedisProcess

KEYS = "redis.json"

_WORK = """
import sys
from pathlib import Path
from services.pipeline.catalogue.changes import delete
from services.pipeline.catalogue.ranking import publish_ranking
from services.contracts.ranking import Ranking
from services.pipeline.feeds import open_feed
from services.pipeline.load import load
from services.pipeline.settings import PipelineSettings
from tests.support.encoder_double import EncoderDouble
from tests.support.feast_repository import write_feature_repo
from tests.support.product_feed import product_rows, write_feed
from tests.support.redis_server import RedisAddress

state, feed = Path(sys.argv[1]), Path(sys.argv[2]) / "feed.csv"
store = write_feature_repo(state, RedisAddress("127.0.0.1", int(sys.argv[3])))
rows = product_rows(12)
with EncoderDouble().running() as encoder:
    settings = PipelineSettings(
        encoder_url=encoder.url, feature_store=store, media_dir=state / "media",
        download_pictures=False,
    )
    load(open_feed(write_feed(feed, [row | {"title": "Before"} for row in rows])), settings)
    load(open_feed(write_feed(feed, rows)), settings)
    publish_ranking(Ranking(name="learned"), settings)
    load(open_feed(write_feed(feed, [rows[3] | {"title": "Renamed"}])), settings, live=True)
    delete(["p-005"], settings)
"""
"""Twelve products of two versions, a ranking, one product changed and one deleted."""


def make(commit: str, archive: Path) -> None:
    """Raises CalledProcessError when the commit's code fails."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        code, state, own_redis = folder / "code", folder / "state", RedisProcess(folder / "redis")
        done = subprocess.run(
            ["git", "archive", commit, "services", "feature_repo", "tests"],
            check=True,
            capture_output=True,
        )
        with tarfile.open(fileobj=io.BytesIO(done.stdout)) as files:
            files.extractall(code, filter="data")
        (folder / "redis").mkdir()
        own_redis.start()
        try:
            port = str(own_redis.address.port)
            subprocess.run(
                [sys.executable, "-c", _WORK, str(state), str(folder / "feed"), port],
                cwd=code,
                check=True,
            )
            (state / KEYS).write_text(json.dumps(_dump(own_redis.address), indent=0))
        finally:
            own_redis.stop()
        archive.parent.mkdir(parents=True, exist_ok=True)
        with tarfile.open(archive, "w:gz") as files:
            files.add(state, ".")


def unpack(archive: Path, folder: Path, address: RedisAddress) -> Path:
    """The feature store's folder of that state, on this Redis; its pictures are in `media`."""
    with tarfile.open(archive) as files:
        files.extractall(folder, filter="data")
    file = folder / "feature_store.yaml"
    lines = file.read_text("utf-8").splitlines()
    lines = [
        line.partition("connection_string")[0] + f'connection_string: "{address.connection_string}"'
        if "connection_string" in line
        else line
        for line in lines
    ]
    file.write_text("\n".join(lines) + "\n", "utf-8")
    keys = json.loads((folder / KEYS).read_text())
    with closing(redis.Redis(address.host, address.port)) as client:
        for key, value in keys.items():
            client.restore(base64.b64decode(key), 0, base64.b64decode(value))
    return folder


def _dump(address: RedisAddress) -> dict[str, str]:
    with closing(redis.Redis(address.host, address.port)) as client:
        keys: dict[str, str] = {}
        for key in client.scan_iter():
            value: Any = client.dump(key)
            keys[base64.b64encode(key).decode()] = base64.b64encode(value).decode()
        return keys


if __name__ == "__main__":
    make(sys.argv[1], Path(sys.argv[2]))
