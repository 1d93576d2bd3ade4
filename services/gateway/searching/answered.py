"""What is told of a search once it is answered: a count, and an entry of the query log."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from services.contracts.query_log import Sought
from services.contracts.retriever import NO_MATCH_BELOW, RetrievalRequest, RetrievalResponse
from services.contracts.rewriter import RewriteSource
from services.gateway.metrics import GatewayMetrics


@dataclass(frozen=True, slots=True)
class Answered:
    """A search of the retriever and its answer."""

    search: RetrievalRequest
    found: RetrievalResponse
    words: str | None
    """What was sought in words, as the person put it."""
    rewritten: RewriteSource | None
    degraded: list[str]
    took_ms: float

    @property
    def sought(self) -> Sought | None:
        """None for a further page, and for what is like a product: nobody asked those."""
        kinds = {term.kind for term in self.search.terms if term.vector is not None}
        if not kinds or self.search.after is not None:
            return None
        alone = len(kinds) == 1 and all(term.vector is not None for term in self.search.terms)
        return kinds.pop() if alone else "mixed"


Tell = Callable[[Answered], None]


def telling(metrics: GatewayMetrics, log: Tell | None) -> Tell:
    """Count by kind and by whether there was a match; and log, where there is a log."""

    def tell(answered: Answered) -> None:
        sought = answered.sought
        if sought is None:
            return
        matched = answered.found.confidence >= NO_MATCH_BELOW
        metrics.searches.labels(sought, "good" if matched else "none").inc()
        if log is not None:
            log(answered)

    return tell
