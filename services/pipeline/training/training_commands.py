"""Commands `train`, `judge`, `halves` and `golden`."""

from __future__ import annotations

import argparse
import json
import os
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from services.pipeline.errors import GateClosed
from services.pipeline.settings import PipelineSettings

if TYPE_CHECKING:
    from services.pipeline.training.embedded import EmbeddedProducts


def add_commands(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    train = commands.add_parser(
        "train", help="learn weights and calibration from judged queries of the published catalogue"
    )
    train.add_argument(
        "--golden", type=Path, required=True, metavar="FOLDER", help="judged queries"
    )
    train.add_argument("--output", type=Path, required=True, metavar="FILE", help="the ranking")
    train.add_argument("--metrics", type=Path, metavar="FILE", help="figures, as JSON")
    train.add_argument("--plots", type=Path, metavar="FOLDER", help="tables for plots")
    train.add_argument(
        "--register",
        action="store_true",
        help="register it as challenger in MLflow's registry",
    )
    train.set_defaults(command=_train)
    judge = commands.add_parser(
        "judge",
        help="compare a ranking with the built-in one, on queries that training did not use",
    )
    judge.add_argument(
        "--golden", type=Path, required=True, metavar="FOLDER", help="judged queries"
    )
    judge.add_argument("--ranking", type=Path, required=True, metavar="FILE")
    judge.add_argument("--metrics", type=Path, metavar="FILE", help="figures, as JSON")
    judge.add_argument(
        "--blessed", type=Path, metavar="FILE", help="copy of the ranking, unless it is worse"
    )
    judge.set_defaults(command=_judge)
    halves = commands.add_parser("halves", help="split judged queries into `tune` and `report`")
    halves.add_argument("folder", type=Path, metavar="FOLDER", help="judged queries")
    halves.add_argument("--output", type=Path, required=True, metavar="FOLDER")
    halves.set_defaults(command=_halves)
    golden = commands.add_parser(
        "golden", help="make judged queries from a file's categories and known pictures"
    )
    golden.add_argument("file", type=Path, metavar="FILE", help="CSV or Parquet")
    golden.add_argument("--output", type=Path, required=True, metavar="FOLDER")
    golden.set_defaults(command=_golden)


def _train(options: argparse.Namespace, settings: PipelineSettings) -> int:
    # SciPy and Arrow take a second to import; `--help` need not wait for them.
    from services.contracts.ranking import BUILT_IN
    from services.pipeline.judging.golden import read_golden
    from services.pipeline.tracking.registry import register
    from services.pipeline.tracking.runs import flat, tracked
    from services.pipeline.training.embedded_golden import embed_queries
    from services.pipeline.training.folds import FOLDS
    from services.pipeline.training.published import published_products
    from services.pipeline.training.train import train
    from services.pipeline.training.training_report import lines, metrics, plot_tables, write
    from services.pipeline.training.weights import GRID

    with tracked("train", settings) as record:
        record.parameters = {
            "golden": str(options.golden),
            "half": "tune",
            "in_force": BUILT_IN.name,
            "weights_tried": len(GRID),
            "folds": FOLDS,
        }
        products = published_products(settings.feature_store / "offline")
        record.tags = _data(options.golden, products, settings)
        queries, judgements = embed_queries(read_golden(options.golden), "tune", settings)
        training = train(products, queries, judgements, BUILT_IN)
        figures = metrics(training)
        write(training, options.output, options.metrics, options.plots)
        record.metrics = flat(figures)
        record.tags["ranking"] = training.ranking.name
        record.texts |= {
            "training.txt": "\n".join(lines(training)),
            "training.json": json.dumps(figures, indent=2),
            **plot_tables(training),
        }
        record.files.append(options.output)
        if settings.tracking:
            from services.pipeline.training.plots import draw

            record.files += draw(training, settings.feature_store / "plots")
    for line in lines(training):
        print(line)
    if options.register:
        entry = register(training.ranking, record, settings)
        print(f"version {entry.version} is registered as {', '.join(entry.aliases)}")
    return 0


def _judge(options: argparse.Namespace, settings: PipelineSettings) -> int:
    from services.contracts.ranking import BUILT_IN
    from services.pipeline.catalogue.ranking import read_ranking
    from services.pipeline.judging.golden import read_golden
    from services.pipeline.tracking.runs import flat, tracked
    from services.pipeline.training.embedded_golden import embed_queries
    from services.pipeline.training.judged_ranking import compare, gate, judge
    from services.pipeline.training.published import published_products

    with tracked("evaluate", settings) as record:
        ranking = read_ranking(options.ranking)
        record.parameters = {
            "golden": str(options.golden),
            "half": "report",
            "ranking": ranking.name,
            "in_force": BUILT_IN.name,
        }
        record.files.append(options.ranking)
        products = published_products(settings.feature_store / "offline")
        record.tags = _data(options.golden, products, settings) | {"ranking": ranking.name}
        queries, judgements = embed_queries(read_golden(options.golden), "report", settings)
        before, after = (judge(products, queries, judgements, one) for one in (BUILT_IN, ranking))
        comparison = compare(before, after)
        figures = json.dumps(comparison.metrics(), indent=2) + "\n"
        record.metrics = flat(comparison.metrics())
        record.texts |= {"evaluation.txt": str(comparison), "evaluation.json": figures}
        if settings.tracking:
            from services.pipeline.training.plots import draw_comparison

            record.files += draw_comparison(comparison, settings.feature_store / "plots")
        if options.metrics is not None:
            options.metrics.parent.mkdir(parents=True, exist_ok=True)
            options.metrics.write_text(figures)
        print(comparison)
        reasons = gate(after, before)
        if reasons:
            raise GateClosed("; ".join(reasons))
        if options.blessed is not None:
            options.blessed.write_bytes(options.ranking.read_bytes())
    return 0


def _halves(options: argparse.Namespace, _: PipelineSettings) -> int:
    from services.pipeline.judging.golden import read_golden, write_half

    golden = read_golden(options.folder)
    for half in ("tune", "report"):
        queries = write_half(golden, half, options.output / half)
        print(f"{queries} queries in {options.output / half}")
    return 0


def _data(golden: Path, products: EmbeddedProducts, settings: PipelineSettings) -> dict[str, str]:
    """The run's data versions, for its record."""
    from services.pipeline.judging.golden import QUERIES
    from services.pipeline.tracking.data_version import data_version

    tags = {"model": products.model, "catalogue": products.catalogue}
    if settings.tracking:
        tags["data_version"] = data_version(golden / QUERIES)
    return tags


def _golden(options: argparse.Namespace, _: PipelineSettings) -> int:
    from services.pipeline.feeds import FeedSettings, open_feed
    from services.pipeline.judging.golden import write_golden
    from services.pipeline.training.derived import derive_golden

    golden = derive_golden(open_feed(options.file, FeedSettings().options()))
    folder: Path = options.output
    folder.mkdir(parents=True, exist_ok=True)
    beside = os.path.relpath(options.file.parent.resolve(), folder.resolve())
    queries = [
        replace(query, picture=str(Path(beside) / query.picture)) if query.picture else query
        for query in golden.queries
    ]
    write_golden(replace(golden, queries=queries), folder)
    print(f"{len(queries)} queries in {folder}")
    return 0
