"""New fields that are empty are not sent: a service of the release before refuses them."""

from __future__ import annotations

from services.contracts.limits import QueryLimit
from services.contracts.rewriter import RewriteResponse
from services.contracts.understanding import UnderstandRequest, UnderstandResponse

REWRITTEN = RewriteResponse(query="a", rewritten_query="b", source="gemini", latency_ms=1)


def test_messages_without_gemini_are_those_of_the_release_before() -> None:
    assert UnderstandRequest(queries=["a"]).model_dump() == {"queries": ["a"]}
    assert UnderstandResponse(queries=[]).model_dump() == {"queries": [], "snapshot": ""}
    assert REWRITTEN.model_dump().keys() == {
        "query", "rewritten_query", "source", "model", "latency_ms",
    }  # fmt: skip


def test_a_limit_is_sent() -> None:
    limits = [QueryLimit(kind="in_stock", text="in stock")]
    sent = REWRITTEN.model_copy(update={"understood": limits}).model_dump_json()
    assert RewriteResponse.model_validate_json(sent).understood == limits
