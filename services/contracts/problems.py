"""Error messages: RFC 9457 problem details (`application/problem+json`)."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field


class FieldProblem(BaseModel):
    """One invalid field of a request."""

    field: str = Field(description="Path of the field.", examples=["body.k"])
    message: str = Field(examples=["Input should be less than or equal to 100"])


class Problem(BaseModel):
    """The format of every error of every service."""

    # Extension members are part of RFC 9457, so a reader must not refuse them.
    model_config = ConfigDict(frozen=True, extra="allow")

    type: str = Field(
        description="Stable identifier of the error type, and a path that explains it.",
        examples=["/problems/invalid-request"],
    )
    title: str = Field(description="Name of the error type.", examples=["Invalid request"])
    status: int = Field(ge=400, le=599, examples=[422])
    detail: str = Field(description="What went wrong and what to do about it.")
    instance: str = Field(description="The request id, also in `X-Request-ID`.")
    errors: list[FieldProblem] | None = Field(default=None, description="Invalid fields, if any.")
