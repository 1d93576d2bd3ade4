"""Messages of the encoder: texts and pictures in, unit vectors out."""

from __future__ import annotations

from typing import Annotated

from pydantic import ConfigDict, Field, model_validator

from services.contracts.base import Contract, ModelId
from services.contracts.vectors import ENCODING_DESCRIPTION, Vector, VectorEncoding

MAX_TEXTS_PER_REQUEST = 256
MAX_IMAGES_PER_REQUEST = 64
MAX_TEXT_CHARACTERS = 10_000
MAX_REGIONS = 5

BINARY_MEDIA_TYPE = "application/x-safetensors"
"""With this `Accept` header the answer is a safetensors file of the two tensors below."""
EMBEDDINGS_TENSOR = "embeddings"
"""(items, dimension) float32; an item that the report lists as failed is a row of zeros."""
REPORT_TENSOR = "report"
"""uint8: `EmbeddingsResponse` as JSON without `embeddings`."""

PRIORITY_HEADER = "X-Priority"
"""`interactive` (the default) or `bulk`: bulk requests run after all others and are not cached."""


class EmbedTextsRequest(Contract):
    """`POST /embed/texts`."""

    texts: list[Annotated[str, Field(max_length=MAX_TEXT_CHARACTERS)]] = Field(
        min_length=1,
        max_length=MAX_TEXTS_PER_REQUEST,
        description="Texts to embed, each cut to the model's context length (CLIP: 77 tokens).",
        examples=[["red striped mug", "a wooden chair"]],
    )
    encoding_format: VectorEncoding = Field(default="float", description=ENCODING_DESCRIPTION)


class Crop(Contract):
    """A part of a picture, in fractions of the width and height of the upright picture."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"x": 0.25, "y": 0.1, "width": 0.5, "height": 0.6}]}
    )

    x: float = Field(ge=0, lt=1, description="Left edge.")
    y: float = Field(ge=0, lt=1, description="Top edge.")
    width: float = Field(gt=0, le=1)
    height: float = Field(gt=0, le=1)

    @model_validator(mode="after")
    def _inside(self) -> Crop:
        if self.x + self.width > 1 + 1e-6 or self.y + self.height > 1 + 1e-6:
            raise ValueError("the crop must lie within the picture")
        return self


class RegionsResponse(Contract):
    """`POST /regions`: the things on a picture, the largest first."""

    regions: list[Crop] = Field(max_length=MAX_REGIONS)


class ItemProblem(Contract):
    """The reason why one item of a batch has no vector. The other items are not affected."""

    index: int = Field(ge=0, description="Position in the request.")
    type: str = Field(examples=["/problems/unreadable-image"])
    detail: str


class EmbeddingsResponse(Contract):
    """Vectors in the order of the request; null for an item that `errors` lists."""

    model: ModelId
    dimension: int = Field(ge=1)
    embeddings: list[Vector | None] = Field(description="Unit vectors, float32 values.")
    errors: list[ItemProblem] = Field(default_factory=list)
    cached: list[int] = Field(
        default_factory=list, description="Positions of the vectors that came from the cache."
    )


class ModelInfo(Contract):
    """`GET /model`: the model of this encoder."""

    model: ModelId
    dimension: int = Field(ge=1, examples=[512])
    image_size: int = Field(ge=1, description="Side of the image tower's input in pixels.")
    context_length: int = Field(ge=1, description="Longest text in tokens.", examples=[77])
    precision: str = Field(examples=["bf16"])
    weights_sha256: str = Field(
        default="",
        description="SHA-256 of the weights file. The digest in `model` is of the values in it, "
        "and the same whichever file brought them.",
    )
