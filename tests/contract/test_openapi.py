"""The published schemas are frozen: a change to an API must be meant."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from fastapi import FastAPI

from services.common.openapi import schema_text
from services.gateway.app import create_app as create_gateway
from services.gateway.settings import GatewaySettings
from services.rewriter.app import create_app as create_rewriter
from services.rewriter.settings import RewriterSettings

PUBLISHED = Path(__file__).parents[2] / "docs" / "openapi"

APPS: dict[str, Callable[[], FastAPI]] = {
    "gateway": lambda: create_gateway(GatewaySettings()),
    "rewriter": lambda: create_rewriter(RewriterSettings()),
}


@pytest.mark.parametrize("name", APPS)
def test_the_published_schema_is_the_apps(name: str) -> None:
    published = (PUBLISHED / f"{name}.json").read_text(encoding="utf-8")
    assert published == schema_text(APPS[name]()), (
        f"If the change is meant: python -m services.{name}.openapi > docs/openapi/{name}.json"
    )


def test_every_published_schema_is_checked() -> None:
    assert {path.stem for path in PUBLISHED.glob("*.json")} == set(APPS)


@pytest.mark.parametrize("name", APPS)
def test_a_client_can_be_generated(name: str) -> None:
    schema = json.loads((PUBLISHED / f"{name}.json").read_text(encoding="utf-8"))
    operations = [operation for path in schema["paths"].values() for operation in path.values()]
    identifiers = [operation["operationId"] for operation in operations]
    assert len(set(identifiers)) == len(identifiers)
    for operation in operations:
        assert operation["summary"]
        for status, response in operation["responses"].items():
            assert response["description"], (operation["operationId"], status)
