"""The response schema of Gemini, made from the contract that its answers are read by.

Gemini takes a part of OpenAPI 3.0: no references, no unions but with null.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from services.rewriter.answer import Answer

if TYPE_CHECKING:
    from google.genai.types import Schema


def response_schema() -> Schema:
    """The schema of `Answer`."""
    schema = Answer.model_json_schema()
    return _converted(schema, schema.get("$defs", {}))


def _converted(schema: dict[str, Any], definitions: dict[str, Any]) -> Schema:
    from google.genai import types

    if "$ref" in schema:
        return _converted(definitions[schema["$ref"].rpartition("/")[2]], definitions)
    if "anyOf" in schema:
        (other,) = [one for one in schema["anyOf"] if one.get("type") != "null"]
        found = _converted(other, definitions)
        return found.model_copy(update={"nullable": True, "description": _description(schema)})
    converted = types.Schema(
        type=types.Type(schema["type"].upper()), description=_description(schema)
    )
    if "enum" in schema:
        converted.enum = schema["enum"]
    if "items" in schema:
        converted.items = _converted(schema["items"], definitions)
        converted.max_items = schema.get("maxItems")
    if "properties" in schema:
        converted.properties = {
            name: _converted(one, definitions) for name, one in schema["properties"].items()
        }
        converted.property_ordering = list(schema["properties"])
        converted.required = schema.get("required")
    return converted


def _description(schema: dict[str, Any]) -> str | None:
    text = schema.get("description")
    return text if isinstance(text, str) else None
