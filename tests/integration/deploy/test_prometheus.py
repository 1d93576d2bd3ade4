"""A real Prometheus over the real services: no dashboard asks for something that isn't there."""

from __future__ import annotations

import asyncio
import hashlib
import json
import shutil
import subprocess
import uuid
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
import yaml  # type: ignore[import-untyped]

from tests.support.dashboards import ALERTS, OBSERVABILITY, alerts, panels
from tests.support.launcher import small_catalogue
from tests.support.ports import free_port
from tests.support.waiting import until
from tests.support.whole_stack import PATIENT_GATEWAY, SERVICES, WholeStack, whole_stack

PROMETHEUS = shutil.which("prometheus")
PROMTOOL = shutil.which("promtool")
CASES = Path(__file__).with_name("alerts.test.yml")
IDS = [f"sample-{number:04d}" for number in range(9, 33)]
KEY = "a-key-of-this-test-alone"

pytestmark = [
    pytest.mark.skipif(PROMETHEUS is None, reason="there is no prometheus here"),
    pytest.mark.timeout(240),
]


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WholeStack]:
    folder = tmp_path_factory.mktemp("stack")
    catalogue = small_catalogue(tmp_path_factory.mktemp("catalogue"), IDS)
    settings = {
        "GATEWAY_ADMIN_KEY_SHA256": hashlib.sha256(KEY.encode()).hexdigest(),
        **PATIENT_GATEWAY,
    }
    with whole_stack(folder / "state", catalogue, settings) as running:
        yield running


def shop(stack: WholeStack, picture: bytes) -> None:
    """Requests of shoppers, and of an administrator whose writer is unavailable."""
    with httpx.Client(base_url=stack.url, trust_env=False, timeout=20) as client:
        new = f"mug {uuid.uuid4().hex}"  # else no word would reach the model
        for query in (new, new, "red striped mug"):
            client.post("/predict", json={"query": query, "rewrite": True}).raise_for_status()
        client.post("/predict-image", files={"image": picture}).raise_for_status()
        client.put("/products/new-1", json={"title": "New"}, headers={"X-API-Key": KEY})


@pytest.fixture(scope="module")
def prometheus(
    stack: WholeStack, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[httpx.Client]:
    """Scraping each service, with the project's rules."""
    folder = tmp_path_factory.mktemp("prometheus")
    configuration = {
        "global": {"scrape_interval": "1s", "evaluation_interval": "1s"},
        "rule_files": [str(ALERTS)],
        "scrape_configs": [
            {
                "job_name": name,
                "scrape_timeout": "1s",
                "static_configs": [{"targets": [stack.url_of(name).removeprefix("http://")]}],
            }
            for name in SERVICES
        ],
    }
    (folder / "prometheus.yml").write_text(json.dumps(configuration))
    port = free_port()
    process = subprocess.Popen(
        [
            str(PROMETHEUS),
            f"--config.file={folder / 'prometheus.yml'}",
            f"--storage.tsdb.path={folder / 'data'}",
            f"--web.listen-address=127.0.0.1:{port}",
            "--log.level=error",
        ]
    )
    with httpx.Client(base_url=f"http://127.0.0.1:{port}", trust_env=False, timeout=60) as client:
        try:
            yield client
        finally:
            process.terminate()
            process.wait()


def asked(prometheus: httpx.Client, expression: str) -> list[dict[str, object]]:
    """The series that an expression has now; those that are no number are none."""
    answer = prometheus.get("/api/v1/query", params={"query": expression}).json()
    assert answer["status"] == "success", answer
    return [one for one in answer["data"]["result"] if one["value"][1] != "NaN"]


def test_no_panel_is_empty_and_no_alert_fires_while_all_is_well(
    stack: WholeStack, prometheus: httpx.Client
) -> None:
    picture = Path("data/sample/images/sample-0018.webp").read_bytes()

    def empty() -> list[str]:
        return [name for name, expression in panels().items() if not asked(prometheus, expression)]

    def all_filled() -> bool:
        shop(stack, picture)
        try:
            return not empty()
        except httpx.TransportError:
            return False  # not listening yet

    try:
        asyncio.run(until(all_filled, deadline_s=90))
    except TimeoutError:
        pytest.fail(f"these stay empty: {empty()}")
    told = prometheus.get("/api/v1/rules").json()["data"]["groups"]
    rules = {rule["name"]: rule for group in told for rule in group["rules"]}
    assert set(rules) == set(alerts())
    assert {name for name, rule in rules.items() if rule["health"] == "err"} == set()
    assert {name for name, rule in rules.items() if rule["state"] == "firing"} == set()


def test_an_alert_fires_for_a_part_that_is_away(
    stack: WholeStack, prometheus: httpx.Client
) -> None:
    expression = str(alerts()["PartAway"]["expr"])

    def told() -> bool:
        try:
            return bool(asked(prometheus, expression))
        except httpx.TransportError:
            return False

    stack.processes["rewriter"].stop()
    # The socket is the test's own and stays open: the scrape is not refused, it gets no answer.
    try:
        asyncio.run(until(told))
    finally:
        stack.start("rewriter").wait_until_ready(stack.url_of("rewriter"))


def test_prometheus_accepts_the_files_as_they_are() -> None:
    for words in (
        ["check", "config", str(OBSERVABILITY / "prometheus" / "prometheus.yml")],
        ["check", "rules", str(ALERTS)],
    ):
        done = subprocess.run([str(PROMTOOL), *words], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr


def test_each_alert_fires_when_it_should_and_not_before() -> None:
    done = subprocess.run(
        [str(PROMTOOL), "test", "rules", str(CASES)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    tried = [
        one
        for case in yaml.safe_load(CASES.read_text(encoding="utf-8"))["tests"]
        for one in case["alert_rule_test"]
    ]
    for silent in (True, False):
        named = {one["alertname"] for one in tried if silent is not bool(one["exp_alerts"])}
        assert named == set(alerts())
