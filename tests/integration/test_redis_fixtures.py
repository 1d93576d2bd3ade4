"""The shared Redis fixtures keep what they promise."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import redis
from feast import FeatureStore

from tests.support.redis_server import RedisAddress, RedisProcess


def test_a_real_redis_answers_over_a_socket(redis_address: RedisAddress) -> None:
    assert redis_address.answers()


def test_feast_opens_the_repository_of_the_fixture(feature_repo_dir: Path) -> None:
    store = FeatureStore(repo_path=str(feature_repo_dir))
    assert store.project.startswith("test_")


def test_what_was_written_survives_a_kill_and_a_restart(own_redis: RedisProcess) -> None:
    address = own_redis.address
    with closing(redis.Redis.from_url(address.url)) as client:
        client.set("key", "value")
    own_redis.stop(at_once=True)
    assert not address.answers()
    own_redis.start()
    assert own_redis.address == address
    with closing(redis.Redis.from_url(address.url)) as client:
        assert client.get("key") == b"value"
