"""Rankings that were tried, and which one is champion: MLflow's registry.

A version is a ranking (weights and calibration) with the model and the catalogue that it was judged
on. `challenger` was trained or evaluated last, `champion` is in force. To promote is to put the
challenger's ranking in force; to roll back, that of the champion before.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pydantic import ValidationError

from services.contracts.ranking import Ranking
from services.pipeline.errors import DependencyAway, NothingToLoad
from services.pipeline.settings import PipelineSettings
from services.pipeline.tracking.runs import Record, client

if TYPE_CHECKING:
    from mlflow.entities.model_registry import ModelVersion

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
    """The ranking of a run that was recorded; its tags tell of which model and catalogue.

    Raises DependencyAway where the run was not recorded.
    """
    if record.run_id is None:
        raise DependencyAway(
            "nothing is registered: PIPELINE_TRACKING is off, or MLflow did not answer"
        )
    return Registry(settings).register(
        ranking,
        model=record.tags[_MODEL],
        catalogue=record.tags.get(_CATALOGUE, "-"),
        run_id=record.run_id,
    )


class Registry:
    """Raises DependencyAway when it can't be asked, NothingToLoad when it lacks what is asked."""

    def __init__(self, settings: PipelineSettings) -> None:
        self._mlflow = client(settings)
        from mlflow.exceptions import MlflowException

        self._failures = (MlflowException,)
        try:
            if not self._mlflow.search_registered_models(f"name = '{REGISTERED}'"):
                self._mlflow.create_registered_model(
                    REGISTERED, description="Rankings of product search, with their calibration."
                )
        except self._failures as error:
            reason = str(error).partition("\n")[0]
            raise DependencyAway(f"the model registry does not answer: {reason}") from error

    def register(self, ranking: Ranking, *, model: str, catalogue: str, run_id: str) -> Entry:
        """As challenger, or as champion where there is none yet."""
        run = self._mlflow.get_run(run_id)
        made = self._mlflow.create_model_version(
            REGISTERED,
            source=run.info.artifact_uri,
            run_id=run_id,
            tags={_RANKING: ranking.model_dump_json(), _MODEL: model, _CATALOGUE: catalogue},
            description=ranking.name,
        )
        alias = CHALLENGER if self._aliased(CHAMPION) else CHAMPION
        self._mlflow.set_registered_model_alias(REGISTERED, alias, made.version)
        return self._entry(self._mlflow.get_model_version(REGISTERED, made.version))

    def entries(self) -> list[Entry]:
        """All versions, the newest first."""
        found = self._mlflow.search_model_versions(f"name = '{REGISTERED}'")
        # Only one that is asked for alone tells its aliases.
        return [
            self._entry(self._mlflow.get_model_version(REGISTERED, one.version))
            for one in sorted(found, key=lambda one: -int(one.version))
        ]

    def challenger(self) -> Entry:
        return self._required(CHALLENGER, "there is no challenger; train or evaluate one first")

    def champion_before(self) -> Entry:
        """The version to go back to."""
        champion = self._required(CHAMPION, "there is no champion yet")
        if champion.before is None:
            raise NothingToLoad(f"version {champion.version} is the first champion")
        return self._entry(self._mlflow.get_model_version(REGISTERED, champion.before))

    def promote(self, entry: Entry) -> None:
        """Make a version champion, and remember which one was."""
        champion = self._aliased(CHAMPION)
        if champion is not None and champion.version != entry.version:
            self._mlflow.set_model_version_tag(REGISTERED, entry.version, _BEFORE, champion.version)
        self._mlflow.set_registered_model_alias(REGISTERED, CHAMPION, entry.version)
        if CHALLENGER in entry.aliases:
            self._mlflow.delete_registered_model_alias(REGISTERED, CHALLENGER)

    def demote(self, entry: Entry) -> None:
        """Make the version before champion again, and the one that was a challenger."""
        champion = self._required(CHAMPION, "there is no champion yet")
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
        return self._entry(self._mlflow.get_model_version(REGISTERED, version))

    def _entry(self, version: ModelVersion) -> Entry:
        try:
            ranking = Ranking.model_validate_json(version.tags[_RANKING])
        except (KeyError, ValidationError) as error:
            raise NothingToLoad(
                f"version {version.version} of {REGISTERED!r} holds no ranking of ours"
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
