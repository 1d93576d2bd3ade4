"""Reports of an answered search: to the metrics, and to the query log if there is one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from services.contracts.query_log import Sought
from services.contracts.retriever import NO_MATCH_BELOW, RetrievalRequest
from services.contracts.rewriter import RewriteSource
from services.gateway.metrics import GatewayMetrics
from services.gateway.searching.found import Found


@dataclass(frozen=True, slots=True)
class Answered:
    """A search of the retriever and its answer."""

    search: RetrievalRequest
    found: Found
    words: str | None
    """The words of the search as the caller wrote them."""
    rewritten: RewriteSource | None
    degraded: list[str]
    took_ms: float

    @property
    def sought(self) -> Sought | None:
        """None for a further page, and for products alone: nobody asked those."""
        kinds = {term.kind for term in self.search.terms if term.vector is not None}
        if not kinds or self.search.after is not None:
            return None
        alone = len(kinds) == 1 and all(term.vector is not None for term in self.search.terms)
        return kinds.pop() if alone else "mixed"


Report = Callable[[Answered], None]


def reporting(metrics: GatewayMetrics, log: Report | None) -> Report:
    """Counts searches by kind and by match, and logs them if there is a log."""

    def report(answered: Answered) -> None:
        sought = answered.sought
        if sought is None:
            return
        matched = answered.found.head.confidence >= NO_MATCH_BELOW
        metrics.searches.labels(sought, "good" if matched else "none").inc()
        if log is not None:
            log(answered)

    return report
