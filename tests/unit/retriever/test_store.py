"""Opening the feature store: in any order, and without leaving anything behind."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from feast.infra.online_stores.redis import RedisOnlineStoreConfig, RedisType

from services.common.redis_limits import prepare, with_limits
from services.pipeline.catalogue.online_store import OnlineStore
from services.pipeline.errors import DependencyAway
from services.retriever.errors import NotPublished, StoreUnavailable
from services.retriever.loading.store import FeastFeatures
from tests.support.feast_repository import write_feature_repo
from tests.support.redis_server import RedisAddress


def test_limits_are_added_to_a_connection_string_where_it_names_none() -> None:
    assert with_limits("redis:6379", 5.0) == (
        "redis:6379,socket_timeout=5.0,socket_connect_timeout=5.0,retry=null"
    )
    assert with_limits("redis:6379,db=1,socket_timeout=9", 5.0) == (
        "redis:6379,db=1,socket_timeout=9,socket_connect_timeout=5.0,retry=null"
    )


@pytest.mark.parametrize(
    ("given", "addresses", "prepared"),
    [
        ("redis", "a:1", "redis"),
        ("redis", "a:1,b:1", "redis_cluster"),
        ("redis_cluster", "a:1", "redis_cluster"),
        ("redis_sentinel", "a:1,b:1", "redis_sentinel"),
    ],
)
def test_several_addresses_are_those_of_a_cluster_unless_they_are_of_sentinels(
    given: str, addresses: str, prepared: str
) -> None:
    online: Any = RedisOnlineStoreConfig(redis_type=RedisType(given), connection_string=addresses)
    prepare(online, 5.0)
    assert online.redis_type == prepared


@pytest.mark.parametrize(
    "address", ["redis://redis:6379", "redis", "redis:port", "redis:6379,password=a,b", "ssl=true"]
)
def test_an_address_that_feast_cannot_read_is_told_without_the_password(
    tmp_path: Path, address: str
) -> None:
    repo = write_feature_repo(tmp_path / "repo", RedisAddress("127.0.0.1", 1))
    file = repo / "feature_store.yaml"
    file.write_text(file.read_text().replace("127.0.0.1:1", address))
    (repo / "registry.db").touch()
    with pytest.raises(StoreUnavailable, match="must be HOST:PORT") as told:
        FeastFeatures(repo, timeout_s=1).refresh()
    assert "a,b" not in str(told.value)
    with pytest.raises(DependencyAway, match="must be HOST:PORT"):
        OnlineStore(repo)


def test_a_folder_that_does_not_exist_yet_is_told_and_not_made(tmp_path: Path) -> None:
    features = FeastFeatures(tmp_path / "later", timeout_s=1)
    with pytest.raises(StoreUnavailable, match=r"feature_store\.yaml"):
        features.refresh()
    assert list(tmp_path.iterdir()) == []


def test_a_registry_that_does_not_exist_yet_is_never_made_by_the_reader(tmp_path: Path) -> None:
    repo = write_feature_repo(tmp_path / "repo", RedisAddress("127.0.0.1", 1))
    features = FeastFeatures(repo, timeout_s=1)
    with pytest.raises(NotPublished, match="registry"):
        features.refresh()
    assert [path.name for path in repo.iterdir()] == ["feature_store.yaml"]


@pytest.mark.parametrize("text", ["{", "project: 1\n", "registry: r.db\n"])
def test_a_broken_feature_store_yaml_is_told(tmp_path: Path, text: str) -> None:
    (tmp_path / "feature_store.yaml").write_text(text)
    with pytest.raises(StoreUnavailable, match="cannot be opened"):
        FeastFeatures(tmp_path, timeout_s=1).refresh()


def test_a_variable_that_is_not_set_is_named(tmp_path: Path) -> None:
    (tmp_path / "feature_store.yaml").write_text("registry: ${NOT_SET_HERE}\nproject: a\n")
    with pytest.raises(StoreUnavailable, match="NOT_SET_HERE"):
        FeastFeatures(tmp_path, timeout_s=1).refresh()


@pytest.mark.parametrize("content", [b"", b"\xff\xff half a registry"])
def test_a_half_written_registry_is_told_and_read_again_when_whole(
    tmp_path: Path, content: bytes
) -> None:
    repo = write_feature_repo(tmp_path / "repo", RedisAddress("127.0.0.1", 1))
    (repo / "registry.db").write_bytes(content)
    features = FeastFeatures(repo, timeout_s=1)
    with pytest.raises(StoreUnavailable):
        features.read("catalogue_head", ["version"], {"catalogue_id": ["default"]})
    assert (repo / "registry.db").read_bytes() == content
