"""Synonyms of a catalogue: other words for what its products say. Published in the head."""

from __future__ import annotations

from typing import Annotated

from pydantic import ConfigDict, Field, StringConstraints, model_validator

from services.contracts.base import Contract

MAX_SYNONYMS = 2_000
MAX_SYNONYM_WORDS = 50

Phrase = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=64)]


class Synonym(Contract):
    """Words that mean the same, or, with `finds`, words that also find others."""

    words: list[Phrase] = Field(
        min_length=1,
        max_length=MAX_SYNONYM_WORDS,
        description="Words or phrases. Without `finds`, each of them finds all the others.",
        examples=[["mug", "cup", "coffee mug"]],
    )
    finds: list[Phrase] = Field(
        default_factory=list,
        max_length=MAX_SYNONYM_WORDS,
        description="One way: each of `words` also finds these, and not the other way round.",
        examples=[["running shoe"]],
    )

    @model_validator(mode="after")
    def _others(self) -> Synonym:
        if len(self.words) + len(self.finds) < 2:
            raise ValueError("send at least two words, or `finds`")
        return self


class AddedSynonyms(Contract):
    """`PUT /synonyms`: the added synonyms, which replace those added before."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "added": [
                        {"words": ["mug", "cup"]},
                        {"words": ["sneaker"], "finds": ["running shoe"]},
                    ]
                }
            ]
        }
    )

    added: list[Synonym] = Field(max_length=MAX_SYNONYMS)


class Synonyms(Contract):
    """All synonyms of a catalogue."""

    file: list[Synonym] = Field(
        default_factory=list,
        max_length=MAX_SYNONYMS,
        description="From the catalogue's file; replaced when the catalogue is loaded.",
    )
    added: list[Synonym] = Field(
        default_factory=list,
        max_length=MAX_SYNONYMS,
        description="From the administrator; kept when the catalogue is loaded.",
    )

    def all(self) -> list[Synonym]:
        """The administrator's and the file's."""
        return [*self.added, *self.file]


class StoredSynonyms(Synonyms):
    """All synonyms of the catalogue, and the change that stored them."""

    change: str | None = Field(
        default=None,
        description="Name of the change; retrievers follow it within a second. Null in the answer "
        "to `GET`.",
    )
