"""Trainer: learns the fusion weights and the calibration with the function behind `train`.

If tracking is on, its results become an MLflow run, as for `train`.
"""

from __future__ import annotations

from pathlib import Path

from tfx.components.trainer.fn_args_utils import FnArgs

from services.contracts.ranking import BUILT_IN
from services.pipeline.settings import PipelineSettings
from services.pipeline.tfx.records import read_products, read_queries
from services.pipeline.tracking.runs import flat, tracked
from services.pipeline.training.plots import draw
from services.pipeline.training.train import train
from services.pipeline.training.training_report import lines, metrics, plot_tables, write

RANKING, FIGURES, PLOTS = "ranking.json", "training.json", "plots"
DATA_VERSION = "data_version"
"""In the Trainer's `custom_config`: of the feed."""


def run_fn(fn_args: FnArgs) -> None:
    """From vectors of products (`train_files`) and of judged queries (`eval_files`)."""
    run, ranking = Path(fn_args.model_run_dir), Path(fn_args.serving_model_dir) / RANKING
    settings = PipelineSettings()
    with tracked("train", settings) as record:
        queries, judged = read_queries(fn_args.eval_files)
        products = read_products(fn_args.train_files)
        training = train(products, queries, judged, BUILT_IN)
        write(training, ranking, run / FIGURES, run / PLOTS)
        record.parameters = {"products": len(products.ids), "queries": len(queries.ids)}
        record.tags = {
            "model": products.model,
            "pipeline": "tfx",
            "ranking": training.ranking.name,
            DATA_VERSION: fn_args.custom_config[DATA_VERSION],
        }
        record.metrics = flat(metrics(training))
        record.texts |= {"training.txt": "\n".join(lines(training)), **plot_tables(training)}
        record.files += [ranking, run / FIGURES]
        if settings.tracking:
            record.files += draw(training, run / PLOTS)
    for line in lines(training):
        print(line)
