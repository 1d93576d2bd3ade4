"""Commands that measure search quality."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from services.pipeline.errors import FeedUnusable, WrongModel
from services.pipeline.settings import PipelineSettings

if TYPE_CHECKING:
    from services.contracts.catalogue import CatalogueHead
    from services.pipeline.evaluation.comparison import Comparison
    from services.pipeline.tracking.registry import Entry
    from services.pipeline.tracking.runs import Record

Commands: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"


def add_quality_commands(commands: Commands) -> None:
    evaluate = commands.add_parser(
        "evaluate", help="measure search quality on the served catalogue"
    )
    asked = evaluate.add_mutually_exclusive_group()
    asked.add_argument(
        "--golden",
        type=Path,
        metavar="FOLDER",
        default=Path("data/sample/golden"),
        help="golden queries (default: the sample's)",
    )
    asked.add_argument(
        "--esci", type=Path, metavar="FILE", help="ask ESCI's judged queries instead (Parquet)"
    )
    evaluate.add_argument("--locale", default="us", help="locale of ESCI's queries (default: us)")
    evaluate.add_argument(
        "--queries",
        type=int,
        default=1_000,
        metavar="N",
        help="maximum number of ESCI queries (1000)",
    )
    evaluate.add_argument(
        "--report", type=Path, metavar="FILE", help="also write the tables into this page"
    )
    evaluate.add_argument(
        "--figures", type=Path, metavar="FILE", help="also write the figures as JSON"
    )
    evaluate.add_argument(
        "--plots", type=Path, metavar="FOLDER", help="draw the catalogue into this folder"
    )
    evaluate.add_argument(
        "--register",
        action="store_true",
        help="register the active ranking",
    )
    evaluate.set_defaults(command=_evaluate)
    registry = commands.add_parser("registry", help="rankings in MLflow's registry")
    actions = registry.add_subparsers(required=True, metavar="ACTION")
    show = actions.add_parser("show", help="list all versions and mark the champion")
    show.set_defaults(command=_show_registry)
    promote = actions.add_parser("promote", help="activate the challenger and make it champion")
    promote.set_defaults(command=_promote)
    demote = actions.add_parser("rollback", help="activate the previous champion again")
    demote.set_defaults(command=_demote)


def _evaluate_esci(options: argparse.Namespace, settings: PipelineSettings) -> int:
    from services.pipeline.catalogue.online_store import OnlineStore
    from services.pipeline.catalogue.stores import published_head
    from services.pipeline.evaluation.esci import evaluate_examples, read_examples
    from services.pipeline.judging.stored_rows import entries_of
    from services.pipeline.tracking.data_version import data_version
    from services.pipeline.tracking.runs import tracked

    with tracked("evaluate", settings) as record:
        record.parameters = {
            "esci": options.esci.name,
            "locale": options.locale,
            "queries": options.queries,
        }
        online = OnlineStore(settings.feature_store)
        head = published_head(online)
        record.tags = {"model": head.model_id, "catalogue": head.version}
        if settings.tracking:
            _record_ranking(record, head)
            record.tags["data_version"] = data_version(options.esci)
        products = {entry[0] for entry in entries_of(online, head)}
        examples = read_examples(options.esci, options.locale, products, options.queries)
        evaluation = evaluate_examples(examples, settings)
        record.metrics = dict(evaluation.figures)
        record.texts["report.md"] = evaluation.tables
        print(evaluation.tables)
    return 0


def _served_head(settings: PipelineSettings) -> CatalogueHead:
    """Read without the writer's lock: a load may be running."""
    from services.pipeline.catalogue.online_store import OnlineStore
    from services.pipeline.catalogue.stores import published_head

    return published_head(OnlineStore(settings.feature_store))


def _record_ranking(record: Record, head: CatalogueHead) -> None:
    """Record the ranking that is active during the evaluation."""
    from services.contracts.ranking import BUILT_IN

    ranking = head.ranking or BUILT_IN
    record.tags["ranking"] = ranking.name
    record.texts["ranking.json"] = ranking.model_dump_json(indent=2)


def _evaluate(options: argparse.Namespace, settings: PipelineSettings) -> int:
    _check_places(options)
    if options.esci is not None:
        return _evaluate_esci(options, settings)
    # NumPy and what stands on it take a second to import; no other command needs them.
    from services.pipeline.evaluation.comparison import compare
    from services.pipeline.evaluation.page import write_between_marks
    from services.pipeline.evaluation.tables import as_figures, as_markdown
    from services.pipeline.judging.golden import QUERIES, read_golden
    from services.pipeline.tracking.data_version import data_version
    from services.pipeline.tracking.runs import tracked

    golden = read_golden(options.golden)
    with tracked("evaluate", settings) as record:
        record.parameters = {"golden": str(options.golden), "queries": len(golden.queries)}
        if settings.tracking:
            _record_ranking(record, _served_head(settings))
            record.tags["data_version"] = data_version(options.golden / QUERIES)
        comparison = compare(golden, settings)
        tables = as_markdown(comparison)
        print(tables)
        record.tags |= {
            "model": comparison.catalogue.model,
            "catalogue": comparison.catalogue.version,
        }
        record.metrics = as_figures(comparison)
        record.texts |= {
            "report.md": tables,
            "figures.json": json.dumps(record.metrics, indent=2),
        }
        if options.report is not None:
            write_between_marks(options.report, tables)
        if options.figures is not None:
            text = json.dumps(record.metrics, indent=2)
            options.figures.write_text(f"{text}\n", encoding="utf-8")
        plots = options.plots or (settings.feature_store / "plots" if settings.tracking else None)
        if plots is not None:
            record.files += _plot(comparison, settings, plots)
    if options.register:
        from services.pipeline.catalogue.ranking import published_ranking
        from services.pipeline.tracking.registry import register

        entry = register(published_ranking(settings), record, settings)
        print(f"version {entry.version} is registered as {', '.join(entry.aliases)}")
    return 0


def _check_places(options: argparse.Namespace) -> None:
    """Where results are to go, before the minutes that it takes to have them.

    Raises FeedUnusable, or OSError for a folder that can't be made.
    """
    from services.pipeline.evaluation.page import around_marks

    if options.report is not None:
        around_marks(options.report)
    if options.figures is not None:
        options.figures.parent.mkdir(parents=True, exist_ok=True)
        if options.figures.is_dir():
            raise FeedUnusable(f"{options.figures}: this is a folder; name a file for the figures")
    if options.plots is not None:
        options.plots.mkdir(parents=True, exist_ok=True)


def _plot(comparison: Comparison, settings: PipelineSettings, folder: Path) -> list[Path]:
    from services.pipeline.catalogue.online_store import OnlineStore
    from services.pipeline.catalogue.stores import published_head
    from services.pipeline.evaluation.plots import write_plots
    from services.pipeline.judging.stored_rows import entries_of, product_rows, sample_of

    online = OnlineStore(settings.feature_store)
    head = published_head(online)
    rows = product_rows(online, head.model_id, sample_of(entries_of(online, head)))
    categories = [
        comparison.facts[product].category if product in comparison.facts else ""
        for product in rows.ids
    ]
    return write_plots(rows, categories, folder)


def _show_registry(_: argparse.Namespace, settings: PipelineSettings) -> int:
    from services.pipeline.tracking.registry import follow_store

    for entry in follow_store(settings).entries():
        aliases = ", ".join(entry.aliases) or "-"
        print(f"{entry.version}\t{aliases}\t{entry.ranking.name}\t{entry.model}\t{entry.catalogue}")
    return 0


def _promote(_: argparse.Namespace, settings: PipelineSettings) -> int:
    from services.pipeline.tracking.registry import follow_store

    registry = follow_store(settings)
    entry = registry.challenger()
    _put_in_force(entry, settings)
    registry.promote(entry)
    print(f"version {entry.version} is champion: ranking {entry.ranking.name!r} is in force")
    return 0


def _demote(_: argparse.Namespace, settings: PipelineSettings) -> int:
    from services.pipeline.tracking.registry import follow_store

    registry = follow_store(settings)
    entry = registry.champion_before()
    _put_in_force(entry, settings)
    registry.demote(entry)
    print(f"version {entry.version} is champion again: ranking {entry.ranking.name!r} is in force")
    return 0


def _put_in_force(entry: Entry, settings: PipelineSettings) -> None:
    """Raises WrongModel: what was learned from one model's scores says nothing of another's."""
    from services.pipeline.catalogue.ranking import publish_ranking

    head = _served_head(settings)
    if head.model_id != entry.model:
        raise WrongModel(
            f"version {entry.version} was learned for model {entry.model!r}; the catalogue that is "
            f"served is of {head.model_id!r}"
        )
    publish_ranking(entry.ranking, settings)
