"""The base of every contract, and types that several contracts share."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, model_validator


class Contract(BaseModel):
    """A message between services. It is immutable, and an unknown field is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid", protected_namespaces=())


def is_empty(value: object) -> bool:
    """For `exclude_if`: an empty new field is not sent, since an older service refuses it."""
    return not value


ProductId = Annotated[str, Field(min_length=1, max_length=128, examples=["sample-0001"])]

ModelId = Annotated[
    str,
    Field(
        description="The CLIP model that made a vector, with the revision of its weights. "
        "Vectors of different models cannot be compared.",
        examples=["mini-clip@1f2e3d4c5b6a"],
    ),
]


Snapshot = Annotated[
    str,
    Field(
        description="The state of the catalogue that answered: changes with every change of a "
        "product or a synonym. Empty if unknown."
    ),
]


class ModalityWeights(Contract):
    """The weights of a product's two vectors in its score (late fusion).

    score = text · cos(query, text vector) + image · cos(query, image vector). The weights are
    scaled to a sum of 1 before use, so a score is always within -1..1.
    """

    model_config = ConfigDict(strict=True)

    text: float = Field(
        ge=0, le=1, description="Weight of the text vector (title and description)."
    )
    image: float = Field(ge=0, le=1, description="Weight of the image vector.")

    @model_validator(mode="after")
    def _some_weight(self) -> ModalityWeights:
        if self.text + self.image == 0:
            raise ValueError("at least one of the two weights must be above 0")
        return self
