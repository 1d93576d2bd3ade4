"""Google's published description of an API, as a strict check of requests and answers.

Source: the discovery documents that `google-api-python-client` carries. A method, a parameter or a
field that the document does not have is refused, as Google refuses it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import resources
from typing import Any

Json = Any


class Refused(Exception):
    """An error answer of Google's: status, reason and message."""

    def __init__(self, status: int, reason: str, message: str) -> None:
        super().__init__(f"{status} {reason}: {message}")
        self.status = status
        self.reason = reason
        self.message = message

    def body(self) -> dict[str, Json]:
        one = {"domain": "global", "reason": self.reason, "message": self.message}
        return {"error": {"code": self.status, "message": self.message, "errors": [one]}}


@dataclass(frozen=True)
class Call:
    """A request that the document allows: its method, path and query values, all checked."""

    method: dict[str, Json]
    path: dict[str, str]
    query: dict[str, str]
    upload: bool

    @property
    def id(self) -> str:
        return str(self.method["id"])

    def flag(self, name: str) -> bool:
        return self.query.get(name) == "true"


class Discovery:
    """One API's document."""

    def __init__(self, name: str, version: str) -> None:
        folder = resources.files("googleapiclient") / "discovery_cache" / "documents"
        text = (folder / f"{name}.{version}.json").read_text(encoding="utf-8")
        self.document: dict[str, Json] = json.loads(text)
        self.methods = list(_methods(self.document))

    def call(self, verb: str, path: str, query: dict[str, list[str]]) -> Call:
        """The method of the document for a request. Raises Refused."""
        service = f"/{self.document['servicePath']}"
        upload = path.startswith("/upload/")
        for method in self.methods:
            if upload:
                simple = method.get("mediaUpload", {}).get("protocols", {}).get("simple", {})
                template = simple.get("path")
            else:
                template = service + method["path"]
            found = template and _template(template).fullmatch(path)
            if found and method["httpMethod"] == verb:
                values = self._query(method, query)
                if upload and values.get("uploadType") not in _upload_types(method):
                    raise Refused(400, "badRequest", f"Invalid upload type: {values}")
                if not upload and "uploadType" in values:
                    raise Refused(400, "badRequest", "uploadType without /upload/")
                return Call(method, found.groupdict(), values, upload)
        raise Refused(404, "notFound", f"The document has no method for {verb} {path}")

    def _query(self, method: dict[str, Json], query: dict[str, list[str]]) -> dict[str, str]:
        own = {n: p for n, p in method.get("parameters", {}).items() if p["location"] == "query"}
        known = {**self.document["parameters"], **own}
        for name, values in query.items():
            if name not in known:
                raise Refused(400, "badRequest", f'Invalid JSON payload received. Unknown "{name}"')
            if len(values) > 1 and not known[name].get("repeated"):
                raise Refused(400, "badRequest", f"{name} is given more than once")
            for value in values:
                _check_parameter(name, known[name], value)
        for name, parameter in own.items():
            if parameter.get("required") and name not in query:
                raise Refused(400, "required", f"Required parameter: {name}")
        return {name: values[0] for name, values in query.items()}

    def check(self, schema: str, value: Json, *, written: bool) -> None:
        """Check a value against a named schema; `written`: by the caller, so no output-only field.

        Raises Refused.
        """
        self._check(self.document["schemas"][schema], value, schema, written)

    def _check(self, schema: dict[str, Json], value: Json, where: str, written: bool) -> None:
        if "$ref" in schema:
            schema = self.document["schemas"][schema["$ref"]]
        kind = str(schema["type"])
        if not isinstance(value, _KINDS[kind]) or (kind != "boolean" and isinstance(value, bool)):
            raise Refused(400, "parseError", f"Invalid value at '{where}': not a {kind}")
        if schema.get("format") == "int64" and not re.fullmatch(r"-?\d+", str(value)):
            raise Refused(400, "parseError", f"Invalid value at '{where}': not an int64")
        if isinstance(value, list):
            for index, one in enumerate(value):
                self._check(schema["items"], one, f"{where}[{index}]", written)
        elif isinstance(value, dict):
            for name, one in value.items():
                inner = schema.get("properties", {}).get(name, schema.get("additionalProperties"))
                if inner is None:
                    raise Refused(
                        400,
                        "badRequest",
                        f"Invalid JSON payload received. "
                        f"Unknown name \"{name}\" at '{where}': Cannot find field.",
                    )
                if written and inner.get("description", "").startswith("Output only."):
                    raise Refused(403, "fieldNotWritable", f"{where}.{name} is not writable")
                self._check(inner, one, f"{where}.{name}", written)

    def select(self, schema: str, value: dict[str, Json], fields: str | None) -> dict[str, Json]:
        """A partial answer, as `fields` asks for: names at the top. Raises Refused."""
        if fields in (None, "*"):
            return value
        names = str(fields).split(",")
        for name in names:
            if name not in self.document["schemas"][schema]["properties"]:
                raise Refused(400, "invalidParameter", f"Invalid field selection {name}")
        return {name: value[name] for name in names if name in value}


_KINDS: dict[str, type | tuple[type, ...]] = {
    "string": str,
    "boolean": bool,
    "integer": int,
    "number": (int, float),
    "array": list,
    "object": dict,
    "any": object,
}


def _methods(node: dict[str, Json]) -> Iterator[dict[str, Json]]:
    yield from node.get("methods", {}).values()
    for child in node.get("resources", {}).values():
        yield from _methods(child)


def _template(path: str) -> re.Pattern[str]:
    return re.compile(re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", path))


def _upload_types(method: dict[str, Json]) -> set[str]:
    protocols = method["mediaUpload"]["protocols"]
    types = {"resumable"} if "resumable" in protocols else set()
    if "simple" in protocols:
        types |= {"media", "multipart"} if protocols["simple"]["multipart"] else {"media"}
    return types


def _check_parameter(name: str, parameter: dict[str, Json], value: str) -> None:
    wrong = Refused(400, "invalidParameter", f"Invalid value '{value}' for {name}")
    if "enum" in parameter and value not in parameter["enum"]:
        raise wrong
    if parameter["type"] == "boolean" and value not in ("true", "false"):
        raise wrong
    if parameter["type"] == "integer":
        if not re.fullmatch(r"-?\d+", value):
            raise wrong
        low, high = parameter.get("minimum", value), parameter.get("maximum", value)
        if not int(low) <= int(value) <= int(high):
            raise wrong
    if "pattern" in parameter and not re.fullmatch(parameter["pattern"], value):
        raise wrong
