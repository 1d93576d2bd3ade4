"""The published schemas are frozen: a change to an API must be meant."""

from __future__ import annotations

import json
from typing import Any

import pytest

from docs.openapi.publish import APPS, FOLDER, schema_text
from services.gateway.app import create_app as create_gateway
from services.gateway.settings import GatewaySettings


def _published(name: str) -> str:
    return (FOLDER / f"{name}.json").read_text(encoding="utf-8")


def _operations(name: str) -> list[dict[str, Any]]:
    paths = json.loads(_published(name))["paths"].values()
    return [operation for path in paths for operation in path.values()]


@pytest.mark.parametrize("name", APPS)
def test_the_published_schema_is_the_apps(name: str) -> None:
    assert _published(name) == schema_text(name), (
        "If the change is meant: python -m docs.openapi.publish"
    )


def test_every_published_schema_is_checked() -> None:
    assert {path.stem for path in FOLDER.glob("*.json")} == set(APPS)


@pytest.mark.parametrize("name", APPS)
def test_a_client_can_be_generated(name: str) -> None:
    operations = _operations(name)
    identifiers = [operation["operationId"] for operation in operations]
    assert len(set(identifiers)) == len(identifiers)
    for operation in operations:
        assert operation["summary"]
        assert all(response["description"] for response in operation["responses"].values())
        # Some generators leave out an operation with a header that may be null, or is constant.
        for parameter in operation.get("parameters", []):
            schema = parameter["schema"]
            assert {"type": "null"} not in schema.get("anyOf", []), parameter
            assert parameter["in"] != "header" or "const" not in schema, parameter
        # Each inline object becomes a class of its own; two of one name, an error.
        body = operation.get("requestBody", {"content": {}})["content"]
        assert all("title" not in one["schema"] for one in body.values()), operation["operationId"]


def test_agents_learn_from_the_schema_that_they_must_say_who_they_are() -> None:
    schema = create_gateway(GatewaySettings(agents_url="https://shop.example")).openapi()
    for name in ("search", "lookup", "product"):
        parameters = schema["paths"][f"/ucp/v1/catalog/{name}"]["post"]["parameters"]
        assert [(one["name"], one["required"]) for one in parameters] == [("UCP-Agent", True)]


@pytest.mark.parametrize(
    ("name", "method", "path", "answer"),
    [
        ("rewriter", "post", "/rewrite", "RewriteResponse"),
        ("encoder", "post", "/embed/texts", "EmbeddingsResponse"),
        ("encoder", "post", "/embed/images", "EmbeddingsResponse"),
        ("retriever", "post", "/search", "RetrievalResponse"),
        ("retriever", "get", "/products/{product_id}", "Product"),
        ("encoder", "get", "/ready", "Readiness"),
        ("rewriter", "get", "/ready", "Readiness"),
        ("retriever", "get", "/ready", "Readiness"),
    ],
)
def test_the_services_answer_what_the_gateway_asks(
    name: str, method: str, path: str, answer: str
) -> None:
    operation = json.loads(_published(name))["paths"][path][method]
    content = operation["responses"]["200"]["content"]["application/json"]
    assert content["schema"] == {"$ref": f"#/components/schemas/{answer}"}


def test_openais_clients_find_their_error_in_the_schema_of_every_failure() -> None:
    schema = json.loads(_published("encoder"))
    responses = schema["paths"]["/v1/embeddings"]["post"]["responses"]
    del responses["200"]
    for status, response in responses.items():
        (content,) = response["content"].items()
        expected = {"schema": {"$ref": "#/components/schemas/OpenAIProblem"}}
        assert content == ("application/json", expected), status
