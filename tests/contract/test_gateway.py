"""The gateway's published examples are requests that it takes and answers that it gives."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from services.contracts.gateway import PredictRequest, PredictResponse
from services.contracts.products import Product
from services.gateway.examples import IMAGE_ANSWER, PRODUCT, TEXT_ANSWER, TEXT_QUERIES

SCHEMA: dict[str, Any] = json.loads(
    (Path(__file__).parents[2] / "docs" / "openapi" / "gateway.json").read_text(encoding="utf-8")
)


@pytest.mark.parametrize("name", TEXT_QUERIES)
def test_every_example_query_is_accepted(name: str) -> None:
    PredictRequest.model_validate(TEXT_QUERIES[name]["value"])


def test_every_example_answer_keeps_its_contract() -> None:
    Product.model_validate(PRODUCT)
    for answer in (TEXT_ANSWER, IMAGE_ANSWER):
        assert set(answer) == set(PredictResponse.model_fields)
        PredictResponse.model_validate(answer)


def test_every_problem_that_a_search_may_end_in_is_documented() -> None:
    expected = {"409", "413", "415", "422", "429", "500", "503", "504"}
    for path in ("/predict", "/predict-image"):
        responses = SCHEMA["paths"][path]["post"]["responses"]
        assert expected <= set(responses)
        for status in expected:
            content = responses[status]["content"]["application/problem+json"]
            assert content["schema"] == {"$ref": "#/components/schemas/Problem"}
            assert content["examples"]
