"""Embeddings in the format of OpenAI's API, which many programs speak.

Sources: OpenAI's API reference (`POST /v1/embeddings`, `GET /v1/models`); `modality` as in
infinity, for pictures.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Literal

from pydantic import Field, field_validator

from services.contracts.base import Contract
from services.contracts.encoder import MAX_TEXT_CHARACTERS
from services.contracts.problems import Problem
from services.contracts.vectors import ENCODING_DESCRIPTION, Vector, VectorEncoding

MAX_INPUTS = 2_048
"""Limit of OpenAI's API."""
MAX_PICTURE_CHARACTERS = 14_000_000
"""A picture of 10 MB in base64, with its media type."""

_Input = Annotated[str, Field(max_length=MAX_PICTURE_CHARACTERS)]


class OpenAIEmbeddingsRequest(Contract):
    """`POST /v1/embeddings`."""

    model: str = Field(
        description="The id of `GET /v1/models`, or the part of it before the digest.",
        examples=["mini-clip"],
    )
    input: _Input | list[_Input] = Field(
        description=f"One text or up to {MAX_INPUTS}, each at most {MAX_TEXT_CHARACTERS} "
        "characters; for pictures, data URIs in base64. Token ids are not accepted, because each "
        "model has its own.",
        examples=["red striped mug", ["red striped mug", "a wooden chair"]],
    )
    modality: Literal["text", "image"] = Field(
        default="text", description="What `input` is: texts, or pictures as data URIs."
    )
    encoding_format: VectorEncoding = Field(default="float", description=ENCODING_DESCRIPTION)
    dimensions: int | None = Field(
        default=None, ge=1, description="Only the dimension of the model is possible."
    )
    user: str | None = Field(default=None, description="Not used.")

    @field_validator("input", mode="before")
    @classmethod
    def _no_token_ids(cls, given: object) -> object:
        """Some programs send token ids by default, so their error says what to do.

        Otherwise there would be one error a token.
        """
        if isinstance(given, list) and any(isinstance(one, int | list) for one in given):
            raise ValueError("token ids are not accepted, each model has its own; send texts")
        return given


class OpenAIEmbedding(Contract):
    """One vector."""

    object: Literal["embedding"] = "embedding"
    index: int = Field(ge=0, description="Position in the request.")
    embedding: Vector = Field(description="Unit vector, float32 values.")


class OpenAIUsage(Contract):
    """Number of tokens, start and end tokens included; 0 for pictures."""

    prompt_tokens: int = Field(ge=0)
    total_tokens: int = Field(ge=0)


class OpenAIEmbeddings(Contract):
    """Answer of `POST /v1/embeddings`."""

    object: Literal["list"] = "list"
    data: Sequence[OpenAIEmbedding]
    model: str
    usage: OpenAIUsage


class OpenAIModel(Contract):
    """A model in the list of `GET /v1/models`."""

    id: str
    object: Literal["model"] = "model"
    created: int = Field(default=0, description="Unix time; unknown, so 0.")
    owned_by: str = "encoder"


class OpenAIModels(Contract):
    """Answer of `GET /v1/models`: the one model of this encoder."""

    object: Literal["list"] = "list"
    data: list[OpenAIModel]


class OpenAIError(Contract):
    """The part of an error that OpenAI's clients read."""

    message: str
    type: str = Field(description="The same as `type` of the problem.")
    param: str | None = Field(default=None, description="The first invalid field.")
    code: str = Field(description="Last part of `type`.", examples=["invalid-request"])


class OpenAIProblem(Problem):
    """An error: a problem document with OpenAI's member."""

    error: OpenAIError
