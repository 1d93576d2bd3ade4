"""Trainer: the fusion weights and the calibration, by the function that `train` uses."""

from __future__ import annotations

from pathlib import Path

from tfx.components.trainer.fn_args_utils import FnArgs

from services.contracts.ranking import BUILT_IN
from services.pipeline.tfx.records import read_products, read_queries
from services.pipeline.training.report import lines, write
from services.pipeline.training.train import train

RANKING, FIGURES, PLOTS = "ranking.json", "training.json", "plots"


def run_fn(fn_args: FnArgs) -> None:
    """From vectors of products (`train_files`) and of judged queries (`eval_files`)."""
    queries, judged = read_queries(fn_args.eval_files)
    training = train(read_products(fn_args.train_files), queries, judged, BUILT_IN)
    run = Path(fn_args.model_run_dir)
    write(training, Path(fn_args.serving_model_dir) / RANKING, run / FIGURES, run / PLOTS)
    for line in lines(training):
        print(line)
