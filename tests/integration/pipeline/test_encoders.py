"""Several encoders share the work of a load: each text once, whoever fails meanwhile."""

from __future__ import annotations

import asyncio
import os
import sys
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from services.pipeline.errors import EncoderBroken
from services.pipeline.feeds import open_feed
from services.pipeline.judging.golden import Golden, GoldenQuery
from services.pipeline.load import load as load_feed
from services.pipeline.settings import PipelineSettings
from tests.integration.pipeline.conftest import Serve, load
from tests.support.encoder_double import EncoderDouble
from tests.support.product_feed import product_rows, write_feed
from tests.support.waiting import until

PRODUCTS = 60


@pytest.fixture
def encoders() -> Iterator[list[EncoderDouble]]:
    with ExitStack() as at_end:
        yield [at_end.enter_context(EncoderDouble().running()) for _ in range(2)]


@pytest.fixture
def shared(settings: PipelineSettings, encoders: list[EncoderDouble]) -> PipelineSettings:
    urls = tuple(one.url for one in encoders)
    return settings.model_copy(update={"encoder_urls": urls, "encoder_url": "http://127.0.0.1:9"})


def encoded(encoders: list[EncoderDouble]) -> Counter[str]:
    """Number of times that each text was encoded."""
    return sum((Counter(one.texts) for one in encoders), Counter())


def test_both_encode_and_each_text_goes_to_one_of_them(
    shared: PipelineSettings, encoders: list[EncoderDouble], tmp_path: Path, serve: Serve
) -> None:
    both = threading.Barrier(2)

    def first_waits_for_the_other(number: int) -> None:
        if number == 1:
            both.wait(60)

    for one in encoders:
        one.before_each = first_waits_for_the_other
    load(write_feed(tmp_path / "feed.csv", product_rows(PRODUCTS)), shared)
    assert serve().info.products == PRODUCTS
    assert len(encoded(encoders)) == PRODUCTS
    assert set(encoded(encoders).values()) == {1}
    assert all(one.texts for one in encoders)


def test_the_golden_queries_of_a_load_are_encoded_by_them_too(
    shared: PipelineSettings, encoders: list[EncoderDouble], tmp_path: Path
) -> None:
    asked = [GoldenQuery("t1", "text", "words", text="a red mug")]
    feed = write_feed(tmp_path / "feed.csv", product_rows(2))
    summary = load_feed(open_feed(feed), shared, golden=Golden(asked, {"t1": {"p-000": "E"}}))
    assert summary.verdict is not None
    assert encoded(encoders)["a red mug"] == 1


def test_an_overloaded_one_gets_less_and_what_it_refused_goes_to_the_other(
    shared: PipelineSettings, encoders: list[EncoderDouble], tmp_path: Path, serve: Serve
) -> None:
    encoders[0].overloaded = 1_000
    load(write_feed(tmp_path / "feed.csv", product_rows(PRODUCTS)), shared)
    assert serve().info.products == PRODUCTS
    assert set(encoded(encoders[1:]).values()) == {1}
    assert len(encoders[1].texts) == PRODUCTS


async def test_one_that_leaves_midway_costs_no_product(
    shared: PipelineSettings, encoders: list[EncoderDouble], tmp_path: Path, serve: Serve
) -> None:
    feed = write_feed(tmp_path / "feed.csv", product_rows(PRODUCTS))
    leaving = EncoderDouble()
    with leaving.running():
        urls = (leaving.url, encoders[1].url)
        settings = shared.model_copy(update={"encoder_urls": urls})
        loading = asyncio.create_task(asyncio.to_thread(load, feed, settings))
        await until(lambda: len(leaving.texts) > 0)
    await loading
    assert serve().info.products == PRODUCTS
    assert len(encoded([leaving, encoders[1]])) == PRODUCTS
    assert len(encoders[1].texts) > len(leaving.texts)


def test_encoders_of_different_models_are_refused_before_anything_is_encoded(
    shared: PipelineSettings, encoders: list[EncoderDouble], tmp_path: Path
) -> None:
    encoders[1].model = "double@2"
    with pytest.raises(EncoderBroken, match="'double@1' and 'double@2'"):
        load(write_feed(tmp_path / "feed.csv", product_rows(PRODUCTS)), shared)
    assert not encoded(encoders)


async def test_a_killed_load_goes_on_and_repeats_one_batch_at_most(
    shared: PipelineSettings, encoders: list[EncoderDouble], tmp_path: Path, serve: Serve
) -> None:
    feed = write_feed(tmp_path / "feed.csv", product_rows(PRODUCTS))
    urls = ",".join(one.url for one in encoders)
    command = [sys.executable, "-m", "services.pipeline", "load", str(feed), "--encoders", urls]
    environment = {
        **os.environ,
        "PIPELINE_BATCH_PRODUCTS": str(shared.batch_products),
        "PIPELINE_FEATURE_STORE": str(shared.feature_store),
        "PIPELINE_MEDIA_DIR": str(shared.media_dir),
        "PIPELINE_TEXT_BATCH": str(shared.text_batch),
    }
    process = await asyncio.create_subprocess_exec(*command, env=environment)
    await until(lambda: len(encoded(encoders)) >= PRODUCTS / 3)
    process.kill()
    await process.wait()
    before = len(encoded(encoders))
    assert before < PRODUCTS
    again = await asyncio.create_subprocess_exec(*command, env=environment)
    assert await again.wait() == 0
    assert serve().info.products == PRODUCTS
    assert len(encoded(encoders)) == PRODUCTS
    repeated = sum(encoded(encoders).values()) - PRODUCTS
    assert repeated <= shared.batch_products
