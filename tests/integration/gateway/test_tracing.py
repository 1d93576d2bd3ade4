"""Traces across the services, against a collector that speaks OTLP; and none where none is set."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping
from contextlib import AsyncExitStack
from pathlib import Path

import httpx
import pytest

from services.common.context import REQUEST_ID_HEADER
from services.gateway.app import create_app
from services.gateway.settings import GatewaySettings
from tests.support.gateway_stack import PATIENT, Stack, dead
from tests.support.lifespan import LifespanManager
from tests.support.otlp_collector import Received, otlp_collector

REPOSITORY = Path(__file__).parents[3]


async def _traced(
    monkeypatch: pytest.MonkeyPatch,
    headers: Mapping[str, str] | None = None,
    *,
    broken: bool = False,
) -> list[Received]:
    """Ask one question of a gateway and three services, and return their spans."""
    with otlp_collector() as collector:
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", collector.url)
        async with AsyncExitStack() as running:
            stack = Stack()
            if broken:
                stack.retriever.fault = dead
            gateway = create_app(GatewaySettings(**PATIENT), stack.transports)
            for app in (gateway, *(one.app for one in stack.transports.values())):
                await running.enter_async_context(LifespanManager(app))
            http = await running.enter_async_context(
                httpx.AsyncClient(transport=httpx.ASGITransport(gateway), base_url="http://gateway")
            )
            answer = await http.post("/predict", json={"query": "red mug"}, headers=headers)
            assert answer.status_code == (503 if broken else 200)
        # The services have stopped, so they have sent every span.
        assert collector.refused == []
        return collector.spans


async def test_one_question_is_one_trace_through_all_four_services(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    spans = await _traced(monkeypatch, {REQUEST_ID_HEADER: "request-1"})
    assert len({span.trace_id for span in spans}) == 1
    by_id = {span.span_id: span for span in spans}
    (root,) = [span for span in spans if span.parent_id not in by_id]
    assert (root.service, root.name) == ("multimodal-search-gateway", "POST /predict")
    assert root.attributes["http.response.status_code"] == 200
    paths = {
        span.name: (by_id[span.parent_id].name, by_id[by_id[span.parent_id].parent_id].name)
        for span in spans
        if span.service != root.service
    }
    assert paths == {
        "POST /rewrite": ("POST rewriter", "POST /predict"),
        "POST /understand": ("POST retriever", "POST /predict"),
        "POST /embed/texts": ("POST encoder", "POST /predict"),
        "POST /search": ("POST retriever", "POST /predict"),
    }
    served = [span for span in spans if "http.route" in span.attributes]
    assert len(served) == 6  # the rewritten query is understood as well
    assert {span.attributes["request_id"] for span in served} == {"request-1"}


async def test_a_trace_of_the_callers_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    trace_id, span_id = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
    spans = await _traced(monkeypatch, {"traceparent": f"00-{trace_id}-{span_id}-01"})
    assert {span.trace_id.hex() for span in spans} == {trace_id}
    assert span_id in {span.parent_id.hex() for span in spans}


async def test_a_trace_that_is_none_harms_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    spans = await _traced(monkeypatch, {"traceparent": "00-nonsense-01"})
    assert len({span.trace_id for span in spans}) == 1


async def test_what_failed_is_in_the_trace(monkeypatch: pytest.MonkeyPatch) -> None:
    spans = await _traced(monkeypatch, broken=True)
    assert "POST retriever" in {span.name for span in spans}
    (root,) = [span for span in spans if span.name == "POST /predict"]
    assert root.attributes["http.response.status_code"] == 503


async def test_a_collector_that_is_away_costs_no_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:1")
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_TIMEOUT", "1")
    stack = Stack()
    gateway = create_app(GatewaySettings(**PATIENT), stack.transports)
    async with (
        LifespanManager(gateway),
        httpx.AsyncClient(
            transport=httpx.ASGITransport(gateway), base_url="http://gateway"
        ) as http,
    ):
        assert (await http.post("/predict", json={"query": "red mug"})).status_code == 200


@pytest.mark.parametrize("service", ["gateway", "rewriter"])
def test_without_an_endpoint_nothing_that_traces_is_imported(service: str) -> None:
    program = (
        "import asyncio, sys\n"
        # The Redis client loads what there is of OpenTelemetry's API and metrics by itself.
        "OURS = ('opentelemetry.exporter', 'opentelemetry.sdk.trace', 'opentelemetry.proto')\n"
        "from asgi_lifespan import LifespanManager\n"
        f"from services.{service}.app import create_app\n"
        f"from services.{service}.settings import {service.title()}Settings\n"
        "async def run():\n"
        f"    async with LifespanManager(create_app({service.title()}Settings())):\n"
        "        print(*[name for name in sys.modules if name.startswith(OURS)])\n"
        "asyncio.run(run())\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=REPOSITORY,
        env={"PATH": "/usr/bin", "OTEL_EXPORTER_OTLP_ENDPOINT": ""},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == ""
