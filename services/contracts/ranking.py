"""The learned ranking: weights of text and image vectors, and the calibration of scores.

It is published in the catalogue's head, so a new ranking takes effect with the catalogue's swap.
"""

from __future__ import annotations

from pydantic import Field, FiniteFloat, model_validator

from services.contracts.base import Contract, ModalityWeights


class ScoreCalibration(Contract):
    """Turns a query's scores over the whole catalogue into strength and confidence.

    `weak` and `strong` are standard deviations of the query's scores above their mean. Confidence
    is 1 / (1 + exp(-slope · (excess - centre))), where

        excess = (best score - mean + 2 · deviation) / usual deviation - noise

    `deviation` is that of this query's scores, `usual deviation` that of a usual query of the
    catalogue, and `noise` the expected largest of as many standard normal numbers as products.
    """

    weak: FiniteFloat = Field(default=1.0, description="A product below this is not a match.")
    strong: FiniteFloat = Field(default=2.0, description="A match at or above this is strong.")
    centre: FiniteFloat = Field(
        default=2.6, description="Excess of a query's best score at a confidence of 0.5."
    )
    slope: FiniteFloat = Field(
        default=6.0, gt=0, description="Steepness of the confidence around `centre`."
    )

    @model_validator(mode="after")
    def _ordered(self) -> ScoreCalibration:
        if self.weak > self.strong:
            raise ValueError("weak must not be above strong")
        return self


class Ranking(Contract):
    """The weights and calibration for searches that do not set their own."""

    name: str = Field(
        default="built-in", min_length=1, max_length=128, description="Name for people."
    )
    words: ModalityWeights = Field(
        default=ModalityWeights(text=0.5, image=0.5), description="Weights for a query in words."
    )
    picture: ModalityWeights = Field(
        default=ModalityWeights(text=0, image=1), description="Weights for a query by picture."
    )
    product: ModalityWeights = Field(
        default=ModalityWeights(text=0.5, image=0.5),
        description="Weights for products similar to a product.",
    )
    calibration: ScoreCalibration = ScoreCalibration()


BUILT_IN = Ranking()
"""The ranking of a catalogue that was published without one."""
