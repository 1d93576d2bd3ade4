"""Answers of the retriever from a catalogue in a real feature store."""

from __future__ import annotations

import base64
from dataclasses import replace
from pathlib import Path
from urllib.parse import quote

import numpy as np
import pytest

from services.contracts.problems import Problem
from services.contracts.products import Product
from tests.integration.retriever.conftest import query, running_retriever
from tests.integration.retriever.publishing import (
    DIMENSION,
    MODEL,
    Publisher,
    Version,
    with_odd_ids,
)


async def test_the_catalogue_is_read_and_searched(
    feature_repo_dir: Path, publisher: Publisher
) -> None:
    version = replace(Version.of("v1", 25), without_image=frozenset({"p-0003"}))
    publisher.publish(version)
    async with running_retriever(feature_repo_dir) as retriever:
        await retriever.until_serving(version)
        info = await retriever.catalogue()
        assert info is not None
        assert (info.model, info.dimension, info.products) == (MODEL, DIMENSION, 25)
        for product_id in version.product_ids:
            answer = await retriever.search(version, product_id)
            assert answer.catalogue == info
            assert len(answer.results) == 5
            best = answer.results[0]
            assert (best.product_id, best.score) == (product_id, 1.0)
            assert best.title == version.title(product_id)
        # The scores are those of brute force over what was published.
        wanted = {
            product_id: float(
                0.3 * version.vector("p-0003", "text") @ version.vector(product_id, "text")
                + 0.7
                * (product_id != "p-0003")
                * (version.vector("p-0003", "text") @ version.vector(product_id, "image"))
            )
            for product_id in version.product_ids
        }
        response = await retriever.http.post(
            "/search", json=query(version, "p-0003", 25, {"text": 0.3, "image": 0.7})
        )
        found = {row["product_id"]: row["score"] for row in response.json()["results"]}
        assert found == pytest.approx(wanted, abs=1e-5)
        assert list(found) == sorted(wanted, key=lambda i: -wanted[i])
        # A vector that comes packed finds the same.
        asked = query(version, "p-0003", 25, {"text": 0.3, "image": 0.7})
        floats = version.vector("p-0003", "text").astype("<f4").tobytes()
        asked["terms"][0]["vector"] = base64.b64encode(floats).decode()
        packed = await retriever.http.post("/search", json=asked)
        assert packed.json()["results"] == response.json()["results"]


async def test_a_batch_says_which_search_is_refused(
    feature_repo_dir: Path, publisher: Publisher
) -> None:
    version = Version.of("v1", 2)
    publisher.publish(version)
    async with running_retriever(feature_repo_dir) as retriever:
        await retriever.until_serving(version)
        searches = [{"k": 1}, {"k": 1, "facets": ["shoe_size"]}]
        response = await retriever.http.post("/search/batch", json={"searches": searches})
    problem = Problem.model_validate_json(response.content)
    assert problem.status == 422
    assert [one.field for one in problem.errors or []] == ["body.searches.1.facets.shoe_size"]


async def test_a_product_comes_back_with_all_its_fields(
    feature_repo_dir: Path, publisher: Publisher
) -> None:
    version = Version.of("v1", 2)
    publisher.publish(version)
    async with running_retriever(feature_repo_dir) as retriever:
        await retriever.until_serving(version)
        for product_id, price in (("p-0000", 12.5), ("p-0001", None)):
            response = await retriever.http.get(f"/products/{product_id}")
            assert Product.model_validate_json(response.content) == Product(
                product_id=product_id,
                title=version.title(product_id),
                brand="Lumo",
                category="Kitchen > Mugs",
                price=price,
                currency="EUR",
                attributes={"color": "red"},
            )


async def test_ids_may_hold_any_character(feature_repo_dir: Path, publisher: Publisher) -> None:
    version = with_odd_ids("v1")
    publisher.publish(version)
    async with running_retriever(feature_repo_dir) as retriever:
        await retriever.until_serving(version)
        for product_id in version.product_ids:
            response = await retriever.http.get(f"/products/{quote(product_id, safe='')}")
            assert response.json()["product_id"] == product_id
        response = await retriever.http.get("/products/a/c")
        assert response.status_code == 404
        assert "'a/c'" in Problem.model_validate_json(response.content).detail


async def test_an_empty_catalogue_answers_with_nothing(
    feature_repo_dir: Path, publisher: Publisher
) -> None:
    version = Version.of("v1", 0)
    publisher.publish(version)
    async with running_retriever(feature_repo_dir) as retriever:
        await retriever.until_serving(version)
        assert (await retriever.search(version, "any")).results == []
        assert await retriever.is_current()


async def test_queries_that_cannot_be_compared_are_refused_with_both_sides_named(
    feature_repo_dir: Path, publisher: Publisher
) -> None:
    version = Version.of("v1", 3)
    publisher.publish(version)
    async with running_retriever(feature_repo_dir) as retriever:
        await retriever.until_serving(version)

        async def problem(**changes: object) -> Problem:
            body = {**query(version, "p-0000"), **changes}
            response = await retriever.http.post("/search", json=body)
            assert response.status_code == response.json()["status"]
            return Problem.model_validate_json(response.content)

        def term(vector: list[float]) -> dict[str, object]:
            return {"vector": vector, "weights": {"text": 1, "image": 0}}

        other_model = await problem(model="other@9")
        assert other_model.type == "/problems/model-mismatch"
        assert "'other@9'" in other_model.detail
        assert f"'{MODEL}'" in other_model.detail

        other_length = await problem(terms=[term([1.0, 0.0])])
        assert other_length.type == "/problems/invalid-request"
        assert "2 floats" in other_length.detail
        assert str(DIMENSION) in other_length.detail

        long = await problem(terms=[term((2 * version.vector("p-0000", "text")).tolist())])
        assert long.type == "/problems/invalid-request"
        assert "unit length, not 2" in long.detail
        assert long.errors is not None
        assert long.errors[0].field == "body.terms.0.vector"


async def test_the_metrics_tell_which_catalogue_is_served_and_how_searching_goes(
    feature_repo_dir: Path, publisher: Publisher
) -> None:
    version = Version.of("v1", 25)
    publisher.publish(version)
    async with running_retriever(feature_repo_dir) as retriever:
        await retriever.until_serving(version)
        await retriever.search(version, "p-0000")
        text = (await retriever.http.get("/metrics")).text
    lines = set(text.splitlines())
    assert {
        "retriever_catalogue_products 25.0",
        f'retriever_catalogue_info{{model="{MODEL}",version="v1"}} 1.0',
        'retriever_catalogue_loads_total{result="ok"} 1.0',
        "retriever_catalogue_load_seconds_count 1.0",
        "retriever_search_seconds_count 1.0",
    } <= lines


async def test_the_threshold_leaves_out_weak_matches(
    feature_repo_dir: Path, publisher: Publisher
) -> None:
    version = Version.of("v1", 25)
    publisher.publish(version)
    async with running_retriever(feature_repo_dir) as retriever:
        await retriever.until_serving(version)
        body = {**query(version, "p-0004", 25), "threshold": 0.3}
        results = (await retriever.http.post("/search", json=body)).json()["results"]
    similar = [
        float(version.vector("p-0004", "text") @ version.vector(i, "text"))
        for i in version.product_ids
    ]
    assert len(results) == np.sum(np.array(similar) >= 0.3)
    assert all(row["score"] >= 0.3 for row in results)
