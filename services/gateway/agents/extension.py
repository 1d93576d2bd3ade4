"""JSON Schema of our extension of `search_catalog`: pictures, references and weights."""

from __future__ import annotations

from typing import Any

from services.contracts.ucp_requests import UCP_VERSION, UcpSearchRequest
from services.gateway.agents.profile import (
    EXTENSION_VERSION,
    SCHEMA_PATH,
    SEARCH,
    extension_name,
)

INPUTS = ("image", "references", "weights")
"""Fields of `UcpSearchRequest` that UCP does not have."""


def extension_schema(public_url: str) -> dict[str, Any]:
    """The schema, with one definition for the capability that it extends."""
    whole = UcpSearchRequest.model_json_schema(ref_template="#/$defs/{model}")
    inputs = {name: whole["properties"][name] for name in INPUTS}
    definitions = {name: whole["$defs"][name] for name in _named(inputs, whole["$defs"])}
    picture_id = {
        "type": "string",
        "description": "In answers: stands for the sent picture in further searches.",
    }
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": public_url + SCHEMA_PATH,
        "name": extension_name(public_url),
        "version": EXTENSION_VERSION,
        "title": "Visual search",
        "description": "Search by a picture, and by products, words and pictures with weights.",
        "requires": {
            "protocol": {"min": UCP_VERSION},
            "capabilities": {SEARCH: {"min": UCP_VERSION}},
        },
        "$defs": {
            **definitions,
            SEARCH: {
                "title": "Catalog search with pictures and references",
                "type": "object",
                "properties": {**inputs, "picture_id": picture_id},
            },
        },
    }


def _named(part: object, definitions: dict[str, Any]) -> set[str]:
    """Names of the definitions that a schema leads to."""
    found: set[str] = set()
    waiting = [part]
    while waiting:
        match waiting.pop():
            case {"$ref": str() as reference, **rest}:
                name = reference.rpartition("/")[2]
                if name not in found:
                    found.add(name)
                    waiting.append(definitions[name])
                waiting.extend(rest.values())
            case dict() as members:
                waiting.extend(members.values())
            case list() as items:
                waiting.extend(items)
    return found
