"""Google's published schema of `generateContent`, enforced as the service enforces it.

The definitions are those of the package `google-ai-generativelanguage`, one set for each version of
the API. A field that a version does not define is refused with the service's status and wording.
"""

from __future__ import annotations

import re
from typing import Any

from google.ai import generativelanguage_v1 as v1
from google.ai import generativelanguage_v1beta as v1beta
from google.protobuf import json_format  # type: ignore[import-untyped]

VERSIONS = {"v1": v1, "v1beta": v1beta}

_KINDS: dict[str, type | tuple[type, ...]] = {
    "OBJECT": dict,
    "ARRAY": list,
    "STRING": str,
    "NUMBER": (int, float),
    "INTEGER": int,
    "BOOLEAN": bool,
}

_UNKNOWN_FIELD = re.compile(r'has no field named "(?P<name>[^"]+)" at "(?P<path>[^"]+)"')
_AT = re.compile(r" at GenerateContentRequest\.?(?P<path>[\w.\[\]]*)")


class Refused(Exception):
    """The service would refuse the request. The message has the service's wording."""


def check_request(version: str, body: dict[str, Any]) -> None:
    """Parse the body as this version's `GenerateContentRequest`. Raises Refused."""
    request = VERSIONS[version].GenerateContentRequest
    try:
        message = json_format.ParseDict(body, request.pb(request()))
    except json_format.ParseError as error:
        raise Refused(_as_google_says(str(error))) from error
    if not message.contents:
        raise Refused("* GenerateContentRequest.contents: contents is not specified\n")
    config = message.generation_config
    fields = config.DESCRIPTOR.fields_by_name
    if (
        "response_schema" in fields
        and config.HasField("response_schema")
        and config.response_mime_type != "application/json"
    ):
        raise Refused(
            "* GenerateContentRequest.generation_config.response_schema: "
            "only allowed with response_mime_type application/json\n"
        )
    if "response_schema" in fields and config.HasField("response_schema"):
        at = "GenerateContentRequest.generation_config.response_schema"
        _check_schema(config.response_schema, at)


def misfit(schema: dict[str, Any], value: object, at: str = "answer") -> str | None:
    """The first place where a value does not fit a request's response schema; None if it fits.

    Gemini's decoder is bound to the schema: it cannot answer with a field that is not in it.
    """
    if value is None:
        return None if schema.get("nullable") else f"{at} is null"
    kind = schema["type"]
    if not isinstance(value, _KINDS[kind]) or (isinstance(value, bool) and kind != "BOOLEAN"):
        return f"{at} is no {kind}"
    if "enum" in schema and value not in schema["enum"]:
        return f"{at} is none of the enum"
    if isinstance(value, list):
        if len(value) > int(schema.get("maxItems", len(value))):
            return f"{at} is too long"
        found = (misfit(schema["items"], one, f"{at}[{n}]") for n, one in enumerate(value))
        return next(filter(None, found), None)
    if isinstance(value, dict):
        properties = schema.get("properties", {})
        for name in schema.get("required", []):
            if name not in value:
                return f"{at} lacks {name}"
        for name, one in value.items():
            if name not in properties:
                return f"{at} has an unknown {name}"
            if wrong := misfit(properties[name], one, f"{at}.{name}"):
                return wrong
    return None


def _check_schema(schema: v1beta.Schema, at: str) -> None:
    """What the service checks beyond the types of the fields. Raises Refused."""
    kind = v1beta.Type(schema.type_).name
    names = set(schema.properties)
    if kind == "TYPE_UNSPECIFIED":
        raise Refused(f"* {at}.type: must be specified\n")
    if kind == "OBJECT" and not names:
        raise Refused(f"* {at}.properties: should be non-empty for OBJECT type\n")
    if kind == "ARRAY" and not schema.HasField("items"):
        raise Refused(f"* {at}.items: missing field.\n")
    if schema.enum and kind != "STRING":
        raise Refused(f"* {at}.enum: only allowed for STRING type\n")
    for name in [*schema.required, *getattr(schema, "property_ordering", ())]:
        if name not in names:
            raise Refused(f"* {at}.required: property is not defined: {name}\n")
    for name, one in schema.properties.items():
        _check_schema(one, f"{at}.properties[{name}]")
    if kind == "ARRAY":
        _check_schema(schema.items, f"{at}.items")


def response_json(**fields: Any) -> str:  # noqa: ANN401 - proto-plus takes anything and checks it
    """A `GenerateContentResponse` in JSON. Raises ValueError for a field that it does not have."""
    response = v1beta.GenerateContentResponse(**fields)
    text: str = json_format.MessageToJson(v1beta.GenerateContentResponse.pb(response))
    return text


def _as_google_says(error: str) -> str:
    """The service's message for an error of the protobuf parser, which names fields differently."""
    unknown = _UNKNOWN_FIELD.search(error)
    if unknown is not None:
        path = _snake_case(unknown["path"].partition(".")[2])
        where = f" at '{path}'" if path else ""
        name = unknown["name"]
        return f'Invalid JSON payload received. Unknown name "{name}"{where}: Cannot find field.'
    at = _AT.search(error)
    path = _snake_case(at["path"]) if at else ""
    return f"Invalid value at '{path}'" if path else "Invalid JSON payload received."


def _snake_case(path: str) -> str:
    return re.sub(r"([A-Z])", r"_\1", path).lower()
