"""Dashboards and alerts use metrics that exist, and each alert has a runbook."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import promql_parser
import pytest
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.cog.plugins import register_default_plugins
from grafana_foundation_sdk.models.dashboard import Dashboard
from prometheus_client.parser import text_string_to_metric_families

from services.common.metrics import Metrics
from services.encoder.cache import EmbeddingCache
from services.gateway.metrics import GatewayMetrics
from services.retriever.metrics import RetrieverMetrics
from services.rewriter.metrics import RewriterMetrics
from tests.support.dashboards import DASHBOARDS, ROOT, alerts, panels

RUNBOOKS = ROOT / "docs" / "runbooks"
EXPRESSIONS = {**panels(), **{name: rule["expr"] for name, rule in alerts().items()}}
_MADE_LATER = {
    "encoder_batch_size",
    "encoder_forward_seconds",
    "encoder_queue_items",
    "encoder_cache_lookups",
    "rewriter_cache_lookups",
}
"""Registered where they are counted; the integration test finds them in the running services."""
_FROM_PROMETHEUS = {"up"}
_SUFFIXES = ("_bucket", "_sum", "_count", "_total", "_info")


def _unknown(ours: Any, grafanas: Any, where: str) -> list[str]:  # noqa: ANN401 - JSON
    """Values of ours that Grafana's types do not have, or have otherwise."""
    if isinstance(ours, dict) and isinstance(grafanas, dict):
        steps = [(f"{where}.{name}", ours[name], grafanas.get(name)) for name in ours]
    elif isinstance(ours, list) and isinstance(grafanas, list) and len(ours) == len(grafanas):
        steps = [
            (f"{where}[{index}]", *pair)
            for index, pair in enumerate(zip(ours, grafanas, strict=True))
        ]
    else:
        return [] if ours == grafanas else [where]
    return [found for step, one, other in steps for found in _unknown(one, other, step)]


@pytest.mark.parametrize("path", DASHBOARDS, ids=lambda path: path.stem)
def test_a_dashboard_has_only_what_grafanas_schema_has(path: Path) -> None:
    register_default_plugins()
    ours = json.loads(path.read_text(encoding="utf-8"))
    grafanas = json.loads(json.dumps(Dashboard.from_json(ours), cls=JSONEncoder))

    assert _unknown(ours, grafanas, path.stem) == []
    wrong = {**ours, "panels": [{**ours["panels"][0], "titel": "Searches"}]}
    read = json.loads(json.dumps(Dashboard.from_json(wrong), cls=JSONEncoder))
    assert _unknown(wrong, read, "it") == ["it.panels[0].titel"]


def _known() -> set[str]:
    families = (
        family.name
        for metrics in (Metrics("any"), GatewayMetrics(), RetrieverMetrics(), RewriterMetrics())
        for family in text_string_to_metric_families(metrics.exposition().decode())
    )
    return {*families, *_MADE_LATER, *_FROM_PROMETHEUS}


def _names(expression: str) -> set[str]:
    """Metrics that an expression asks for, without what a kind of metric adds to its name."""
    without_labels = re.sub(r"\{[^}]*\}|\"[^\"]*\"", "", expression)
    words = set(re.findall(r"\b[a-z]+(?:_[a-z0-9]+)+\b|\bup\b", without_labels))
    functions = {"avg_over_time", "histogram_quantile", "max_over_time"}
    labels = {"service_asked"}
    found = set()
    for word in words - functions - labels:
        for suffix in _SUFFIXES:
            if word.endswith(suffix) and word not in _known():
                word = word.removesuffix(suffix)
        found.add(word)
    return found


@pytest.mark.parametrize("name", sorted(EXPRESSIONS))
def test_an_expression_is_promql_and_asks_for_metrics_that_there_are(name: str) -> None:
    promql_parser.parse(EXPRESSIONS[name])
    asked = _names(EXPRESSIONS[name])
    assert asked
    assert asked - _known() == set()


@pytest.mark.parametrize("name", sorted(alerts()))
def test_every_alert_says_how_bad_it_is_and_has_a_page_that_says_what_to_do(name: str) -> None:
    rule = alerts()[name]
    assert rule["labels"]["severity"] in {"page", "ticket"}
    assert rule["annotations"]["summary"]
    page = ROOT / rule["annotations"]["runbook"]
    text = page.read_text(encoding="utf-8")
    assert f"`{name}`" in text
    assert re.search(r"^1\. ", text, re.MULTILINE), "it lists steps"


def test_every_runbook_is_of_an_alert() -> None:
    named = {Path(rule["annotations"]["runbook"]).name for rule in alerts().values()}
    assert {path.name for path in RUNBOOKS.glob("*.md")} - {"README.md"} == named


def test_the_metrics_that_are_registered_later_are_named_as_here() -> None:
    source = Path(EmbeddingCache.__module__.replace(".", "/") + ".py").read_text()
    assert '"encoder_cache_lookups"' in source
