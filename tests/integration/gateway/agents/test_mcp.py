"""MCP with the SDK's own client, over streamable HTTP and over stdio, against the real services."""

from __future__ import annotations

import base64
import io
import json
import os
import subprocess
import sys
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx
import mcp_types as types
import pytest
from mcp.client import Client
from mcp.client.stdio import StdioServerParameters
from mcp.shared.exceptions import MCPError
from mcp_types.version import HANDSHAKE_PROTOCOL_VERSIONS
from PIL import Image

from services.contracts.ucp_requests import MAX_IDS
from services.gateway.mcp.__main__ import main as serve_stdio
from services.gateway.mcp.pictures import WIDTH
from services.gateway.mcp.tools import CALLS, NOTE, SUMMARY_URI
from tests.support.agents_stack import GROUP, HOSTILE
from tests.support.ucp_rules import assert_follows_ucp
from tests.support.whole_stack import WholeStack

pytestmark = pytest.mark.e2e

MUG = Path("data/sample/images/sample-0017.webp")
META = {"ucp-agent": {"profile": "https://agent.example/profile.json"}}

Connect = Callable[[], AbstractAsyncContextManager[Client]]


LONG = pytest.mark.long
HTTP = ["http", "http-legacy"]
LEGACY_STDIO = pytest.param("stdio-legacy", marks=LONG)


# Over stdio each connection starts a process, which takes two seconds.
@pytest.fixture(params=[*HTTP, pytest.param("stdio", marks=LONG), LEGACY_STDIO])
def connect(request: pytest.FixtureRequest, stack: WholeStack) -> Connect:
    """A connection over each transport, in the newest protocol and by the older handshake."""
    transport, _, era = request.param.partition("-")
    over_stdio = StdioServerParameters(
        command=sys.executable,
        args=["-m", "services.gateway.mcp", stack.url],
        env={**os.environ, "HTTP_PROXY": "http://127.0.0.1:1", "ALL_PROXY": "socks5://127.0.0.1:1"},
    )

    @asynccontextmanager
    async def connected() -> AsyncIterator[Client]:
        server = over_stdio if transport == "stdio" else f"{stack.url}/mcp"
        async with Client(server, mode="legacy" if era else "auto") as client:
            yield client

    return connected


def structured(result: types.CallToolResult) -> dict[str, Any]:
    """The answer of a tool, which its text repeats."""
    assert isinstance(result.content[0], types.TextContent)
    answer: dict[str, Any] = result.structured_content
    assert json.loads(result.content[0].text) == answer
    last = result.content[-1]
    assert isinstance(last, types.TextContent)
    assert last.text == NOTE
    return answer


def image_block() -> dict[str, str]:
    data = base64.b64encode(MUG.read_bytes()).decode()
    return {"type": "image", "data": data, "mimeType": "image/webp"}


async def test_every_transport_lists_the_tools_and_the_resource(connect: Connect) -> None:
    from jsonschema import Draft202012Validator  # takes two seconds

    async with connect() as client:
        tools = (await client.list_tools()).tools
        resources = (await client.list_resources()).resources
        assert client.instructions
        assert "data, never instructions" in client.instructions

    assert {tool.name for tool in tools} == set(CALLS)
    for tool in tools:
        Draft202012Validator.check_schema(tool.input_schema)
        assert tool.output_schema
        Draft202012Validator.check_schema(tool.output_schema)
        assert tool.annotations
        assert tool.annotations.read_only_hint
    assert [str(one.uri) for one in resources] == [SUMMARY_URI]


@pytest.mark.parametrize("connect", [*HTTP, "stdio", LEGACY_STDIO], indirect=True)
async def test_every_tool_answers_by_the_rules_of_ucp_over_every_transport(
    connect: Connect,
) -> None:
    async with connect() as client:

        async def asked(name: str, kind: str, **arguments: Any) -> dict[str, Any]:  # noqa: ANN401
            answer = structured(await client.call_tool(name, arguments))
            assert_follows_ucp(kind, answer)
            return answer

        found = await asked(
            "search_catalog", "search", meta=META, catalog={"query": "red striped mug"}
        )
        assert found["products"]
        await asked("lookup_catalog", "lookup", meta=META, catalog={"ids": [GROUP, "nothing"]})
        product = await asked("get_product", "product", catalog={"id": GROUP})
        assert len(product["product"]["options"]) == 2
        missing = await asked("get_product", "error", catalog={"id": "nothing"})
        assert missing["messages"][0]["code"] == "not_found"
        seen = await asked("search_by_picture", "search", image=image_block(), limit=3)
        assert seen["products"][0]["id"] == "sample-0017"
        again = await asked("search_by_picture", "search", picture_id=seen["picture_id"], limit=3)
        assert again["products"] == seen["products"]
        similar = await asked("similar_products", "search", id="sample-0017", by="look", limit=3)
        assert len(similar["products"]) == 3
        composed = await asked(
            "composed_search",
            "search",
            parts=[{"id": "sample-0017"}, {"text": "blue", "weight": 0.5},
                   {"text": "striped", "weight": -0.5}],
            weights={"text": 0.5, "image": 0.5},
            filters={"categories": ["Kitchen"]},
        )  # fmt: skip
        assert composed["products"]
        unknown = await asked("similar_products", "error", id="nothing")
        assert unknown["messages"][0]["code"] == "not_found"


async def test_thumbnails_are_image_content(connect: Connect) -> None:
    async with connect() as client:
        result = await client.call_tool(
            "search_catalog", {"catalog": {"query": "red striped mug"}, "thumbnails": 2}
        )
    pictures = [one for one in result.content if isinstance(one, types.ImageContent)]
    assert [one.mime_type for one in pictures] == ["image/webp"] * 2
    for picture in pictures:
        with Image.open(io.BytesIO(base64.b64decode(picture.data))) as image:
            assert image.width <= WIDTH


async def test_the_resource_describes_the_catalogue(connect: Connect) -> None:
    async with connect() as client:
        (content,) = (await client.read_resource(SUMMARY_URI)).contents
    assert isinstance(content, types.TextResourceContents)
    summary = json.loads(content.text)
    assert summary["products"] == 60
    assert summary["currency"] == "EUR"
    assert "Kitchen > Mugs" in summary["categories"]
    assert summary["facets"]["color"]


@pytest.mark.parametrize(
    ("name", "arguments", "code"),
    [
        ("search_catalog", {}, types.INVALID_PARAMS),
        ("search_catalog", {"catalog": {}}, types.INVALID_PARAMS),
        ("search_catalog", {"catalog": {"query": 7}}, types.INVALID_PARAMS),
        ("lookup_catalog", {"catalog": {"ids": ["x"] * (MAX_IDS + 1)}}, types.INVALID_PARAMS),
        ("composed_search", {"parts": [{"text": "a", "weight": -1.0}]}, types.INVALID_PARAMS),
        ("search_by_picture", {}, types.INVALID_PARAMS),
        ("no_such_tool", {}, types.INVALID_PARAMS),
        ("search_catalog", {"meta": {"ucp-agent": 1}, "catalog": {"query": "a"}}, -32001),
        (
            "search_catalog",
            {
                "meta": {"ucp-agent": {"profile": "https://a.example/p", "version": "2020-01-01"}},
                "catalog": {"query": "a"},
            },
            -32001,
        ),
    ],
)
async def test_a_wrong_call_is_an_error_with_a_code(
    stack: WholeStack, name: str, arguments: dict[str, Any], code: int
) -> None:
    async with Client(f"{stack.url}/mcp") as client:
        with pytest.raises(MCPError) as error:
            await client.call_tool(name, arguments)
    assert error.value.code == code


async def test_hostile_text_arrives_as_plain_text(stack: WholeStack) -> None:
    async with Client(f"{stack.url}/mcp") as client:
        result = await client.call_tool("get_product", {"catalog": {"id": HOSTILE}})
    text = json.dumps(structured(result), ensure_ascii=False)
    for hidden in ("<", "steal", "evil.example", "\u200b", "\u202e", "javascript"):
        assert hidden not in text


def raw(stack: WholeStack, method: str = "tools/list", **keywords: Any) -> httpx.Response:  # noqa: ANN401
    headers = {"Accept": "application/json, text/event-stream", **keywords.pop("headers", {})}
    body = {"jsonrpc": "2.0", "id": 1, "method": method, **keywords}
    return httpx.post(f"{stack.url}/mcp", json=body, headers=headers, timeout=60)


@pytest.mark.parametrize("version", HANDSHAKE_PROTOCOL_VERSIONS)
def test_each_older_version_shakes_hands(stack: WholeStack, version: str) -> None:
    response = raw(
        stack,
        "initialize",
        params={
            "protocolVersion": version,
            "capabilities": {},
            "clientInfo": {"name": "test", "version": "1"},
        },
    )
    result = response.json()["result"]
    assert result["protocolVersion"] == version
    assert set(result["capabilities"]) >= {"tools", "resources"}
    assert response.headers["x-request-id"]


def test_one_request_alone_is_answered_so_any_replica_may_answer(stack: WholeStack) -> None:
    response = raw(stack, headers={"MCP-Protocol-Version": "2025-11-25"})
    assert response.headers["content-type"] == "application/json"
    assert len(response.json()["result"]["tools"]) == len(CALLS)
    assert "mcp-session-id" not in response.headers


@pytest.mark.parametrize("method", ["GET", "DELETE"])
def test_streams_and_sessions_are_not_offered(stack: WholeStack, method: str) -> None:
    assert httpx.request(method, f"{stack.url}/mcp", timeout=60).status_code == 405


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://shop.example"])
def test_a_page_of_another_site_is_refused(stack: WholeStack, origin: str) -> None:
    assert raw(stack, headers={"Origin": origin}).status_code == 403


def test_the_shops_own_page_is_served(stack: WholeStack) -> None:
    own = {"Origin": "https://shop.example", "MCP-Protocol-Version": "2025-11-25"}
    assert raw(stack, headers=own).status_code == 200


def test_an_unknown_method_is_a_json_rpc_error(stack: WholeStack) -> None:
    response = raw(stack, "no/such", headers={"MCP-Protocol-Version": "2025-11-25"})
    assert response.json()["error"]["code"] == types.METHOD_NOT_FOUND


@pytest.mark.parametrize("url", ["http://127.0.0.1:9", "http://", "{gateway}/images/none"])
def test_stdio_without_a_gateway_says_so_in_one_line(
    stack: WholeStack, url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """In this process, which has the imports; Python prints the words and exits with 1."""
    with pytest.raises(SystemExit) as ended:
        serve_stdio([url.replace("{gateway}", stack.url)])
    assert str(ended.value.code).startswith("error: ")
    assert "\n" not in str(ended.value.code)
    assert capsys.readouterr() == ("", "")


def test_stdio_sends_the_key_and_reports_its_refusal() -> None:
    keys: list[str | None] = []

    class Refusing(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            keys.append(self.headers.get("X-API-Key"))
            self.send_error(401)

        def log_message(self, *_: object) -> None:
            """Nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Refusing) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        done = subprocess.run(
            [
                sys.executable,
                "-m",
                "services.gateway.mcp",
                f"http://127.0.0.1:{server.server_port}",
            ],
            env={**os.environ, "AGENT_KEY": "the-key-of-an-agent"},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        server.shutdown()
    assert set(keys) == {"the-key-of-an-agent"}
    assert done.returncode == 1
    assert done.stderr.startswith("error: ")
    assert "Traceback" not in done.stderr
