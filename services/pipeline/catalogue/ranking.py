"""The learned ranking: published with the catalogue that is served, and read from a file."""

from __future__ import annotations

from pathlib import Path

from pydantic import ValidationError

from services.contracts.catalogue import CatalogueHead
from services.contracts.ranking import BUILT_IN, Ranking
from services.pipeline.catalogue.stores import open_stores
from services.pipeline.errors import RankingUnusable
from services.pipeline.settings import PipelineSettings


def publish_ranking(ranking: Ranking, settings: PipelineSettings) -> CatalogueHead:
    """Let the catalogue that is served be searched by it; `rollback` takes it back.

    Raises NothingToLoad when no catalogue is published, DependencyAway, StoreIncomplete, Busy.
    """
    with open_stores(settings.feature_store) as stores:
        return stores.publisher_of(stores.head()).rank(ranking)


def published_ranking(settings: PipelineSettings) -> Ranking:
    """The one that is in force. Raises NothingToLoad, DependencyAway, Busy."""
    with open_stores(settings.feature_store) as stores:
        return stores.head().ranking or BUILT_IN


def read_ranking(path: Path) -> Ranking:
    """From a JSON file. Raises RankingUnusable, which says what is wrong with it."""
    try:
        return Ranking.model_validate_json(path.read_bytes())
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"])
        raise RankingUnusable(f"{path}: {place + ': ' if place else ''}{first['msg']}") from error
