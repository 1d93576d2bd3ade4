"""Results of an evaluation, as tables in Markdown and as flat figures."""

from __future__ import annotations

from collections.abc import Sequence

from services.pipeline.evaluation.classes import ARMS, BOTH, ClassFigure
from services.pipeline.evaluation.comparison import FUSED, Comparison, CutOffErrors
from services.pipeline.evaluation.page import table
from services.pipeline.evaluation.slices import slices
from services.pipeline.judging.metrics import (
    METRICS,
    MRR,
    NDCG,
    RECALL,
    TOP5,
    interval,
)

_HEADINGS = {NDCG: "NDCG", RECALL: "recall@20", MRR: "MRR", TOP5: "exact in top 5"}


def as_markdown(comparison: Comparison) -> str:
    """All tables."""
    catalogue = comparison.catalogue
    parts = [
        f"{catalogue.products} products of catalogue `{catalogue.version}`, model "
        f"`{catalogue.model}`. Means with their 95 % bootstrap interval over queries.",
        _arms(comparison),
        "### Classes of queries\n\n" + _classes(comparison.classes),
        "### Robustness\n\n" + _robustness(comparison) if comparison.robustness else "",
        "### Results by group\n\n" + _slices(comparison),
        "### The cut-off\n\n" + _cut_off(comparison.cut_off) if comparison.cut_off else "",
    ]
    return "\n\n".join(part for part in parts if part)


def as_figures(comparison: Comparison) -> dict[str, float]:
    """Figures by name, for tracking and for `dvc metrics show`."""
    figures = {
        f"{arm.kind}/{_slug(arm.name)}/{_slug(metric)}": float(arm.scores.values[metric].mean())
        for arm in comparison.arms
        for metric in METRICS
    }
    figures |= {f"{kind}/random/ndcg": floor for kind, floor in comparison.floor.items()}
    figures |= {
        f"robustness/{_slug(one.variant)}/ndcg": float(one.scores.values[NDCG].mean())
        for one in comparison.robustness
    }
    figures |= {one.slug: one.value.mean for one in comparison.classes if one.half == "report"}
    for answerable, name in ((True, "false_no_match"), (False, "false_match")):
        kept = [
            one
            for one in comparison.cut_off
            if one.answerable == answerable and one.half == "report"
        ]
        asked = sum(one.asked for one in kept)
        if asked:
            figures[f"cut_off/{name}"] = sum(one.wrong for one in kept) / asked
    return figures


def _classes(figures: Sequence[ClassFigure]) -> str:
    """The half that nothing was tuned on for every arm; the tuning half for the fused one."""
    by_place = {(one.name, one.measure, one.arm, one.half): one for one in figures}
    rows = []
    for name, measure in dict.fromkeys((one.name, one.measure) for one in figures):
        tuned = by_place.get((name, measure, BOTH.name, "tune"))
        others = [by_place.get((name, measure, arm.name, "report")) for arm in ARMS]
        rows.append(
            [
                name,
                measure,
                str(others[-1].queries) if others[-1] else "",
                *("" if one is None else str(one.value) for one in (*others, tuned)),
            ]
        )
    headings = ["class", "figure", "queries", *(arm.name for arm in ARMS), "fused, tuning half"]
    return table(headings, rows)


def _arms(comparison: Comparison) -> str:
    rows = []
    for kind, floor in comparison.floor.items():
        for arm in (one for one in comparison.arms if one.kind == kind):
            values = arm.scores.values
            rows.append(
                [
                    kind,
                    arm.name,
                    *(str(interval(values[metric])) for metric in METRICS),
                    arm.against.signed() if arm.against else "",
                ]
            )
        rows.append([kind, "random order", f"{floor:.3f}", "", "", "", ""])
    headings = ["query", "ranking", *(_HEADINGS[metric] for metric in METRICS), "change of NDCG"]
    return table(headings, rows)


def _robustness(comparison: Comparison) -> str:
    rows = [
        [
            one.variant,
            *(str(interval(one.scores.values[metric])) for metric in METRICS),
            f"{one.no_match:.1%}",
        ]
        for one in comparison.robustness
    ]
    return table(["typed as", *(_HEADINGS[one] for one in METRICS), "“no match”"], rows)


def _slices(comparison: Comparison) -> str:
    scores = comparison.arm("words", FUSED.name).scores
    rows = [
        [one.by, one.name, str(one.queries), str(one.ndcg), "below the mean" if one.apart else ""]
        for one in slices(comparison.golden, scores, comparison.facts)
    ]
    return table(["grouped by", "group", "queries", "NDCG", "difference"], rows)


def _cut_off(errors: Sequence[CutOffErrors]) -> str:
    rows = []
    for what in dict.fromkeys(one.what for one in errors):
        halves = {one.half: one for one in errors if one.what == what}
        one = next(iter(halves.values()))
        rows.append(
            [
                what,
                "false “no match”" if one.answerable else "false match",
                *(_rate(halves.get(half)) for half in ("tune", "report")),
            ]
        )
    return table(["query", "error", "tuning half", "other half"], rows)


def _rate(errors: CutOffErrors | None) -> str:
    return "" if errors is None else f"{errors.wrong} of {errors.asked} ({errors.rate:.1%})"


def _slug(name: str) -> str:
    return name.replace(", ", "_").replace(" ", "_").replace("@", "_at_")
