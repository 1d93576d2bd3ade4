"""`GET /ready`: whether a search would be answered now."""

from __future__ import annotations

import asyncio

import httpx
import pytest

from services.contracts.health import Dependency, Readiness
from services.gateway.searching import services
from tests.support.gateway_stack import Fault, Stack, answering, dead, frozen
from tests.support.waiting import until


async def _ready(stack: Stack) -> tuple[int, Readiness]:
    response = await stack.http.get("/ready")
    return response.status_code, Readiness.model_validate_json(response.content)


async def test_it_is_ready_when_all_are(stack: Stack) -> None:
    status, readiness = await _ready(stack)
    assert (status, readiness.status) == (200, "ready")
    assert {name: state.status for name, state in readiness.dependencies.items()} == {
        "encoder": "ok",
        "rewriter": "ok",
        "retriever": "ok",
    }


@pytest.mark.parametrize("fault", [dead, frozen, answering(200, b"<html>")])
@pytest.mark.parametrize("name", ["encoder", "retriever"])
async def test_it_is_not_ready_without_encoder_or_retriever(
    stack: Stack, monkeypatch: pytest.MonkeyPatch, name: str, fault: Fault
) -> None:
    monkeypatch.setattr(services, "READY_TIMEOUT_S", 1)
    stack.transports[name].fault = fault
    status, readiness = await _ready(stack)
    assert (status, readiness.status) == (503, "not_ready")
    assert readiness.dependencies[name].status == "unavailable"
    assert readiness.dependencies[name].detail


async def test_it_is_ready_without_the_rewriter(stack: Stack) -> None:
    stack.rewriter.fault = dead
    status, readiness = await _ready(stack)
    assert (status, readiness.status) == (200, "ready")
    assert readiness.dependencies["rewriter"].status == "degraded"


async def test_what_a_service_lacks_is_told(stack: Stack) -> None:
    stack.encoder_state["model"] = Dependency(status="unavailable", detail="Still loading.")
    status, readiness = await _ready(stack)
    assert status == 503
    assert readiness.dependencies["encoder"].detail == "model: Still loading."


async def test_a_ready_service_that_lacks_something_is_degraded(stack: Stack) -> None:
    stack.encoder_state["model"] = Dependency(status="ok", detail="mini-clip")
    stack.encoder_state["cache"] = Dependency(status="degraded", detail="Redis is unavailable.")
    status, readiness = await _ready(stack)
    assert (status, readiness.status) == (200, "ready")
    assert readiness.dependencies["encoder"] == Dependency(
        status="degraded", detail="model: mini-clip; cache: Redis is unavailable."
    )


async def test_it_is_not_ready_while_encoder_and_catalogue_are_of_different_models(
    stack: Stack,
) -> None:
    stack.encoder_state["model"] = Dependency(status="ok", detail="clip@2")
    stack.retriever_state["model"] = Dependency(status="ok", detail="clip@1")
    status, readiness = await _ready(stack)
    assert (status, readiness.status) == (503, "not_ready")
    assert readiness.dependencies["encoder"].status == "ok"
    assert readiness.dependencies["retriever"] == Dependency(
        status="unavailable",
        detail="The catalogue is of model clip@1, the encoder's is clip@2. Load the catalogue "
        "with this encoder.",
    )


async def test_services_that_freeze_are_asked_side_by_side(stack: Stack) -> None:
    all_are_asked = asyncio.Barrier(len(stack.transports))
    met: set[httpx.URL] = set()

    async def frozen_until_all_are_asked(request: httpx.Request) -> httpx.Response:
        await all_are_asked.wait()
        met.add(request.url)
        return await dead(request)

    for service in stack.transports.values():
        service.fault = frozen_until_all_are_asked
    status, _ = await _ready(stack)
    assert status == 503
    assert len(met) == len(stack.transports)


async def test_many_who_ask_are_one_question_and_the_answer_ages(stack: Stack) -> None:
    await asyncio.gather(*(_ready(stack) for _ in range(50)))
    assert len(stack.encoder.requests) == 1
    stack.encoder.fault = dead

    async def is_known() -> bool:
        return (await _ready(stack))[0] != 200

    await until(is_known)
    assert (await stack.http.get("/health")).status_code == 200
