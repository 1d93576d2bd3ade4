"""UCP and MCP when something is wrong: platforms, services, deadlines, bodies."""

from __future__ import annotations

import base64
import json
import re
from pathlib import Path
from typing import Any

import httpx
import pytest

from services.contracts.ucp_requests import UCP_VERSION
from services.gateway.agents.profile import EXTENSION_VERSION, LOOKUP, SEARCH
from tests.support.gateway_stack import AVIF, DAMAGED_JPEG, JPEG, PNG, WEBP, Stack, dead, frozen
from tests.support.ucp_rules import assert_follows_ucp
from tests.unit.gateway.conftest import RunStack

URL: dict[str, Any] = {"agents_url": "https://shop.example"}
EXTENSION = "example.shop.shopping.visual_search"
KNOWN = "https://agent.example/known.json"
PLAIN = "https://agent.example/plain.json"
OLD = "https://agent.example/old.json"
OTHER = "https://agent.example/checkout-only.json"
MCP = {"Accept": "application/json, text/event-stream", "MCP-Protocol-Version": "2025-11-25"}


@pytest.fixture
def registry(tmp_path: Path) -> Path:
    def profile(version: str = UCP_VERSION, **names: str) -> dict[str, Any]:
        capabilities = {name: [{"version": one}] for name, one in names.items()}
        return {"ucp": {"version": version, "capabilities": capabilities}}

    both = {SEARCH: UCP_VERSION, LOOKUP: UCP_VERSION}
    profiles = {
        KNOWN: profile(**both, **{EXTENSION: EXTENSION_VERSION}),
        PLAIN: profile(**both),
        OLD: profile("2026-01-23", **dict.fromkeys(both, "2026-01-23")),
        OTHER: profile(**{"dev.ucp.shopping.checkout": UCP_VERSION}),
    }
    path = tmp_path / "platforms.json"
    path.write_text(json.dumps(profiles))
    return path


async def search(stack: Stack, profile: str = KNOWN, **body: Any) -> httpx.Response:  # noqa: ANN401
    headers = {"UCP-Agent": f'profile="{profile}"'}
    return await stack.http.post("/ucp/v1/catalog/search", json=body, headers=headers)


async def called(stack: Stack, name: str, arguments: Any, **headers: str) -> Any:  # noqa: ANN401
    params = {"name": name, "arguments": arguments}
    body = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params}
    response = await stack.http.post("/mcp", json=body, headers=MCP | headers)
    return response.json()


def meta(profile: str) -> dict[str, Any]:
    return {"meta": {"ucp-agent": {"profile": profile}}}


async def test_a_registered_platform_gets_what_its_profile_has(
    run_stack: RunStack, registry: Path
) -> None:
    async with run_stack(**URL, agents_platforms=registry) as stack:
        known, plain = await search(stack, query="mug"), await search(stack, PLAIN, query="mug")
    for answer in (known, plain):
        assert_follows_ucp("search", answer.json())
    assert set(known.json()["ucp"]["capabilities"]) == {SEARCH, EXTENSION}
    assert set(plain.json()["ucp"]["capabilities"]) == {SEARCH}


async def test_our_inputs_need_the_extension(run_stack: RunStack, registry: Path) -> None:
    image = base64.b64encode(JPEG).decode()
    async with run_stack(**URL, agents_platforms=registry) as stack:
        with_it, without = await search(stack, image=image), await search(stack, PLAIN, image=image)
        both = await search(stack, PLAIN, image=image, query="mug")
    assert with_it.json()["picture_id"]
    assert (without.status_code, without.json()["code"]) == (400, "invalid_request")
    assert "extension" in without.json()["detail"]
    assert "picture_id" not in both.json()
    assert both.json()["messages"][0]["code"] == "extension_ignored"
    assert "image" in both.json()["messages"][0]["content"]


@pytest.mark.parametrize(
    ("profile", "status", "code"),
    [
        ("https://agent.example/unknown.json", 424, "profile_unreachable"),
        (OLD, 422, "version_unsupported"),
        (OTHER, 200, "capabilities_incompatible"),
    ],
)
async def test_other_platforms_are_told_why_not(
    run_stack: RunStack, registry: Path, profile: str, status: int, code: str
) -> None:
    async with run_stack(**URL, agents_platforms=registry) as stack:
        over_rest = await search(stack, profile, query="mug")
        over_mcp = await called(
            stack, "search_catalog", {**meta(profile), "catalog": {"query": "mug"}}
        )
    assert over_rest.status_code == status
    if status == 200:
        assert_follows_ucp("error", over_rest.json())
        assert over_rest.json()["messages"][0]["code"] == code
        assert over_mcp["result"]["structuredContent"] == over_rest.json()
    else:
        assert over_rest.json()["code"] == code
        assert over_mcp["error"]["code"] == -32001
        assert over_mcp["error"]["data"]["code"] == code


async def test_a_client_without_profile_is_refused_where_platforms_are_registered(
    run_stack: RunStack, registry: Path
) -> None:
    async with run_stack(**URL, agents_platforms=registry) as stack:
        answer = await called(stack, "search_catalog", {"catalog": {"query": "mug"}})
    assert answer["error"]["code"] == -32001
    assert answer["error"]["data"]["code"] == "invalid_profile_url"


async def test_without_the_retriever_both_say_when_to_try_again(run_stack: RunStack) -> None:
    async with run_stack(**URL) as stack:
        stack.retriever.fault = dead
        over_rest = await search(stack, query="mug")
        over_mcp = await called(stack, "search_catalog", {"catalog": {"query": "mug"}})
    assert (over_rest.status_code, over_rest.json()["code"]) == (503, "dependency_unavailable")
    assert over_rest.headers["retry-after"]
    assert over_mcp["error"]["code"] == -32000
    assert over_mcp["error"]["data"]["retry_after"] >= 1


async def test_the_deadline_of_a_request_holds_over_mcp(run_stack: RunStack) -> None:
    async with run_stack(**URL) as stack:
        stack.retriever.fault = frozen
        deadline = {"X-Deadline-Ms": "300"}
        answer = await called(stack, "get_product", {"catalog": {"id": "a"}}, **deadline)
    assert answer["error"]["code"] == -32000
    assert answer["error"]["data"]["code"] in ("deadline_exceeded", "dependency_unavailable")


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"[]",
        b'"text"',
        b'{"jsonrpc": "2.0"}',
        b'{"jsonrpc": "1.0", "id": 1, "method": "tools/list"}',
        b'{"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": []}',
        b'{"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": 1}}',
        b"[" * 100_000,
        b'{"a":' * 100_000,
        b"\xff\xfe",
        b'{"jsonrpc": "2.0", "id": 1e400, "method": "tools/list"}',
    ],
)
async def test_no_body_breaks_either(run_stack: RunStack, content: bytes) -> None:
    json_type = {"Content-Type": "application/json"}
    async with run_stack(**URL) as stack:
        over_mcp = await stack.http.post("/mcp", content=content, headers=MCP | json_type)
        over_rest = await stack.http.post(
            "/ucp/v1/catalog/search",
            content=content,
            headers={"UCP-Agent": f'profile="{KNOWN}"'} | json_type,
        )
    assert over_mcp.status_code < 500
    # A message without a usable id has no answer.
    assert over_mcp.status_code == 202 or "error" in over_mcp.json()
    assert over_rest.status_code == 400


@pytest.mark.parametrize("method", ["GET", "DELETE", "HEAD"])
async def test_a_refused_method_of_mcp_is_told_the_right_one(
    run_stack: RunStack, method: str
) -> None:
    async with run_stack(**URL) as stack:
        answer = await stack.http.request(method, "/mcp")
    assert (answer.status_code, answer.headers["Allow"]) == (405, "POST")


async def test_a_picture_may_come_as_a_data_link(run_stack: RunStack) -> None:
    link = "data:image/jpeg;base64," + base64.b64encode(JPEG).decode()
    async with run_stack(**URL) as stack:
        assert (await search(stack, image=link)).json()["picture_id"]


async def test_requests_are_counted_under_their_routes(run_stack: RunStack) -> None:
    async with run_stack(**URL) as stack:
        await search(stack, query="mug")
        await called(stack, "search_catalog", {"catalog": {"query": "mug"}})
        metrics = (await stack.http.get("/metrics")).text
    assert 'route="/ucp/v1/catalog/search"' in metrics
    assert 'route="/mcp"' in metrics


async def test_everything_is_served_below_a_path(run_stack: RunStack) -> None:
    async with run_stack(agents_url="https://shop.example/find", root_path="/find") as stack:
        for prefix in ("", "/find"):
            profile = (await stack.http.get(f"{prefix}/.well-known/ucp")).json()
            (rest, over_mcp) = profile["ucp"]["services"]["dev.ucp.shopping"]
            assert rest["endpoint"] == "https://shop.example/find/ucp/v1"
            assert over_mcp["endpoint"] == "https://shop.example/find/mcp"
            headers = {"UCP-Agent": f'profile="{KNOWN}"'}
            answer = await stack.http.post(
                f"{prefix}/ucp/v1/catalog/search", json={"query": "mug"}, headers=headers
            )
            assert answer.headers["ratelimit-policy"].startswith('"agent"')
            assert answer.status_code == 200
            body = {"jsonrpc": "2.0", "id": 1, "method": "tools/list"}
            listed = await stack.http.post(f"{prefix}/mcp", json=body, headers=MCP)
            assert listed.json()["result"]["tools"]


async def test_an_agent_learns_that_limits_in_its_words_had_no_effect(run_stack: RunStack) -> None:
    async with run_stack(**URL) as stack:
        stack.retriever.fault_of["/understand"] = dead
        answer = (await search(stack, query="mug under 20 EUR")).json()
    assert_follows_ucp("search", answer)
    assert ("warning", "query_not_understood") in [
        (one["type"], one["code"]) for one in answer["messages"]
    ]


async def test_a_fault_of_all_arguments_together_names_no_field(run_stack: RunStack) -> None:
    async with run_stack(**URL) as stack:
        error = (await called(stack, "search_by_picture", {}))["error"]
    assert error["message"] == (
        "Correct the arguments: exactly one of image and picture_id must be given"
    )


async def test_a_page_of_an_allowed_origin_may_use_both(run_stack: RunStack) -> None:
    page = "https://assistant.example"
    async with run_stack(**URL, cors_origins=(page,)) as stack:
        for path, header in (
            ("/mcp", "mcp-protocol-version"),
            ("/ucp/v1/catalog/search", "ucp-agent"),
        ):
            preflight = await stack.http.options(
                path,
                headers={
                    "Origin": page,
                    "Access-Control-Request-Method": "POST",
                    "Access-Control-Request-Headers": f"content-type, {header}",
                },
            )
            assert preflight.status_code == 200, preflight.text
        body = {"jsonrpc": "2.0", "id": 1, "method": "tools/list"}
        listed = await stack.http.post("/mcp", json=body, headers=MCP | {"Origin": page})
    assert listed.headers["access-control-allow-origin"] == page
    assert listed.json()["result"]["tools"]


@pytest.mark.parametrize("picture", [JPEG, PNG, WEBP, AVIF])
async def test_an_agent_searches_by_a_picture_of_each_format(
    run_stack: RunStack, picture: bytes
) -> None:
    async with run_stack(**URL) as stack:
        answer = (await search(stack, image=base64.b64encode(picture).decode())).json()
    assert answer["picture_id"]


async def test_a_damaged_picture_is_an_outcome_that_can_be_corrected(run_stack: RunStack) -> None:
    async with run_stack(**URL) as stack:
        answer = (await search(stack, image=base64.b64encode(DAMAGED_JPEG).decode())).json()
    (message,) = answer["messages"]
    assert (message["code"], message["severity"]) == ("unreadable_image", "recoverable")


async def test_lookups_are_no_searches_of_shoppers(run_stack: RunStack) -> None:
    headers = {"UCP-Agent": f'profile="{KNOWN}"'}
    async with run_stack(**URL) as stack:
        stack.products = lambda _: []  # no such group, so the words are searched
        body = {"ids": ["missing"]}
        answer = await stack.http.post("/ucp/v1/catalog/lookup", json=body, headers=headers)
        assert answer.status_code == 200
        metrics = (await stack.http.get("/metrics")).text
        assert stack.searched
    counts = re.findall(r"^gateway_searches_total\{.*\} (\S+)$", metrics, re.M)
    assert counts
    assert not sum(map(float, counts))


async def test_the_catalogues_summary_is_negotiated_too(
    run_stack: RunStack, registry: Path
) -> None:
    async def read(stack: Stack, profile: str | None) -> Any:  # noqa: ANN401
        params: dict[str, Any] = {"uri": "catalogue://summary"}
        if profile is not None:
            params["_meta"] = meta(profile)["meta"]
        body = {"jsonrpc": "2.0", "id": 1, "method": "resources/read", "params": params}
        return (await stack.http.post("/mcp", json=body, headers=MCP)).json()

    async with run_stack(**URL, agents_platforms=registry) as stack:
        assert "result" in await read(stack, KNOWN)
        refused = [
            (await read(stack, profile))["error"]["data"]["code"]
            for profile in (None, "https://agent.example/unknown.json", OLD, OTHER)
        ]
    assert refused == [
        "invalid_profile_url",
        "profile_unreachable",
        "version_unsupported",
        "capabilities_incompatible",
    ]
    async with run_stack(**URL) as stack:
        assert "result" in await read(stack, None)


async def test_errors_name_fields_that_the_agent_sent(run_stack: RunStack) -> None:
    known = {"references": [{"text": "a"}, {"picture_id": "forged"}]}
    image = base64.b64encode(JPEG).decode()
    async with run_stack(**URL) as stack:
        over_rest = [
            (await search(stack, **body)).json()["errors"][0]["field"]
            for body in (
                known,
                {**known, "image": image},
                {"pagination": {"cursor": "forged"}},
                {"query": 7},
            )
        ]
        over_mcp = [
            (await called(stack, name, arguments))["error"]["data"]["errors"][0]["field"]
            for name, arguments in (
                ("search_catalog", {"catalog": known}),
                ("search_catalog", {"catalog": {"pagination": {"cursor": "forged"}}}),
                ("search_catalog", {"catalog": {"query": 7}}),
                ("search_by_picture", {"picture_id": "forged"}),
                ("composed_search", {"parts": known["references"]}),
                ("similar_products", {"id": 7}),
            )
        ]
        many = await called(stack, "lookup_catalog", {"catalog": {"ids": ["x"] * 21}})
    picture = "references.1.picture_id"
    assert over_rest == [
        f"body.{picture}", f"body.{picture}", "body.pagination.cursor", "body.query",
    ]  # fmt: skip
    assert over_mcp == [
        f"catalog.{picture}", "catalog.pagination.cursor", "catalog.query", "picture_id",
        "parts.1.picture_id", "id",
    ]  # fmt: skip
    assert many["error"]["data"]["code"] == "request_too_large"


async def test_a_page_of_any_origin_may_use_mcp_if_the_operator_allows_all(
    run_stack: RunStack,
) -> None:
    body = {"jsonrpc": "2.0", "id": 1, "method": "tools/list"}
    async with run_stack(**URL, cors_origins=("*",)) as stack:
        page = {"Origin": "https://any.example"}
        listed = await stack.http.post("/mcp", json=body, headers=MCP | page)
    assert listed.headers["access-control-allow-origin"] == "*"
    assert listed.json()["result"]["tools"]
