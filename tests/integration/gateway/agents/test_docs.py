"""The snippets of docs/agents.md, run as they are printed."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys

import pytest
from mcp.client import Client
from mcp.client.stdio import StdioServerParameters

from tests.support.snippets import ROOT, snippet
from tests.support.ucp_rules import assert_follows_ucp
from tests.support.whole_stack import WholeStack

pytestmark = pytest.mark.e2e

_CLONE = "/path/to/multimodal-search"


async def test_the_configuration_of_claude_desktop_starts_a_server(stack: WholeStack) -> None:
    text = snippet("claude", stack.url).replace(f"{_CLONE}/.venv/bin/python", sys.executable)
    configuration = json.loads(text.replace(_CLONE, str(ROOT)))["mcpServers"]["shop"]

    async with Client(StdioServerParameters(**configuration, cwd="/")) as client:
        result = await client.call_tool("search_catalog", {"catalog": {"query": "red mug"}})

    assert_follows_ucp("search", result.structured_content)


def test_the_plain_client_prints_products(stack: WholeStack) -> None:
    done = _run(sys.executable, "-c", snippet("plain", stack.url))
    assert "striped" in done
    assert "'currency': 'EUR'" in done


@pytest.mark.skipif(shutil.which("curl") is None, reason="needs curl")
def test_the_call_with_curl_finds_products(stack: WholeStack) -> None:
    answer = json.loads(_run("sh", "-c", snippet("rest", stack.url)))
    assert_follows_ucp("search", answer)
    assert all(one["price_range"]["min"]["amount"] <= 2_000 for one in answer["products"])


def _run(*command: str) -> str:
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout
