"""Refusals with a code of UCP. A `ServiceError` that has none gets one from its status."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import ClassVar

from fastapi.exceptions import RequestValidationError
from pydantic import ValidationError

from services.common.problems import InvalidRequest, ServiceError, field_problems
from services.contracts.problems import FieldProblem
from services.contracts.ucp_answers import UcpEntity, UcpEnvelope, UcpErrorAnswer, UcpMessage
from services.contracts.ucp_requests import UCP_VERSION


class UcpRefused(InvalidRequest):
    """A transport error: the request cannot be processed."""

    code: ClassVar[str] = "invalid_request"
    ucp_status: ClassVar[int] = 400


class InvalidProfileUrl(UcpRefused):
    code = "invalid_profile_url"


class ProfileUnreachable(UcpRefused):
    code, ucp_status = "profile_unreachable", 424


class VersionUnsupported(UcpRefused):
    code, ucp_status = "version_unsupported", 422


class RequestTooLarge(UcpRefused):
    code = "request_too_large"


def invalid(error: ValidationError | RequestValidationError, detail: str = "") -> UcpRefused:
    """The refusal of a request that its model refuses."""
    fields = field_problems(error)
    detail = detail or f"The request is invalid. Correct: {', '.join(it.field for it in fields)}."
    too_many = any(
        item["loc"][1:] == ("ids",) and item["type"] == "too_long" for item in error.errors()
    )
    return (RequestTooLarge if too_many else UcpRefused)(detail, errors=fields)


_NAMES = {
    "body.cursor": "body.pagination.cursor",
    "body.k": "body.pagination.limit",
    "body.filters.category": "body.filters.categories",
    "body.filters.brand": "body.filters.brands",
    "body.filters.color": "body.filters.colors",
    "body.filters.in_stock": "body.filters.available",
}
_TERM = re.compile(r"body\.terms\.(\d+)(?:\.(?:(product_)|)(.*))?")


def in_ucps_names(errors: Sequence[FieldProblem], *, pictures: int) -> list[FieldProblem]:
    """Problems of a search, with the fields of the agent's request.

    pictures: number of terms that the picture takes, before the references.
    """
    return [one.model_copy(update={"field": _in_ucp(one.field, pictures)}) for one in errors]


def _in_ucp(field: str, pictures: int) -> str:
    term = _TERM.fullmatch(field)
    if term is None:
        return _NAMES.get(field, field)
    number = int(term[1]) - pictures
    if number < 0:
        return "body.image"
    return f"body.references.{number}" + (f".{term[3]}" if term[3] else "")


class NoResource(Exception):
    """A business outcome: the request was processed, and there is nothing to return."""

    def __init__(self, code: str, content: str, *, recoverable: bool = False) -> None:
        super().__init__(content)
        self.message = UcpMessage(
            type="error",
            code=code,
            content=content,
            severity="recoverable" if recoverable else "unrecoverable",
        )

    def answer(self, capability: str) -> UcpErrorAnswer:
        """The answer of `capability`, which processed the request."""
        common = self.message.code != "capabilities_incompatible"
        return UcpErrorAnswer(
            ucp=UcpEnvelope(
                version=UCP_VERSION,
                status="error",
                capabilities={capability: [UcpEntity(version=UCP_VERSION)]} if common else {},
            ),
            messages=[self.message],
        )


def code_and_status(error: ServiceError) -> tuple[str, int]:
    """UCP's code of an error, and its status over HTTP."""
    if isinstance(error, UcpRefused):
        return error.code, error.ucp_status
    if isinstance(error, InvalidRequest):
        return UcpRefused.code, UcpRefused.ucp_status
    return error.slug.replace("-", "_"), error.status
