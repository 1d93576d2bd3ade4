"""The one error tree, mapped once to RFC 9457 problem details.

ServiceError                    500  internal-error (what no other class claims)
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
├── RateLimited                 429  rate-limited
├── Overloaded                  429  overloaded
├── NotReady                    503  not-ready
├── DependencyUnavailable       503  dependency-unavailable
└── DeadlineExceeded            504  deadline-exceeded

A handler raises; it never builds an error body. `docs/errors.md` explains each to a caller.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from typing import Any, ClassVar

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from fastapi.routing import APIRoute
from starlette.exceptions import HTTPException
from starlette.routing import Match

from services.common.context import request_id
from services.contracts.problems import FieldProblem, Problem

PROBLEM_MEDIA_TYPE = "application/problem+json"

# `services.common.openapi` puts it there.
_PROBLEM_REF = "#/components/schemas/Problem"

_RETRIED_LATER = (429, 503)


class ServiceError(HTTPException):
    """An error that a caller may see. `detail` says what to do; it never holds a stack trace.

    An `HTTPException`, since FastAPI turns any other one raised while it reads a body into a 400.
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
    """A field is missing, unknown or out of its bounds; `errors` names each."""

    slug, title, status = "invalid-request", "Invalid request", 422


class UnreadableImage(ServiceError):
    """The bytes are not a picture that can be decoded."""

    slug, title, status = "unreadable-image", "Unreadable image", 422


class UnsupportedMediaType(ServiceError):
    """The body is of a type that this route does not take."""

    slug, title, status = "unsupported-media-type", "Unsupported media type", 415


class PayloadTooLarge(ServiceError):
    """The body, or the picture in it, is larger than the limit named in `detail`."""

    slug, title, status = "payload-too-large", "Payload too large", 413


class Unauthorized(ServiceError):
    """A key is needed here, and none came or none that is known."""

    slug, title, status = "unauthorized", "Unauthorized", 401


class Forbidden(ServiceError):
    """The key is known but has not the scope needed, or nobody may do this here."""

    slug, title, status = "forbidden", "Forbidden", 403


class NotFound(ServiceError):
    """There is nothing at this path."""

    slug, title, status = "not-found", "Not found", 404


class MethodNotAllowed(ServiceError):
    """The path exists, but does not answer this method."""

    slug, title, status = "method-not-allowed", "Method not allowed", 405


class RequestTimeout(ServiceError):
    """The request's body did not arrive within its deadline."""

    slug, title, status = "request-timeout", "Request timeout", 408


class ModelMismatch(ServiceError):
    """The query's vector and the catalogue are of different models."""

    slug, title, status = "model-mismatch", "Model mismatch", 409


class RateLimited(ServiceError):
    """This caller asks too often, or too much at once; go on after `Retry-After`."""

    slug, title, status = "rate-limited", "Too many requests", 429


class Overloaded(ServiceError):
    """More requests are waiting than can be served in time; ask again after `Retry-After`."""

    slug, title, status = "overloaded", "Overloaded", 429


class NotReady(ServiceError):
    """The service is starting, or holds no catalogue yet; ask again after `Retry-After`."""

    slug, title, status = "not-ready", "Not ready", 503


class DependencyUnavailable(ServiceError):
    """A service that this one needs does not answer; ask again after `Retry-After`."""

    slug, title, status = "dependency-unavailable", "Dependency unavailable", 503


class DeadlineExceeded(ServiceError):
    """The answer was not there within the request's deadline."""

    slug, title, status = "deadline-exceeded", "Deadline exceeded", 504


def error_types() -> Iterator[type[ServiceError]]:
    """The whole tree, the root first."""
    yield ServiceError
    yield from ServiceError.__subclasses__()


_BY_STATUS: dict[int, type[ServiceError]] = {
    kind.status: kind for kind in (NotFound, MethodNotAllowed, PayloadTooLarge)
}


def problem_response(error: ServiceError) -> JSONResponse:
    """The problem document of an error, as a response."""
    problem = Problem(
        type=error.type_path(),
        title=error.title,
        status=error.status,
        detail=error.detail,
        instance=request_id.get(),
        errors=error.errors,
    )
    retry_after = error.retry_after_s
    if retry_after is None and error.status in _RETRIED_LATER:
        retry_after = 1
    headers = {} if retry_after is None else {"Retry-After": str(retry_after)}
    if error.status == Unauthorized.status:
        headers["WWW-Authenticate"] = "ApiKey"  # RFC 9110 asks for it with every 401
    return JSONResponse(
        problem.model_dump(exclude_none=True),
        status_code=error.status,
        headers=headers,
        media_type=PROBLEM_MEDIA_TYPE,
    )


def _field_problems(error: RequestValidationError) -> list[FieldProblem]:
    return [
        FieldProblem(field=".".join(str(part) for part in item["loc"]), message=item["msg"])
        for item in error.errors()[:20]
    ]


def install_problem_handlers(app: FastAPI) -> None:
    """Turn the errors that a handler raises on purpose into problem documents.

    The others are caught by `ServiceMiddleware`.
    """

    async def on_service_error(_: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, ServiceError)
        return problem_response(error)

    async def on_validation_error(_: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, RequestValidationError)
        fields = _field_problems(error)
        where = ", ".join(field.field for field in fields)
        return problem_response(
            InvalidRequest(f"The request cannot be accepted; look at: {where}.", errors=fields)
        )

    async def on_http_exception(request: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, HTTPException)
        kind = _BY_STATUS.get(error.status_code)
        if kind is not None:
            response = problem_response(
                kind(f"{request.method} {request.url.path}: {error.detail}")
            )
        elif 400 <= error.status_code < 500:
            # The body could not be read at all: broken multipart, say.
            response = problem_response(InvalidRequest(str(error.detail)))
        else:
            response = problem_response(ServiceError("This request could not be served."))
        response.headers.update(error.headers or {})
        if error.status_code == MethodNotAllowed.status:
            # Starlette names those of one route; a path may have a route for each method.
            response.headers["Allow"] = ", ".join(_methods_here(request))
        return response

    app.add_exception_handler(ServiceError, on_service_error)
    app.add_exception_handler(RequestValidationError, on_validation_error)
    app.add_exception_handler(HTTPException, on_http_exception)


def _methods_here(request: Request) -> list[str]:
    """The methods that are published for the path, in alphabetical order."""
    routes = [route for route in request.app.routes if isinstance(route, APIRoute)]
    here = next((one.path for one in routes if one.matches(request.scope)[0] != Match.NONE), None)
    published = (
        one.methods or set() for one in routes if one.path == here and one.include_in_schema
    )
    return sorted(set().union(*published))


def problem_responses(*kinds: type[ServiceError]) -> dict[int | str, dict[str, Any]]:
    """FastAPI's `responses` for a route that may answer with these errors."""
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
                    "description": "Seconds to wait before asking again.",
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
