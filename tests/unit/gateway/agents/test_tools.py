"""Descriptions of the tools: short, and true of the models that read the calls."""

from __future__ import annotations

import json
import re

import pytest

from services.gateway.mcp.tools import CALLS, INSTRUCTIONS, TOOLS

BUDGET = 1_000
"""Tokens of all descriptions together."""
WHOLE_BUDGET = 2_500
"""Tokens of the whole list of tools, the schemas' brackets included."""


def tokens(text: str) -> int:
    """An upper bound of what the tokenisers of language models make of it: CLIP's own vocabulary is
    smaller, and each sign of punctuation counts."""
    words = re.findall(r"[A-Za-z]+|\d|[^\sA-Za-z\d]", text)
    return sum(1 + len(word) // 8 for word in words)


def descriptions(part: object) -> list[str]:
    match part:
        case dict():
            own = [part["description"]] if isinstance(part.get("description"), str) else []
            return own + [text for value in part.values() for text in descriptions(value)]
        case list():
            return [text for value in part for text in descriptions(value)]
        case _:
            return []


def test_all_descriptions_stay_within_the_budget() -> None:
    listed = [tool.model_dump(by_alias=True, exclude_none=True) for tool in TOOLS]
    texts = [*descriptions(listed), INSTRUCTIONS, *(tool.title or "" for tool in TOOLS)]
    assert sum(map(tokens, texts)) < BUDGET
    assert tokens(json.dumps(listed)) < WHOLE_BUDGET * 2


@pytest.mark.parametrize("tool", TOOLS, ids=lambda tool: tool.name)
def test_a_tool_offers_only_what_its_model_reads(tool: object) -> None:
    schema = tool.input_schema  # type: ignore[attr-defined]
    model = CALLS[tool.name]  # type: ignore[attr-defined]
    assert set(schema["properties"]) <= set(model.model_fields)
    required = {name for name, one in model.model_fields.items() if one.is_required()}
    assert set(schema.get("required", [])) == required
