"""Descriptions of the tools: short, and true of the models that read the calls."""

from __future__ import annotations

import json

import pytest
from mcp_types import Tool

from services.encoder.tokenizer import Tokenizer
from services.gateway.mcp.tools import CALLS, INSTRUCTIONS, NOTE, TOOLS

BUDGET = 1_000
"""Tokens of all descriptions together. CLIP's vocabulary is smaller than a language model's, so it
counts more of them."""
LIST_BUDGET = 4_000
"""Tokens of the whole list of tools in JSON."""


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
    tokenizer = Tokenizer()
    listed = [tool.model_dump(by_alias=True, exclude_none=True) for tool in TOOLS]
    texts = [*descriptions(listed), INSTRUCTIONS, NOTE, *(tool.title or "" for tool in TOOLS)]
    assert sum(len(tokenizer.encode(text)) for text in texts) < BUDGET
    assert len(tokenizer.encode(json.dumps(listed))) < LIST_BUDGET


@pytest.mark.parametrize("tool", TOOLS, ids=lambda tool: tool.name)
def test_a_tool_offers_only_what_its_model_reads(tool: Tool) -> None:
    schema, model = tool.input_schema, CALLS[tool.name]
    assert set(schema["properties"]) <= set(model.model_fields)
    required = {name for name, one in model.model_fields.items() if one.is_required()}
    assert set(schema.get("required", [])) == required
