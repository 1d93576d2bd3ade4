"""The retriever follows what is published, and lives through what goes wrong."""

from __future__ import annotations

import asyncio
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from feast import FeatureStore, FeatureView

from services.contracts.catalogue import HEAD_VIEW
from services.contracts.retriever import RetrievalResponse
from services.retriever.loading.store import FeastFeatures
from tests.integration.retriever.conftest import RetrieverClient, running_retriever
from tests.integration.retriever.publishing import Publisher, Version
from tests.support.feast_repository import write_feature_repo
from tests.support.redis_server import RedisProcess
from tests.support.waiting import until

FIRST = Version.of("v1", 25)
SECOND = Version.of("v2", 40)


async def test_a_new_head_is_followed_without_a_restart(
    feature_repo_dir: Path, publisher: Publisher
) -> None:
    publisher.publish(FIRST)
    async with running_retriever(feature_repo_dir) as retriever:
        await retriever.until_serving(FIRST)
        await asyncio.to_thread(publisher.publish, SECOND)
        await retriever.until_serving(SECOND)
        answer = await retriever.search(SECOND, "p-0039")
        assert answer.results[0].title == SECOND.title("p-0039")
        await asyncio.to_thread(publisher.publish, FIRST)  # and back again
        await retriever.until_serving(FIRST)
        assert (await retriever.search(FIRST, "p-0000")).catalogue.products == 25
        await until(retriever.is_current)


def test_the_registry_is_read_once_and_not_at_every_look(
    feature_repo_dir: Path, publisher: Publisher
) -> None:
    publisher.apply()
    features = FeastFeatures(feature_repo_dir, timeout_s=60)
    features.refresh()
    assert features.has(HEAD_VIEW, "ranking")
    (feature_repo_dir / "registry.db").unlink()
    assert features.has(HEAD_VIEW, "ranking")
    features.close()


def test_a_view_is_asked_for_once_a_look_so_one_that_a_database_changed_is_seen(
    feature_repo_dir: Path, publisher: Publisher, monkeypatch: pytest.MonkeyPatch
) -> None:
    publisher.apply()
    asked: list[str] = []
    given = FeatureStore.get_feature_view

    def get_feature_view(store: FeatureStore, name: str, **options: bool) -> FeatureView:
        asked.append(name)
        return given(store, name, **options)

    monkeypatch.setattr(FeatureStore, "get_feature_view", get_feature_view)
    with closing(FeastFeatures(feature_repo_dir, timeout_s=60)) as features:
        for look in (1, 2):
            features.refresh()
            for _ in range(3):
                assert features.has(HEAD_VIEW, "ranking")
            assert asked == [HEAD_VIEW] * look


def test_a_registry_that_is_being_written_is_not_taken_for_an_empty_one(
    feature_repo_dir: Path, publisher: Publisher
) -> None:
    publisher.publish(FIRST)
    registry = feature_repo_dir / "registry.db"
    whole = registry.read_bytes()
    with closing(FeastFeatures(feature_repo_dir, timeout_s=60)) as features:
        features.refresh()
        registry.write_bytes(b"")
        features.refresh()
        assert features.has(HEAD_VIEW, "version")
        registry.write_bytes(whole)
        features.refresh()
        assert features.has(HEAD_VIEW, "version")


async def test_questions_through_a_swap_see_no_error_no_gap_and_no_mixture(
    feature_repo_dir: Path, publisher: Publisher
) -> None:
    versions = {version.name: version for version in (FIRST, SECOND)}
    publisher.publish(FIRST)
    answers: list[RetrievalResponse] = []
    async with running_retriever(feature_repo_dir, read_batch=3) as retriever:
        await retriever.until_serving(FIRST)
        done = asyncio.Event()

        async def keep_asking(number: int) -> None:
            while not done.is_set():
                product_id = FIRST.product_ids[(len(answers) + number) % 25]
                answers.append(await retriever.search(FIRST, product_id, k=20))
                # Without a network nothing here waits, and the others need their turn.
                await asyncio.sleep(0)

        async with asyncio.TaskGroup() as group:
            for number in range(8):
                group.create_task(keep_asking(number))
            for version in (SECOND, FIRST, SECOND):
                await asyncio.to_thread(publisher.publish, version)
                await retriever.until_serving(version)
            done.set()
    assert {answer.catalogue.version for answer in answers} == {"v1", "v2"}
    for answer in answers:
        version = versions[answer.catalogue.version]
        assert answer.catalogue.products == len(version.product_ids)
        assert len(answer.results) == 20
        assert [row.title for row in answer.results] == [
            version.title(row.product_id) for row in answer.results
        ]
        if version is FIRST:
            assert answer.results[0].score == 1.0


async def test_redis_killed_makes_it_stale_and_restarted_makes_it_current(
    tmp_path: Path, own_redis: RedisProcess
) -> None:
    repo = write_feature_repo(tmp_path / "repo", own_redis.address)
    publisher = Publisher(repo)
    publisher.publish(FIRST)
    async with running_retriever(repo) as retriever:
        await retriever.until_serving(FIRST)
        await until(retriever.is_current)

        own_redis.stop(at_once=True)
        await until(retriever.is_stale)
        assert await searches(retriever, FIRST)

        await asyncio.to_thread(own_redis.start)
        await until(retriever.is_current)
        await asyncio.to_thread(publisher.publish, SECOND)
        await retriever.until_serving(SECOND)


async def test_a_redis_that_falls_silent_counts_as_away(
    tmp_path: Path, own_redis: RedisProcess
) -> None:
    repo = write_feature_repo(tmp_path / "repo", own_redis.address)
    Publisher(repo).publish(FIRST)
    async with running_retriever(repo, store_timeout_ms=200) as retriever:
        await retriever.until_serving(FIRST)
        with own_redis.paused():
            await until(retriever.is_stale)
            assert await searches(retriever, FIRST)
        await until(retriever.is_current)


async def test_redis_emptied_makes_it_stale_until_something_is_published(
    tmp_path: Path, own_redis: RedisProcess
) -> None:
    repo = write_feature_repo(tmp_path / "repo", own_redis.address)
    publisher = Publisher(repo)
    publisher.publish(FIRST)
    async with running_retriever(repo) as retriever:
        await retriever.until_serving(FIRST)
        await asyncio.to_thread(own_redis.empty)
        await until(retriever.is_stale)
        assert await searches(retriever, FIRST)
        await asyncio.to_thread(publisher.publish, SECOND)
        await retriever.until_serving(SECOND)
        await until(retriever.is_current)


async def test_a_registry_taken_away_makes_it_stale_until_it_is_back(
    feature_repo_dir: Path, publisher: Publisher
) -> None:
    publisher.publish(FIRST)
    registry = feature_repo_dir / "registry.db"
    async with running_retriever(feature_repo_dir) as retriever:
        await retriever.until_serving(FIRST)
        content = registry.read_bytes()
        registry.unlink()
        await until(retriever.is_stale)
        assert not registry.exists()
        assert await searches(retriever, FIRST)
        registry.write_bytes(content)
        await until(retriever.is_current)


async def test_a_broken_publication_keeps_the_old_catalogue_until_it_is_mended(
    feature_repo_dir: Path, publisher: Publisher
) -> None:
    publisher.publish(FIRST)
    async with running_retriever(feature_repo_dir) as retriever:
        await retriever.until_serving(FIRST)
        broken = {"p-0030", "p-0033"}
        await asyncio.to_thread(publisher.publish, SECOND, without_vectors=broken)
        await until(retriever.is_stale)
        _, readiness = await retriever.readiness()
        detail = readiness.dependencies["catalogue"].detail or ""
        assert "2 of 40 products have no vectors, for example 'p-0030'" in detail
        assert readiness.dependencies["feature_store"].status == "ok"
        assert await searches(retriever, FIRST)
        await asyncio.to_thread(publisher.write_vectors, SECOND, sorted(broken))
        await retriever.until_serving(SECOND)
        await until(retriever.is_current)


async def test_a_catalogue_of_another_model_is_refused_with_both_named(
    feature_repo_dir: Path, publisher: Publisher
) -> None:
    publisher.publish(FIRST)
    async with running_retriever(feature_repo_dir, expected_model=FIRST.model) as retriever:
        await retriever.until_serving(FIRST)
        other = replace(SECOND, model="other@9", dimension=8)
        await asyncio.to_thread(publisher.publish, other)
        await until(retriever.is_stale)
        _, readiness = await retriever.readiness()
        detail = readiness.dependencies["catalogue"].detail or ""
        assert "'other@9'" in detail
        assert f"'{FIRST.model}'" in detail
        assert await searches(retriever, FIRST)
    async with running_retriever(feature_repo_dir) as retriever:
        await retriever.until_serving(other)


async def test_it_starts_before_anything_exists_and_becomes_ready(
    tmp_path: Path, own_redis: RedisProcess
) -> None:
    own_redis.stop()
    repo = tmp_path / "state"
    async with running_retriever(repo) as retriever:

        async def says(text: str) -> bool:
            code, readiness = await retriever.readiness()
            details = " ".join(s.detail or "" for s in readiness.dependencies.values())
            return code == 503 and text in details

        assert (await retriever.http.get("/health")).status_code == 200
        await until(lambda: says("feature_store.yaml"))
        response = await retriever.http.get("/catalogue")
        assert response.json()["type"] == "/problems/not-ready"
        assert response.headers["Retry-After"] == "1"

        write_feature_repo(repo, own_redis.address)
        await until(lambda: says("registry does not exist"))
        assert not (repo / "registry.db").exists()

        publisher = Publisher(repo)
        await asyncio.to_thread(publisher.apply)
        await until(lambda: says("cannot be read"))

        await asyncio.to_thread(own_redis.start)
        await until(lambda: says("no catalogue head"))
        await asyncio.to_thread(publisher.publish, FIRST)
        await retriever.until_serving(FIRST)
        await until(retriever.is_current)


async def test_several_replicas_all_follow(feature_repo_dir: Path, publisher: Publisher) -> None:
    async with (
        running_retriever(feature_repo_dir) as one,
        running_retriever(feature_repo_dir) as two,
        running_retriever(feature_repo_dir) as three,
    ):
        for version in (FIRST, SECOND):
            await asyncio.to_thread(publisher.publish, version)
            for retriever in (one, two, three):
                await retriever.until_serving(version)


async def searches(retriever: RetrieverClient, version: Version) -> bool:
    """True when it answers as if nothing had happened."""
    answer = await retriever.search(version, "p-0011")
    return answer.results[0].title == version.title("p-0011") and len(answer.results) == 5
