"""Frameworks of agents, by the snippets of docs/agents.md, against a real stack.

Their models are scripts: the first turn calls a tool of the shop, the second says what it found.
Everything else is the framework's own, with the older MCP SDK that it needs.
"""

from __future__ import annotations

import json
import os
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from services.gateway.mcp.tools import CALLS
from tests.support.agents_stack import agents_stack
from tests.support.snippets import ROOT, snippet
from tests.support.whole_stack import WholeStack

PYTHON = os.environ.get("AGENTS_PYTHON", "")
CALL = {"catalog": {"query": "red striped mug", "pagination": {"limit": 3}}}

pytestmark = [
    pytest.mark.skipif(
        not PYTHON, reason="the frameworks have an environment of their own: `make test-agents`"
    ),
    pytest.mark.timeout(600),
]

SCRIPTED_CHAT_MODEL = f"""
from langchain_core.language_models.fake_chat_models import GenericFakeChatModel
from langchain_core.messages import AIMessage


class Scripted(GenericFakeChatModel):
    def bind_tools(self, tools, **_):
        print("tools:", sorted(tool.name for tool in tools))
        return self


call = {{"name": "search_catalog", "args": {CALL!r}, "id": "call-1"}}
model = Scripted(messages=iter([AIMessage("", tool_calls=[call]), AIMessage("There they are.")]))
"""


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WholeStack]:
    with agents_stack(tmp_path_factory.mktemp("frameworks")) as running:
        yield running


class _ScriptedModel(BaseHTTPRequestHandler):
    """OpenAI's Responses API, as far as one call of a tool needs it."""

    asked: list[dict[str, Any]]

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        self.asked.append(body)
        results = [one for one in body["input"] if one.get("type") == "function_call_output"]
        content = json.dumps(_response(results)).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: object) -> None:
        """Nothing."""


def _response(results: list[dict[str, Any]]) -> dict[str, Any]:
    output: dict[str, Any]
    if results:
        text = f"The shop said: {json.dumps(results[0]['output'])[:4000]}"
        part = {"type": "output_text", "text": text, "annotations": []}
        output = {"type": "message", "id": "m-1", "role": "assistant", "content": [part]}
    else:
        output = {"type": "function_call", "id": "f-1", "call_id": "call-1"}
        output |= {"name": "search_catalog", "arguments": json.dumps(CALL)}
    return {
        "id": "r-1",
        "object": "response",
        "created_at": 0,
        "model": "scripted",
        "parallel_tool_calls": False,
        "tool_choice": "auto",
        "tools": [],
        "output": [{**output, "status": "completed"}],
    }


@contextmanager
def scripted_model() -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """Its address, and what it was asked."""
    asked: list[dict[str, Any]] = []
    handler = type("Handler", (_ScriptedModel,), {"asked": asked})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/v1", asked
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def run(code: str, **variables: str) -> str:
    done = subprocess.run(
        [str(ROOT / PYTHON) if not os.path.isabs(PYTHON) else PYTHON, "-c", code],
        env={**os.environ, **variables},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-4_000:]
    return done.stdout


def test_an_agent_of_openais_sdk_finds_products(stack: WholeStack) -> None:
    with scripted_model() as (address, asked):
        said = run(
            snippet("openai", stack.url),
            OPENAI_BASE_URL=address,
            OPENAI_API_KEY="none",
            OPENAI_AGENTS_DISABLE_TRACING="1",
        )
    assert {tool["name"] for tool in asked[0]["tools"]} == set(CALLS)
    assert "striped" in said
    assert "price_range" in said


def test_a_graph_of_langgraph_finds_products(stack: WholeStack) -> None:
    said = run(SCRIPTED_CHAT_MODEL + snippet("langgraph", stack.url))
    assert f"tools: {sorted(CALLS)}" in said
    assert "striped" in said
    assert "There they are." in said
