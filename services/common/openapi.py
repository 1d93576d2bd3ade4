"""The generated OpenAPI schema, corrected to document the errors that services return."""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI
from pydantic.json_schema import models_json_schema

from services.common.problems import InvalidRequest, RequestTimeout, problem_responses
from services.contracts.problems import Problem

_FASTAPI_VALIDATION_ERROR = {"HTTPValidationError", "ValidationError"}


def document_problems(app: FastAPI) -> None:
    """Add `Problem` to the schema's components, in place of FastAPI's own error.

    FastAPI documents its own 422 body for every route with parameters. Our routes never send it.
    """
    generate = app.openapi

    def openapi() -> dict[str, Any]:
        if app.openapi_schema is None:
            schema = generate()
            schemas = schema.setdefault("components", {}).setdefault("schemas", {})
            for name in _FASTAPI_VALIDATION_ERROR:
                schemas.pop(name, None)
            _, definitions = models_json_schema(
                [(Problem, "serialization")], ref_template="#/components/schemas/{model}"
            )
            schemas.update(definitions["$defs"])
            for path in schema["paths"].values():
                for operation in path.values():
                    for parameter in operation.get("parameters", []):
                        _refuse_null(parameter["schema"])
                    if "HTTPValidationError" in str(operation["responses"].get("422")):
                        operation["responses"]["422"] = problem_responses(InvalidRequest)[422]
                    for content in operation.get("requestBody", {}).get("content", {}).values():
                        content["schema"] = _named(content["schema"], schemas)
                    if "requestBody" in operation:
                        timeout = problem_responses(RequestTimeout)[408]
                        operation["responses"].setdefault("408", timeout)
            app.openapi_schema = schema
        return app.openapi_schema

    app.openapi = openapi  # type: ignore[method-assign]


def _named(schema: dict[str, Any], schemas: dict[str, Any]) -> dict[str, Any]:
    """Reference to a model that a route reads by itself, so that clients get one class for it."""
    if "title" not in schema:
        return schema
    schemas[schema["title"]] = schema
    return {"$ref": f"#/components/schemas/{schema['title']}"}


def _refuse_null(schema: dict[str, Any]) -> None:
    """Neither an address nor a header can hold null, which Python's None is in a schema."""
    kinds = [kind for kind in schema.get("anyOf", []) if kind != {"type": "null"}]
    if len(kinds) == 1:
        del schema["anyOf"]
        schema |= kinds[0] | schema
