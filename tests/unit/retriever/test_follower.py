"""The follower: the old catalogue serves until the new one is whole, and trouble passes."""

from __future__ import annotations

import time
from dataclasses import replace

import numpy as np
import pytest
from prometheus_client.parser import text_string_to_metric_families

from services.contracts.base import ModalityWeights
from services.contracts.catalogue import CatalogueHead
from services.contracts.ranking import BUILT_IN, Ranking
from services.retriever.catalogue.catalogue import Catalogue
from services.retriever.errors import BrokenPublication, StoreUnavailable
from services.retriever.loading import follower as module
from services.retriever.loading.follower import Follower
from services.retriever.loading.head import PublishedHead
from services.retriever.metrics import RetrieverMetrics
from tests.support.waiting import DEADLINE_S, until
from tests.unit.retriever.doubles import ScriptedSource


def following(source: ScriptedSource, metrics: RetrieverMetrics | None = None) -> Follower:
    return Follower(
        source, metrics or RetrieverMetrics(), poll_interval_s=0.002, max_backoff_s=0.01
    )


def served(follower: Follower) -> str | None:
    return None if follower.catalogue is None else follower.catalogue.info.version


def sample(metrics: RetrieverMetrics, name: str, **labels: str) -> float | None:
    for family in text_string_to_metric_families(metrics.exposition().decode()):
        for found in family.samples:
            if found.name == name and labels.items() <= found.labels.items():
                return found.value
    return None


async def test_it_starts_with_nothing_and_serves_once_there_is_something() -> None:
    source, metrics = ScriptedSource(), RetrieverMetrics()
    async with following(source, metrics) as follower:
        await until(lambda: follower.trouble is not None)
        assert follower.catalogue is None
        assert sample(metrics, "retriever_catalogue_stale") == 0
        source.version = "v1"
        await until(lambda: served(follower) == "v1")
        await until(lambda: follower.trouble is None)
        assert sample(metrics, "retriever_catalogue_info", version="v1") == 1


async def test_the_old_version_serves_until_the_new_one_is_whole() -> None:
    source, metrics = ScriptedSource(), RetrieverMetrics()
    source.version = "v1"
    async with following(source, metrics) as follower:
        await until(lambda: served(follower) == "v1")
        snapshot = follower.catalogue
        source.may_load.clear()
        source.version = "v2"
        await until(lambda: source.loads[-1] == "v2")
        assert follower.loading == "v2"
        assert served(follower) == "v1"
        source.may_load.set()
        await until(lambda: served(follower) == "v2")
        # A search that took the old snapshot still holds all of it.
        assert snapshot is not None
        assert snapshot.info.version == "v1"
        assert sample(metrics, "retriever_catalogue_info", version="v1") is None
        assert sample(metrics, "retriever_catalogue_loads_total", result="ok") == 2
    assert source.loads == ["v1", "v2"]
    assert source.beside_searches == [False, True]


async def test_memory_goes_back_once_for_each_version(monkeypatch: pytest.MonkeyPatch) -> None:
    source, given_back = ScriptedSource(), list[str | None]()
    source.version = "v1"
    async with following(source) as follower:
        monkeypatch.setattr(module, "give_back", lambda: given_back.append(served(follower)))
        await until(lambda: len(given_back) == 1)
        source.ranking = Ranking(name="learned", words=ModalityWeights(text=0.2, image=0.8))
        await until(
            lambda: follower.catalogue is not None and follower.catalogue.ranking == source.ranking
        )
        source.version = "v2"
        await until(lambda: len(given_back) == 2)
        looks = source.heads
        await until(lambda: source.heads > looks + 2)
    assert given_back == ["v1", "v2"]


class NeverResting(ScriptedSource):
    """Each look finds another change."""

    def __init__(self) -> None:
        super().__init__()
        self.merged_at: list[int] = []

    def head(self) -> PublishedHead:
        self.sequence += 1
        return super().head()

    def update(self, catalogue: Catalogue, head: CatalogueHead) -> Catalogue:
        ids = [f"{head.sequence:05}-{number:04}" for number in range(500)]
        rows = np.ones((500, catalogue.info.dimension), np.float32)
        index = catalogue.index.with_changes(ids, rows, rows, [])
        return replace(super().update(catalogue, head), index=index)

    def merged(self, catalogue: Catalogue) -> Catalogue:
        self.merged_at.append(len(catalogue.index))
        return replace(catalogue, index=catalogue.index.merged())


async def test_changes_that_never_rest_are_merged_too() -> None:
    source = NeverResting()
    source.version = "v1"
    async with following(source) as follower:
        await until(lambda: len(source.merged_at) == 2)
        merged = follower.catalogue
        await until(lambda: follower.catalogue is not merged)
    assert source.loads == ["v1"]
    assert source.merged_at[0] > 1_024


async def test_changes_are_served_though_they_cannot_be_merged() -> None:
    class Unmergeable(NeverResting):
        def merged(self, catalogue: Catalogue) -> Catalogue:
            self.merged_at.append(catalogue.sequence)
            raise ZeroDivisionError

    source = Unmergeable()
    source.version = "v1"
    async with following(source) as follower:
        await until(lambda: bool(source.merged_at))
        await until(
            lambda: (
                follower.catalogue is not None and follower.catalogue.sequence > source.merged_at[0]
            )
        )
        assert follower.trouble is None


async def test_a_ranking_takes_effect_without_a_load_and_goes_as_it_came() -> None:
    source = ScriptedSource()
    source.version = "v1"
    learned = Ranking(name="learned", words=ModalityWeights(text=0.2, image=0.8))

    def ranking(follower: Follower) -> Ranking | None:
        return None if follower.catalogue is None else follower.catalogue.ranking

    async with following(source) as follower:
        await until(lambda: ranking(follower) == BUILT_IN)
        source.ranking = learned
        await until(lambda: ranking(follower) == learned)
        source.ranking = None
        await until(lambda: ranking(follower) == BUILT_IN)
    assert source.loads == ["v1"]


async def test_a_store_that_goes_away_makes_it_stale_and_it_recovers() -> None:
    source, metrics = ScriptedSource(), RetrieverMetrics()
    source.version = "v1"
    async with following(source, metrics) as follower:
        await until(lambda: served(follower) == "v1")
        source.head_error = StoreUnavailable("Redis is away")
        await until(lambda: follower.store_trouble == "Redis is away")
        assert served(follower) == "v1"
        assert sample(metrics, "retriever_catalogue_stale") == 1
        source.head_error = None
        await until(lambda: follower.store_trouble is None and follower.trouble is None)
        assert sample(metrics, "retriever_catalogue_stale") == 0
    assert source.loads == ["v1"]


async def test_a_broken_version_keeps_the_old_one_and_is_tried_again() -> None:
    source, metrics = ScriptedSource(), RetrieverMetrics()
    source.version = "v1"
    async with following(source, metrics) as follower:
        await until(lambda: served(follower) == "v1")
        source.load_error = BrokenPublication("3 of 9 products have no vectors")
        source.version = "v2"
        await until(lambda: follower.trouble is not None)
        assert follower.trouble == "3 of 9 products have no vectors"
        assert follower.store_trouble is None
        assert served(follower) == "v1"
        await until(lambda: source.loads.count("v2") >= 2)
        assert (sample(metrics, "retriever_catalogue_loads_total", result="broken") or 0) >= 1
        source.load_error = None
        await until(lambda: served(follower) == "v2")
        await until(lambda: follower.trouble is None)


async def test_a_broken_version_is_not_read_at_every_look_but_a_new_one_at_once() -> None:
    source = ScriptedSource()
    source.version = "v1"
    source.load_error = BrokenPublication("broken")
    follower = Follower(source, RetrieverMetrics(), poll_interval_s=0.002, max_backoff_s=0.01)
    async with follower:
        # By now a try of v1 lies further ahead than the whole test takes.
        await until(lambda: source.loads.count("v1") == 7)
        looks = source.heads
        await until(lambda: source.heads >= looks + 5)
        assert source.loads.count("v1") == 7
        source.load_error = None
        source.version = "v2"
        started = time.monotonic()
        await until(lambda: served(follower) == "v2")
        assert time.monotonic() - started < DEADLINE_S
    assert source.loads.count("v1") == 7


async def test_a_version_rolled_back_while_broken_is_no_trouble() -> None:
    source = ScriptedSource()
    source.version = "v1"
    async with following(source) as follower:
        await until(lambda: served(follower) == "v1")
        source.load_error = BrokenPublication("broken")
        source.version = "v2"
        await until(lambda: follower.trouble is not None)
        source.version = "v1"
        await until(lambda: follower.trouble is None)
        assert served(follower) == "v1"


async def test_an_error_that_nobody_thought_of_does_not_end_following() -> None:
    source = ScriptedSource()
    source.head_error = ZeroDivisionError("a bug")
    async with following(source) as follower:
        await until(lambda: follower.trouble is not None and "ZeroDivision" in follower.trouble)
        assert follower.alive
        source.head_error, source.load_error, source.version = None, ZeroDivisionError(), "v1"
        await until(lambda: follower.trouble is not None and "loading 'v1'" in follower.trouble)
        source.load_error = None
        await until(lambda: served(follower) == "v1")
    assert not follower.alive


async def test_stopping_ends_a_load_that_runs_and_lets_go_of_the_store() -> None:
    source = ScriptedSource()
    source.may_load.clear()
    source.version = "v1"
    async with following(source) as follower:
        await until(lambda: follower.loading == "v1" and source.loads == ["v1"])
    assert source.closed
    assert follower.catalogue is None


async def test_the_store_is_read_in_a_thread_of_its_own() -> None:
    source = ScriptedSource()
    source.version = "v1"
    async with following(source) as follower:
        await until(lambda: served(follower) == "v1")
    assert len(source.threads) == 1
    assert source.threads.pop().startswith("catalogue-reader")
