"""Refusals with a code of UCP. A `ServiceError` that has none gets one from its status."""

from __future__ import annotations

from typing import ClassVar

from services.common.problems import InvalidRequest, ServiceError
from services.contracts.ucp_answers import UcpMessage


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


def code_and_status(error: ServiceError) -> tuple[str, int]:
    """UCP's code of an error, and its status over HTTP."""
    if isinstance(error, UcpRefused):
        return error.code, error.ucp_status
    if isinstance(error, InvalidRequest):
        return UcpRefused.code, UcpRefused.ucp_status
    return error.slug.replace("-", "_"), error.status
