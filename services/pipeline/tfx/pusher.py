"""Pusher: what is blessed is published from the environment that has Feast, and nothing else is."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

from tfx.components.evaluator import constants
from tfx.components.pusher.executor import Executor
from tfx.types import Artifact

from services.pipeline.errors import GateClosed, PipelineError
from services.pipeline.tfx.evaluator import EVALUATION
from services.pipeline.tfx.trainer import RANKING

FEED, PYTHON, STORE = "feed", "python", "store"


class NotPublished(PipelineError):
    """The pipeline's own program did not publish; it has said why on the terminal."""


class CataloguePusher(Executor):
    """TFX's Pusher, which keeps a copy; then the catalogue and its ranking go to the feature store.

    `custom_config`: `feed`, the file to load; `python`, of the environment that has Feast; `store`,
    so that another store is not taken for one that has it already. Where the encoder and the store
    are says the environment, as for every command of the pipeline.
    """

    def Do(  # noqa: N802 - TFX's name
        self,
        input_dict: dict[str, list[Artifact]],
        output_dict: dict[str, list[Artifact]],
        exec_properties: dict[str, Any],
    ) -> None:
        """Raises GateClosed, NotPublished."""
        (blessing,) = input_dict["model_blessing"]
        if not self.CheckBlessing(input_dict):
            reasons = blessing.get_string_custom_property(
                constants.ARTIFACT_PROPERTY_BLESSING_MESSAGE_KEY
            )
            raise GateClosed("\n".join(json.loads(reasons)))
        config = json.loads(exec_properties["custom_config"])
        ranking = Path(self.GetModelPath(input_dict)) / RANKING
        _pipeline(config[PYTHON], "load", config[FEED])
        _pipeline(config[PYTHON], "ranking", "set", str(ranking))
        super().Do(input_dict, output_dict, exec_properties)
        (pushed,) = output_dict["pushed_model"]
        # The next run is compared with it.
        shutil.copy(
            Path(blessing.uri) / EVALUATION,
            Path(pushed.get_string_custom_property("pushed_destination")) / EVALUATION,
        )


def _pipeline(python: str, *arguments: str) -> None:
    """Run a command of the pipeline in the other environment. Raises NotPublished."""
    # MLflow is here, and need not be there: this run is recorded here.
    others = ("PYTHONPATH", "VIRTUAL_ENV", "PIPELINE_TRACKING")
    surroundings = {name: value for name, value in os.environ.items() if name not in others}
    command = [python, "-m", "services.pipeline", *arguments]
    done = subprocess.run(command, env=surroundings, check=False)  # noqa: S603 - ours
    if done.returncode:
        raise NotPublished(f"`{' '.join(arguments)}` ended with code {done.returncode}")
