"""`ranking`: what searches learned, published with the catalogue that is served."""

from __future__ import annotations

from pathlib import Path

from pydantic import ValidationError

from services.contracts.catalogue import CatalogueHead
from services.contracts.ranking import BUILT_IN, Ranking
from services.pipeline.changes import published
from services.pipeline.errors import RankingUnusable
from services.pipeline.online_store import EventClock
from services.pipeline.publication import Publisher
from services.pipeline.settings import PipelineSettings
from services.pipeline.stores import open_stores


def publish_ranking(ranking: Ranking, settings: PipelineSettings) -> CatalogueHead:
    """Let the catalogue that is served be searched by it; `rollback` takes it back.

    Raises NothingToLoad when no catalogue is published, DependencyAway, StoreIncomplete, Busy.
    """
    with open_stores(settings.feature_store) as (online, offline):
        head = published(online.head()[0])
        publisher = Publisher(
            online,
            offline,
            EventClock(),
            model_id=head.model_id,
            dimension=head.dimension,
        )
        return publisher.rank(ranking).head


def published_ranking(settings: PipelineSettings) -> Ranking:
    """The one that is in force. Raises NothingToLoad, DependencyAway, Busy."""
    with open_stores(settings.feature_store) as (online, _):
        return published(online.head()[0]).ranking or BUILT_IN


def read_ranking(path: Path) -> Ranking:
    """From a JSON file. Raises RankingUnusable, which says what is wrong with it."""
    try:
        return Ranking.model_validate_json(path.read_bytes())
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"])
        raise RankingUnusable(f"{path}: {place + ': ' if place else ''}{first['msg']}") from error
