"""The head of the published catalogue, as the online store has it."""

from __future__ import annotations

from pydantic import Field, ValidationError

from services.common.store_format import written_by_newer_release
from services.contracts.catalogue import (
    CATALOGUE,
    CATALOGUE_KEY,
    CURRENT_FORMAT,
    FOLDED,
    FORMAT,
    HEAD_VIEW,
    RANKING,
    SYNONYMS,
    CatalogueHead,
)
from services.contracts.ranking import Ranking
from services.contracts.synonyms import Synonyms
from services.retriever.errors import BrokenPublication, NewerFormat, NotPublished, WrongModel
from services.retriever.loading.columns import Columns
from services.retriever.loading.parts import Features

_ALWAYS = ("version", "model", "dimension", "shards", "products", "base", "sequence")
_LATER = (FOLDED, FORMAT, RANKING, SYNONYMS)
"""A store that an older pipeline registered lacks these features."""


class PublishedHead(CatalogueHead):
    """The published version, and when its head was written."""

    published_us: int = Field(default=0, description="Microseconds since 1970; 0 if unknown.")


def head_in(features: Features, expected_model: str | None) -> PublishedHead:
    """The head of the published version.

    Raises NotPublished, StoreUnavailable, NewerFormat, BrokenPublication when it makes no sense,
    WrongModel when it is of another model than the one expected.
    """
    names = [*_ALWAYS, *(one for one in _LATER if features.has(HEAD_VIEW, one))]
    columns = features.read(HEAD_VIEW, names, {CATALOGUE_KEY: [CATALOGUE]})
    if not columns.texts("version")[0]:
        raise NotPublished("nothing is published yet: the online store holds no catalogue head")
    found = columns.integers(FORMAT)[0] if FORMAT in names else 0
    newer = written_by_newer_release("the online store", found, CURRENT_FORMAT)
    if newer is not None:
        raise NewerFormat(newer)
    try:
        head = PublishedHead(
            published_us=columns.timestamps_us()[0],
            version=columns.texts("version")[0],
            model_id=columns.texts("model")[0],
            dimension=columns.integers("dimension")[0],
            shards=columns.integers("shards")[0],
            products=columns.integers("products")[0],
            base=columns.integers("base")[0],
            sequence=columns.integers("sequence")[0],
            folded=columns.integers(FOLDED)[0] if FOLDED in names else 0,
            ranking=_ranking(columns) if RANKING in names else None,
            synonyms=_synonyms(columns) if SYNONYMS in names else Synonyms(),
        )
    except ValidationError as error:
        raise BrokenPublication(f"the catalogue head makes no sense: {error}") from error
    if expected_model is not None and head.model_id != expected_model:
        raise WrongModel(
            f"the published catalogue is of model {head.model_id!r}, but {expected_model!r} is "
            "expected; load the catalogue with that model, or set the model that it was loaded with"
        )
    return head


def _synonyms(columns: Columns) -> Synonyms:
    text = columns.texts(SYNONYMS)[0]
    return Synonyms.model_validate_json(text) if text else Synonyms()


def _ranking(columns: Columns) -> Ranking | None:
    text = columns.texts(RANKING)[0]
    return Ranking.model_validate_json(text) if text else None
