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
