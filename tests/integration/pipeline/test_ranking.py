"""A learned ranking is published with the catalogue, takes effect by a swap, and rolls back."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest

from services.contracts.base import ModalityWeights
from services.contracts.ranking import BUILT_IN, Ranking, ScoreCalibration
from services.pipeline.catalogue.changes import delete, roll_back
from services.pipeline.catalogue.ranking import publish_ranking, published_ranking
from services.pipeline.cli import main
from services.pipeline.errors import NothingToLoad
from services.pipeline.settings import PipelineSettings
from services.retriever.catalogue.catalogue import Catalogue
from tests.integration.pipeline.conftest import as_before_rankings, load
from tests.integration.retriever.conftest import RetrieverClient, running_retriever
from tests.support.encoder_double import EncoderDouble
from tests.support.product_feed import product_rows, write_feed
from tests.support.waiting import until

Serve = Callable[[], Catalogue]

LEARNED = Ranking(
    name="learned",
    words=ModalityWeights(text=0.2, image=0.8),
    calibration=ScoreCalibration(weak=0.5, strong=3),
)


async def ranking(retriever: RetrieverClient) -> Ranking | None:
    response = await retriever.http.get("/ranking")
    if response.status_code != 200:
        return None
    return Ranking.model_validate_json(response.content)


async def test_a_retriever_takes_a_ranking_up_and_gives_it_up_again(
    settings: PipelineSettings, tmp_path: Path
) -> None:
    await asyncio.to_thread(load, write_feed(tmp_path / "feed.csv", product_rows(4)), settings)

    async def is_in_force(wanted: Ranking) -> bool:
        return await ranking(retriever) == wanted

    async with running_retriever(settings.feature_store) as retriever:
        await until(lambda: is_in_force(BUILT_IN))
        await asyncio.to_thread(publish_ranking, LEARNED, settings)
        await until(lambda: is_in_force(LEARNED))
        await asyncio.to_thread(roll_back, settings)
        await until(lambda: is_in_force(BUILT_IN))


def test_going_back_to_a_ranking_keeps_what_changed_since(
    settings: PipelineSettings, tmp_path: Path, serve: Serve
) -> None:
    load(write_feed(tmp_path / "feed.csv", product_rows(4)), settings)
    publish_ranking(LEARNED, settings)
    delete(["p-001"], settings)
    assert (serve().ranking, serve().info.products) == (LEARNED, 3)
    roll_back(settings)
    assert (serve().ranking, serve().info.products) == (BUILT_IN, 3)
    delete(["p-002"], settings)
    roll_back(settings)
    assert (serve().ranking, serve().info.products) == (LEARNED, 2)


def test_a_load_keeps_the_ranking_unless_the_model_is_another(
    settings: PipelineSettings, encoder: EncoderDouble, tmp_path: Path, serve: Serve
) -> None:
    load(write_feed(tmp_path / "feed.csv", product_rows(4)), settings)
    publish_ranking(LEARNED, settings)
    assert not load(write_feed(tmp_path / "feed.csv", product_rows(4)), settings).publication.is_new
    load(write_feed(tmp_path / "feed.csv", product_rows(5)), settings)
    assert (serve().ranking, serve().info.products) == (LEARNED, 5)
    encoder.model, encoder.dimension = "double@2", 8
    load(write_feed(tmp_path / "feed.csv", product_rows(5)), settings)
    assert serve().ranking == BUILT_IN
    roll_back(settings)
    assert serve().ranking == LEARNED


def test_a_catalogue_registered_before_there_were_rankings_is_read_and_can_get_one(
    settings: PipelineSettings, tmp_path: Path, serve: Serve
) -> None:
    load(write_feed(tmp_path / "feed.csv", product_rows(4)), settings)
    as_before_rankings(settings.feature_store)
    assert serve().ranking == BUILT_IN
    publish_ranking(LEARNED, settings)
    assert serve().ranking == LEARNED


def test_a_ranking_needs_a_catalogue(settings: PipelineSettings) -> None:
    with pytest.raises(NothingToLoad, match="load one first"):
        publish_ranking(LEARNED, settings)


def test_setting_and_showing_are_commands(
    settings: PipelineSettings,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("PIPELINE_FEATURE_STORE", str(settings.feature_store))
    load(write_feed(tmp_path / "feed.csv", product_rows(3)), settings)
    file = tmp_path / "ranking.json"
    assert main(["ranking", "show"]) == 0
    assert Ranking.model_validate_json(capsys.readouterr().out) == BUILT_IN
    file.write_text(LEARNED.model_dump_json(), encoding="utf-8")
    assert main(["ranking", "set", str(file)]) == 0
    assert "'learned'" in capsys.readouterr().out
    assert published_ranking(settings) == LEARNED
    file.write_text('{"calibration": {"weak": 3, "strong": 1}}', encoding="utf-8")
    assert main(["ranking", "set", str(file)]) == 2
    assert "weak must not be above strong" in capsys.readouterr().err
    assert published_ranking(settings) == LEARNED
