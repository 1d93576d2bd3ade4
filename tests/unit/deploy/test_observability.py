"""Dashboards and alerts ask for metrics that there are, and each alert has its page."""

from __future__ import annotations

import re
from pathlib import Path

import promql_parser
import pytest
from prometheus_client.parser import text_string_to_metric_families

from services.common.metrics import Metrics
from services.encoder.cache import EmbeddingCache
from services.gateway.metrics import GatewayMetrics
from services.retriever.metrics import RetrieverMetrics
from services.rewriter.metrics import RewriterMetrics
from tests.support.dashboards import ROOT, alerts, panels

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
