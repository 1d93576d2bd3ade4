"""Evaluator: blesses a ranking when the gate holds, on queries that it was not learned from."""

# No `from __future__ import annotations`: TFX reads the annotations of a component's function.

import json
from pathlib import Path

from tfx import v1 as tfx
from tfx.components.evaluator import constants
from tfx.types import artifact_utils
from tfx.utils import io_utils, path_utils

from services.contracts.ranking import Ranking
from services.pipeline.tfx.embedder import HALVES
from services.pipeline.tfx.feed_check import PRODUCTS
from services.pipeline.tfx.records import read_products, read_queries
from services.pipeline.tfx.trainer import RANKING
from services.pipeline.training.judged_ranking import JudgedRanking, gate, judge

EVALUATION = "evaluation.json"


@tfx.dsl.components.component
def Evaluator(  # noqa: N802 - named as TFX's components are
    vectors: tfx.dsl.components.InputArtifact[tfx.types.standard_artifacts.Examples],
    model: tfx.dsl.components.InputArtifact[tfx.types.standard_artifacts.Model],
    evaluation: tfx.dsl.components.OutputArtifact[tfx.types.standard_artifacts.ModelEvaluation],
    blessing: tfx.dsl.components.OutputArtifact[tfx.types.standard_artifacts.ModelBlessing],
    published: tfx.dsl.components.Parameter[str],
) -> None:
    """published: folder of what was pushed before, with its evaluations; the latest is compared."""
    records = {
        split: [io_utils.all_files_pattern(artifact_utils.get_split_uri([vectors], split))]
        for split in (PRODUCTS, HALVES["report"])
    }
    ranking = Ranking.model_validate_json(
        (Path(path_utils.serving_model_dir(model.uri)) / RANKING).read_bytes()
    )
    products = read_products(records[PRODUCTS])
    judged = judge(products, *read_queries(records[HALVES["report"]]), ranking)
    for folder in (evaluation.uri, blessing.uri):
        (Path(folder) / EVALUATION).write_text(judged.to_json())
    reasons = gate(judged, _latest(Path(published)))
    blessed = not reasons
    name = constants.BLESSED_FILE_NAME if blessed else constants.NOT_BLESSED_FILE_NAME
    (Path(blessing.uri) / name).write_text("\n".join(reasons))
    blessing.set_int_custom_property(
        constants.ARTIFACT_PROPERTY_BLESSED_KEY,
        constants.BLESSED_VALUE if blessed else constants.NOT_BLESSED_VALUE,
    )
    blessing.set_string_custom_property(
        constants.ARTIFACT_PROPERTY_BLESSING_MESSAGE_KEY, json.dumps(reasons)
    )


def _latest(pushed: Path) -> JudgedRanking | None:
    """The evaluation of what was pushed last."""
    versions = sorted(pushed.glob(f"*/{EVALUATION}"), key=lambda path: int(path.parent.name))
    return JudgedRanking.from_json(versions[-1].read_text()) if versions else None
