"""The same service over Milvus: the same answers, through a swap, and it says when it is away."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from services.contracts.retriever import RetrievalResponse
from tests.integration.retriever.conftest import RetrieverClient, running_retriever
from tests.integration.retriever.publishing import Publisher, Version
from tests.support.waiting import until
from tests.unit.retriever.engines import MILVUS

FIRST, SECOND = Version.of("v1", 25), Version.of("v2", 40)


async def answers(retriever: RetrieverClient, version: Version) -> list[RetrievalResponse]:
    """Scores to five decimals: the sixth depends on who adds up the products."""
    found = [
        await retriever.search(version, product_id, k=20) for product_id in version.product_ids[:8]
    ]
    return [
        answer.model_copy(
            update={
                "confidence": round(answer.confidence, 3),
                "results": [
                    product.model_copy(update={"score": round(product.score, 5)})
                    for product in answer.results
                ],
            }
        )
        for answer in found
    ]


@pytest.mark.parametrize("milvus", MILVUS)
async def test_the_service_answers_alike_over_either_engine_through_a_swap(
    milvus: Callable[[], AbstractContextManager[str]],
    feature_repo_dir: Path,
    publisher: Publisher,
) -> None:
    publisher.publish(FIRST)
    with milvus() as uri:
        await _both_answer_alike(uri, feature_repo_dir, publisher)


async def _both_answer_alike(uri: str, feature_repo_dir: Path, publisher: Publisher) -> None:
    async with (
        running_retriever(feature_repo_dir) as here,
        running_retriever(feature_repo_dir, milvus_uri=uri) as there,
    ):
        for version in (FIRST, SECOND):
            await asyncio.to_thread(publisher.publish, version)
            for retriever in (here, there):
                await retriever.until_serving(version)
            assert await answers(there, version) == await answers(here, version)
        _, readiness = await there.readiness()
        assert readiness.dependencies["milvus"].status == "ok"


async def test_it_is_not_ready_while_milvus_is_away(
    feature_repo_dir: Path, publisher: Publisher
) -> None:
    publisher.publish(FIRST)

    async def says_so() -> bool:
        code, readiness = await retriever.readiness()
        catalogue = readiness.dependencies["catalogue"].detail or ""
        milvus = readiness.dependencies["milvus"]
        assert (code, milvus.status) == (503, "unavailable")
        return "Milvus cannot take the vectors" in catalogue

    async with running_retriever(
        feature_repo_dir, milvus_uri="http://127.0.0.1:9", milvus_timeout_ms=100
    ) as retriever:
        await until(says_so)
