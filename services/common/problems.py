"""The error tree, mapped to RFC 9457 problem details in one place.

ServiceError                    500  internal-error (all that no other class covers)
├── InvalidRequest              422  invalid-request
├── UnreadableImage             422  unreadable-image
├── UnsupportedMediaType        415  unsupported-media-type
├── PayloadTooLarge             413  payload-too-large
├── Unauthorized                401  unauthorized
├── Forbidden                   403  forbidden
├── NotFound                    404  not-found
├── MethodNotAllowed            405  method-not-allowed
├── RequestTimeout              408  request-timeout
├── ModelMismatch               409  model-mismatch
├── PreconditionFailed          412  precondition-failed
├── RateLimited                 429  rate-limited
├── Overloaded                  429  overloaded
├── NotReady                    503  not-ready
├── DependencyUnavailable       503  dependency-unavailable
├── ChangeNotServed             504  change-not-served
└── DeadlineExceeded            504  deadline-exceeded

A handler raises; it never builds an error body. `docs/errors.md` explains each type to callers.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Mapping
from contextvars import ContextVar
from typing import Any, ClassVar

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import ValidationError
from starlette.exceptions import HTTPException
from starlette.routing import Match

from services.common.context import request_id
from services.common.root_path import path_below_root
from services.common.routing import all_routes
from services.contracts.problems import FieldProblem, Problem

PROBLEM_MEDIA_TYPE = "application/problem+json"

# `services.common.openapi` adds the schema.
_PROBLEM_REF = "#/components/schemas/Problem"

_RETRIED_LATER = (429, 503)
_UNREADABLE = "The body cannot be read. Send JSON in UTF-8 that is not nested deeply."


class ServiceError(HTTPException):
    """An error for the caller. `detail` says what is wrong and what to do, without a stack trace.

    An `HTTPException`, because FastAPI turns any other error raised while it reads a body into 400.
    """

    slug: ClassVar[str] = "internal-error"
    title: ClassVar[str] = "Internal error"
    status: ClassVar[int] = 500

    def __init__(
        self,
        detail: str,
        *,
        errors: list[FieldProblem] | None = None,
        retry_after_s: int | None = None,
    ) -> None:
        super().__init__(status_code=self.status, detail=detail)
        self.errors = errors
        self.retry_after_s = retry_after_s

    @classmethod
    def type_path(cls) -> str:
        return f"/problems/{cls.slug}"


class InvalidRequest(ServiceError):
    """A field is missing, unknown or out of bounds; `errors` lists each one."""

    slug, title, status = "invalid-request", "Invalid request", 422


class UnreadableImage(ServiceError):
    """The file cannot be decoded as an image."""

    slug, title, status = "unreadable-image", "Unreadable image", 422


class UnsupportedMediaType(ServiceError):
    """This route does not accept the body's media type."""

    slug, title, status = "unsupported-media-type", "Unsupported media type", 415


class PayloadTooLarge(ServiceError):
    """The body, or an image in it, is larger than the limit in `detail`."""

    slug, title, status = "payload-too-large", "Payload too large", 413


class Unauthorized(ServiceError):
    """The API key is missing or unknown."""

    slug, title, status = "unauthorized", "Unauthorized", 401


class Forbidden(ServiceError):
    """The key lacks the required scope, or this action is disabled."""

    slug, title, status = "forbidden", "Forbidden", 403


class NotFound(ServiceError):
    """There is nothing at this path."""

    slug, title, status = "not-found", "Not found", 404


class MethodNotAllowed(ServiceError):
    """The path exists but does not support this method."""

    slug, title, status = "method-not-allowed", "Method not allowed", 405


class RequestTimeout(ServiceError):
    """The request's body did not arrive before the deadline."""

    slug, title, status = "request-timeout", "Request timeout", 408


class ModelMismatch(ServiceError):
    """The query's vector and the catalogue come from different models."""

    slug, title, status = "model-mismatch", "Model mismatch", 409


class PreconditionFailed(ServiceError):
    """The product is not as `If-Match` or `If-None-Match` says; read it, then decide again."""

    slug, title, status = "precondition-failed", "Precondition failed", 412


class RateLimited(ServiceError):
    """Too many requests from this caller; continue after `Retry-After`."""

    slug, title, status = "rate-limited", "Too many requests", 429


class Overloaded(ServiceError):
    """More requests are waiting than can be served in time; try again after `Retry-After`."""

    slug, title, status = "overloaded", "Overloaded", 429


class NotReady(ServiceError):
    """The service is starting or has no catalogue yet; try again after `Retry-After`."""

    slug, title, status = "not-ready", "Not ready", 503


class DependencyUnavailable(ServiceError):
    """A service that this one needs is unavailable; try again after `Retry-After`."""

    slug, title, status = "dependency-unavailable", "Dependency unavailable", 503


class ChangeNotServed(ServiceError):
    """The awaited change is not searchable yet; it stays stored. Ask again, or without waiting."""

    slug, title, status = "change-not-served", "Change not searchable yet", 504


class DeadlineExceeded(ServiceError):
    """The answer was not ready before the request's deadline."""

    slug, title, status = "deadline-exceeded", "Deadline exceeded", 504


def error_types() -> Iterator[type[ServiceError]]:
    """All classes of the tree, the root first."""
    yield ServiceError
    yield from ServiceError.__subclasses__()


_BY_STATUS: dict[int, type[ServiceError]] = {
    kind.status: kind for kind in (NotFound, MethodNotAllowed, PayloadTooLarge)
}


def problem_document(error: ServiceError) -> Problem:
    """The problem document of an error of the current request."""
    return Problem(
        type=error.type_path(),
        title=error.title,
        status=error.status,
        detail=error.detail,
        instance=request_id.get(),
        errors=error.errors,
    )


ProblemShape = Callable[[ServiceError, Problem], Problem]
"""Makes the document of a protocol that has members and statuses of its own, sent as plain JSON."""

problem_shape: ContextVar[ProblemShape | None] = ContextVar("problem_shape", default=None)
"""The shape of the current request's path; None for plain problem documents."""


def problem_response(error: ServiceError) -> JSONResponse:
    """The response with the problem document of an error, in the shape of the request's path."""
    retry_after = error.retry_after_s
    if retry_after is None and error.status in _RETRIED_LATER:
        retry_after = 1
    headers = {} if retry_after is None else {"Retry-After": str(retry_after)}
    if error.status == Unauthorized.status:
        headers["WWW-Authenticate"] = "ApiKey"  # RFC 9110 requires it with every 401
    document, shape = problem_document(error), problem_shape.get()
    if shape is not None:
        document = shape(error, document)
    return JSONResponse(
        document.model_dump(exclude_none=True),
        status_code=document.status,
        headers=headers,
        media_type=PROBLEM_MEDIA_TYPE if shape is None else "application/json",
    )


def field_problems(
    error: RequestValidationError | ValidationError, *place: str
) -> list[FieldProblem]:
    """The first faults. place: of what was validated, such as `body`, if the error lacks it."""
    return [
        FieldProblem(field=".".join(map(str, (*place, *loc))), message=message)
        for loc, message in map(_fault, error.errors()[:20])
    ]


def _fault(item: Mapping[str, Any]) -> tuple[tuple[str | int, ...], str]:
    """Place and message. FastAPI puts the position in text that is no JSON into the place."""
    match item:
        case {"type": "json_invalid", "loc": (*loc, int(position)), "ctx": {"error": str(reason)}}:
            return tuple(loc), f"Invalid JSON: {reason} at character {position + 1}"
    return item["loc"], item["msg"].removeprefix("Value error, ")


def install_problem_handlers(app: FastAPI) -> None:
    """Turn the errors that handlers raise into problem documents.

    `ServiceMiddleware` catches unexpected errors.
    """

    async def on_service_error(_: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, ServiceError)
        return problem_response(error)

    async def on_validation_error(_: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, RequestValidationError)
        fields = field_problems(error)
        where = ", ".join(field.field for field in fields)
        return problem_response(
            InvalidRequest(f"The request is invalid. Correct: {where}.", errors=fields)
        )

    async def on_http_exception(request: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, HTTPException)
        kind = _BY_STATUS.get(error.status_code)
        if kind is not None:
            response = problem_response(
                kind(f"{request.method} {request.url.path}: {error.detail}")
            )
        elif 400 <= error.status_code < 500:
            # The body could not be read, for example broken multipart. FastAPI names no reason for
            # text that is not UTF-8, and for JSON that is nested too deeply.
            detail = str(error.detail) if error.__cause__ is None else _UNREADABLE
            response = problem_response(InvalidRequest(detail))
        else:
            response = problem_response(ServiceError("The request could not be served."))
        response.headers.update(error.headers or {})
        if error.status_code == MethodNotAllowed.status:
            # Starlette names the methods of one route, but a path may have a route for each method.
            response.headers["Allow"] = ", ".join(_methods_here(request))
        return response

    app.add_exception_handler(ServiceError, on_service_error)
    app.add_exception_handler(RequestValidationError, on_validation_error)
    app.add_exception_handler(HTTPException, on_http_exception)


def _methods_here(request: Request) -> list[str]:
    """The methods of the path, in alphabetical order."""
    routes = list(all_routes(request.app.router))
    matching = [one.path for one in routes if one.matches(request.scope)[0] != Match.NONE]
    # A path of its own counts before a template that it fits too, as `/products/batch` does.
    path = path_below_root(request.scope)
    here = path if path in matching else next(iter(matching), None)
    at_path = [one for one in routes if one.path == here]
    published = [one for one in at_path if one.include_in_schema] or at_path
    methods: set[str] = set().union(*(one.methods or set() for one in published))
    return sorted(methods | {"HEAD"} if "GET" in methods else methods)


def problem_responses(*kinds: type[ServiceError]) -> dict[int | str, dict[str, Any]]:
    """FastAPI's `responses` for a route that may raise these errors."""
    by_status: dict[int | str, dict[str, Any]] = {}
    everything: tuple[type[ServiceError], ...] = (*kinds, ServiceError)
    for kind in everything:
        response = by_status.setdefault(
            kind.status,
            {
                "description": "",
                "content": {PROBLEM_MEDIA_TYPE: {"schema": {"$ref": _PROBLEM_REF}, "examples": {}}},
            },
        )
        before = response["description"]
        response["description"] = f"{before}; {kind.title}" if before else kind.title
        response["content"][PROBLEM_MEDIA_TYPE]["examples"][kind.slug] = {"value": _example(kind)}
        if kind.status in _RETRIED_LATER:
            response["headers"] = {
                "Retry-After": {
                    "description": "Seconds to wait before the next attempt.",
                    "schema": {"type": "integer"},
                }
            }
    return by_status


def _example(kind: type[ServiceError]) -> dict[str, Any]:
    return Problem(
        type=kind.type_path(),
        title=kind.title,
        status=kind.status,
        detail=(inspect.getdoc(kind) or "").splitlines()[0],
        instance="5f0c1e7a9b3d4c2e8a6f7b1d2c3e4f50",
    ).model_dump(exclude_none=True)
