"""Every published operation, asked in every way that its schema allows, and in many that it bars.

Schemathesis reads the schema that the running service publishes, and holds every answer to it: no
5xx, no status, type, header or body that the schema does not have, nothing accepted that it
forbids. It also follows the schema's links, from a search to the products that it found. In
`make test-long`; longer: `make fuzz FUZZ_EXAMPLES=500`.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from services.gateway.admission.access import key_hash
from tests.support.agents_stack import NO_AGENT_LIMIT
from tests.support.launcher import small_catalogue
from tests.support.whole_stack import WITH_WRITER, WholeStack, whole_stack

pytestmark = [pytest.mark.e2e, pytest.mark.long]

EXAMPLES = os.environ.get("FUZZ_EXAMPLES", "10")
SECONDS = 60 + 2 * int(EXAMPLES)
CONFIGURATION = Path(__file__).parent / "schemathesis.toml"
HOOKS = Path(__file__).parent / "hooks.py"
KEY = "a-key-that-may-search"
ADMIN_KEY = "a-key-that-may-change-products"
UCP = r"^/(ucp|\.well-known)/"
PHASES = "examples,coverage,fuzzing"
LINKED = ("retriever", "writer", "gateway")


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WholeStack]:
    folder = tmp_path_factory.mktemp("fuzz")
    catalogue = small_catalogue(folder, [f"sample-{number:04d}" for number in range(1, 41)])
    settings = {
        # With a key, so that the answers without one are checked as well.
        "GATEWAY_SEARCH_KEY_SHA256": key_hash(KEY),
        "GATEWAY_ADMIN_KEY_SHA256": key_hash(ADMIN_KEY),
        "GATEWAY_RATE_PER_MINUTE": "10000000",
        "GATEWAY_RATE_BURST": "1000000",
        # So that the schema has UCP as well.
        "GATEWAY_AGENTS_URL": "https://shop.example",
        **NO_AGENT_LIMIT,
    }
    with whole_stack(folder / "stack", catalogue, settings, services=WITH_WRITER) as one:
        yield one


@pytest.mark.timeout(SECONDS + 60)
@pytest.mark.parametrize("name", WITH_WRITER)
def test_no_request_breaks_a_service_or_its_published_schema(
    stack: WholeStack, name: str, tmp_path: Path
) -> None:
    phases = f"{PHASES},stateful"
    said = _fuzzed(stack, name, tmp_path, "--phases", phases, "--exclude-path-regex", UCP)
    assert ("✅ Stateful" in said) == (name in LINKED), said


@pytest.mark.timeout(SECONDS + 60)
def test_no_request_of_an_agent_breaks_the_gateway_or_its_schema(
    stack: WholeStack, tmp_path: Path
) -> None:
    platform = 'UCP-Agent: profile="https://agent.example/profile.json"'
    options = ("--phases", PHASES, "--include-path-regex", UCP, "--header", platform)
    assert "Tested: 5" in _fuzzed(stack, "gateway", tmp_path, *options)


def _fuzzed(stack: WholeStack, name: str, folder: Path, *options: str) -> str:
    """Report of Schemathesis about a service without faults."""
    done = subprocess.run(
        [
            str(Path(sys.executable).with_name("schemathesis")),
            *("--config-file", str(CONFIGURATION.resolve())),
            *("run", f"{stack.url_of(name)}/openapi.json"),
            *("--max-examples", EXAMPLES, "--continue-on-failure", "--no-color"),
            *("--request-timeout", "10", "--header", f"X-API-Key: {ADMIN_KEY}"),
            *options,
            *(() if "FUZZ_EXAMPLES" in os.environ else ("--seed", "1")),
        ],
        cwd=folder,
        env={**os.environ, "SCHEMATHESIS_HOOKS": str(HOOKS.resolve())},
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-8000:] + done.stderr[-2000:]
    asked = re.search(r"(\d+) generated", done.stdout)
    assert asked is not None, done.stdout
    assert int(asked[1]) > 50
    log = stack.processes[name].log.read_text()
    assert stack.processes[name].process.poll() is None
    assert "unexpected error" not in log
    return done.stdout
