"""The registry of rankings in MLflow: which were tried, and which one is in force.

A version is a ranking (weights and calibration) with the model and the catalogue that it was judged
on. `champion` is the version whose ranking is in force: the registry follows the store, so it
always agrees with the retriever's `/ranking`. `challenger` was registered last. `promote` puts the
challenger's ranking in force, `rollback` that of the champion before.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pydantic import ValidationError

from services.contracts.ranking import BUILT_IN, Ranking
from services.pipeline.errors import DependencyAway, NothingToLoad
from services.pipeline.settings import PipelineSettings
from services.pipeline.tracking.runs import Record, client

if TYPE_CHECKING:
    from mlflow.entities.model_registry import ModelVersion

logger = logging.getLogger(__name__)

REGISTERED = "product-search"
CHAMPION, CHALLENGER = "champion", "challenger"

_RANKING, _MODEL, _CATALOGUE, _BEFORE = "ranking", "model", "catalogue", "champion_before"


@dataclass(frozen=True, slots=True)
class Entry:
    """One version of the registry."""

    version: str
    aliases: Sequence[str]
    model: str
    catalogue: str
    ranking: Ranking
    before: str | None
    """The version that was champion before it."""
    run_id: str | None


def register(ranking: Ranking, record: Record, settings: PipelineSettings) -> Entry:
    """Register the ranking of a recorded run; its tags name the model and the catalogue.

    Raises DependencyAway if the run was not recorded.
    """
    if record.run_id is None:
        raise DependencyAway(
            "nothing is registered: PIPELINE_TRACKING is off, or MLflow did not answer"
        )
    registry = Registry(settings)
    entry = registry.register(
        ranking,
        model=record.tags[_MODEL],
        catalogue=record.tags.get(_CATALOGUE, "-"),
        run_id=record.run_id,
    )
    try:
        registry.follow(ranking_in_force(settings))
    except DependencyAway as error:
        logger.warning("the registry does not know which ranking is in force: %s", error)
    return registry.entry(entry.version)


def follow_store(settings: PipelineSettings) -> Registry:
    """The registry, its champion brought in line with the store. Raises DependencyAway."""
    registry = Registry(settings)
    registry.follow(ranking_in_force(settings))
    return registry


def ranking_in_force(settings: PipelineSettings) -> Ranking | None:
    """The ranking that searches use; None if no catalogue is published. Raises DependencyAway."""
    # Feast takes seconds to import.
    from services.pipeline.catalogue.online_store import OnlineStore

    head, _ = OnlineStore(settings.feature_store).head()
    return None if head is None else head.ranking or BUILT_IN


class Registry:
    """Raises DependencyAway when MLflow does not answer, NothingToLoad for a missing version."""

    def __init__(self, settings: PipelineSettings) -> None:
        self._mlflow = client(settings)
        from mlflow.exceptions import MlflowException

        try:
            if not self._mlflow.search_registered_models(f"name = '{REGISTERED}'"):
                self._mlflow.create_registered_model(
                    REGISTERED, description="Rankings of product search, with their calibration."
                )
        except MlflowException as error:
            reason = str(error).partition("\n")[0]
            raise DependencyAway(f"the model registry does not answer: {reason}") from error

    def register(self, ranking: Ranking, *, model: str, catalogue: str, run_id: str) -> Entry:
        """Add a version as challenger."""
        run = self._mlflow.get_run(run_id)
        made = self._mlflow.create_model_version(
            REGISTERED,
            source=run.info.artifact_uri,
            run_id=run_id,
            tags={_RANKING: ranking.model_dump_json(), _MODEL: model, _CATALOGUE: catalogue},
            description=ranking.name,
        )
        self._mlflow.set_registered_model_alias(REGISTERED, CHALLENGER, made.version)
        return self.entry(made.version)

    def follow(self, in_force: Ranking | None) -> None:
        """Make the newest version with this ranking champion; without one there is none."""
        champion = self._aliased(CHAMPION)
        if champion is not None and champion.ranking == in_force:
            return
        same = next((one for one in self.entries() if one.ranking == in_force), None)
        if same is not None:
            self.promote(same)
        elif champion is not None:
            self._mlflow.delete_registered_model_alias(REGISTERED, CHAMPION)

    def entry(self, version: str) -> Entry:
        return self._entry(self._mlflow.get_model_version(REGISTERED, version))

    def entries(self) -> list[Entry]:
        """All versions, newest first."""
        found = self._mlflow.search_model_versions(f"name = '{REGISTERED}'")
        # MLflow returns aliases only for a single version.
        return [self.entry(one.version) for one in sorted(found, key=lambda one: -int(one.version))]

    def challenger(self) -> Entry:
        return self._required(
            CHALLENGER, "there is no challenger; register one with `train --register`"
        )

    def champion_before(self) -> Entry:
        """The version that was champion before."""
        champion = self._required(CHAMPION, "no registered ranking is in force")
        if champion.before is None:
            raise NothingToLoad(f"version {champion.version} is the first champion")
        return self.entry(champion.before)

    def promote(self, entry: Entry) -> None:
        """Make a version champion, and remember the one before."""
        champion = self._aliased(CHAMPION)
        if champion is not None and champion.version != entry.version and entry.before is None:
            self._mlflow.set_model_version_tag(REGISTERED, entry.version, _BEFORE, champion.version)
        self._mlflow.set_registered_model_alias(REGISTERED, CHAMPION, entry.version)
        if CHALLENGER in entry.aliases:
            self._mlflow.delete_registered_model_alias(REGISTERED, CHALLENGER)

    def demote(self, entry: Entry) -> None:
        """Make the version before champion again, and the present champion challenger."""
        champion = self._required(CHAMPION, "no registered ranking is in force")
        self._mlflow.set_registered_model_alias(REGISTERED, CHALLENGER, champion.version)
        self._mlflow.set_registered_model_alias(REGISTERED, CHAMPION, entry.version)

    def _required(self, alias: str, otherwise: str) -> Entry:
        found = self._aliased(alias)
        if found is None:
            raise NothingToLoad(otherwise)
        return found

    def _aliased(self, alias: str) -> Entry | None:
        version = dict(self._mlflow.get_registered_model(REGISTERED).aliases).get(alias)
        if version is None:
            return None
        return self.entry(version)

    def _entry(self, version: ModelVersion) -> Entry:
        try:
            ranking = Ranking.model_validate_json(version.tags[_RANKING])
        except (KeyError, ValidationError) as error:
            raise NothingToLoad(
                f"version {version.version} of {REGISTERED!r} holds no valid ranking"
            ) from error
        return Entry(
            version=str(version.version),
            aliases=list(version.aliases),
            model=version.tags.get(_MODEL, ""),
            catalogue=version.tags.get(_CATALOGUE, ""),
            ranking=ranking,
            before=version.tags.get(_BEFORE),
            run_id=version.run_id,
        )
