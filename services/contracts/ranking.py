"""What a search can learn: how words and look are balanced, and what a score is worth.

It is published with the catalogue, in its head, so a new one takes effect by the ordinary swap.
"""

from __future__ import annotations

from pydantic import Field, FiniteFloat, model_validator

from services.contracts.base import Contract, ModalityWeights


class ScoreCalibration(Contract):
    """What is usual among a query's scores over the whole catalogue.

    For `weak` and `strong` a score stands so many standard deviations above their mean. For
    `centre` the best one does, in those of a usual query of the catalogue, with twice the query's
    own on top, counted from where the best of as many random products would stand.
    """

    weak: FiniteFloat = Field(default=1.0, description="Below it a product is no match.")
    strong: FiniteFloat = Field(default=2.0, description="From it on a match is a strong one.")
    centre: FiniteFloat = Field(
        default=2.6, description="Where the best product of a query stands at a confidence of 0.5."
    )
    slope: FiniteFloat = Field(
        default=6.0, gt=0, description="How fast confidence rises there, a standard deviation."
    )

    @model_validator(mode="after")
    def _ordered(self) -> ScoreCalibration:
        if self.weak > self.strong:
            raise ValueError("weak must not be above strong")
        return self


class Ranking(Contract):
    """What holds where a search does not say otherwise."""

    name: str = Field(
        default="built-in", min_length=1, max_length=128, description="Which one it is, for people."
    )
    words: ModalityWeights = Field(
        default=ModalityWeights(text=0.5, image=0.5), description="For a query in words."
    )
    picture: ModalityWeights = Field(
        default=ModalityWeights(text=0, image=1), description="For a query by picture."
    )
    product: ModalityWeights = Field(
        default=ModalityWeights(text=0.5, image=0.5), description="For products like a product."
    )
    calibration: ScoreCalibration = ScoreCalibration()


BUILT_IN = Ranking()
"""In force where none was published."""
