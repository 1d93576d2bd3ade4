"""Ways to search beside one another, on the same golden queries."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from services.contracts.base import ModalityWeights
from services.contracts.retriever import NO_MATCH_BELOW, CatalogueInfo, Kind
from services.pipeline.encoding.batches import embed_pictures
from services.pipeline.evaluation.classes import ClassFigure, measure_classes
from services.pipeline.evaluation.learned import learn_across
from services.pipeline.evaluation.searching import (
    Answer,
    Asked,
    Facts,
    Retriever,
    Setup,
    as_understood,
)
from services.pipeline.judging.golden import Golden, GoldenQuery, Half
from services.pipeline.judging.metrics import (
    Interval,
    Judgements,
    Scores,
    change,
    random_ndcg,
    score,
)
from services.pipeline.settings import PipelineSettings
from services.pipeline.training.weights import KINDS, weights_of

FUSED = Setup("both, fused")
SERVED = Setup("both, with the cut-off", cutoff="auto")
REWRITTEN = "both, fused, rewritten"
LEARNED, LEARNED_SERVED = "both, learned", "both, learned, with the cut-off"
SETUPS = (
    Setup("words only", ModalityWeights(text=1, image=0)),
    Setup("look only", ModalityWeights(text=0, image=1)),
    FUSED,
    SERVED,
)


@dataclass(frozen=True, slots=True)
class Arm:
    """Scores of one search method on one kind of query."""

    kind: str
    """Kind of query."""
    name: str
    scores: Scores
    against: Interval | None = None
    """Change of NDCG, query by query, from the first way in the list."""


@dataclass(frozen=True, slots=True)
class Robustness:
    """The words' queries typed in another way."""

    variant: str
    scores: Scores
    no_match: float
    """Share of the queries that get "no good match"."""


@dataclass(frozen=True, slots=True)
class CutOffErrors:
    """Error rate of the cut-off for one kind of query, in one half of the queries."""

    what: str
    half: Half
    asked: int
    wrong: int
    answerable: bool

    @property
    def rate(self) -> float:
        return self.wrong / self.asked if self.asked else 0.0


@dataclass(frozen=True, slots=True)
class Comparison:
    """Everything that was measured."""

    catalogue: CatalogueInfo
    golden: Golden
    floor: Mapping[str, float]
    """NDCG of a random order, by kind of query."""
    arms: Sequence[Arm]
    robustness: Sequence[Robustness]
    cut_off: Sequence[CutOffErrors]
    facts: Mapping[str, Facts]
    classes: Sequence[ClassFigure]

    def arm(self, kind: str, name: str) -> Arm:
        return next(one for one in self.arms if (one.kind, one.name) == (kind, name))


@dataclass(frozen=True, slots=True)
class _Asked:
    """Queries of one kind with their vectors and what is right for them."""

    queries: Sequence[GoldenQuery]
    asked: Asked
    judgements: Judgements

    def of_half(self, half: Half) -> _Asked:
        """Only the queries of that half."""
        rows = [row for row, query in enumerate(self.queries) if query.half == half]
        texts, meant = self.asked.vectors.texts, self.asked.meant
        vectors = replace(
            self.asked.vectors,
            rows=self.asked.vectors.rows[rows],
            texts=None if texts is None else [texts[row] for row in rows],
        )
        of_rows = None if meant is None else [meant[row] for row in rows]
        asked = replace(self.asked, vectors=vectors, meant=of_rows)
        return replace(self, queries=[self.queries[row] for row in rows], asked=asked)

    def scores(self, answers: Sequence[Answer]) -> Scores:
        found = zip(self.queries, answers, strict=True)
        return score(self.judgements, {query.query_id: answer.products for query, answer in found})


def compare(golden: Golden, settings: PipelineSettings) -> Comparison:
    """Ask everything in every way. Raises DependencyAway, EncoderBroken, FeedUnusable."""
    run = _Run(golden, settings)
    for kind, asked in run.asked.items():
        run.measure(kind, asked)
    if run.words.queries:
        rewrites = [query.rewrite or query.text for query in run.words.queries]
        if rewrites != [query.text for query in run.words.queries]:
            rewritten = run.asked_with(run.words.queries, rewrites)
            run.add("words", REWRITTEN, rewritten.scores(run.search("words", rewritten, FUSED)))
    run.add_learned()
    run.ask_for_nothing()
    robustness = run.robustness()
    classes = measure_classes(golden, run.ask)
    catalogue = run.retriever.catalogue
    assert catalogue is not None  # noqa: S101 - golden queries are never none
    return Comparison(
        catalogue=catalogue,
        golden=golden,
        floor={
            kind: random_ndcg(asked.judgements, catalogue.products)
            for kind, asked in run.asked.items()
        },
        arms=run.arms,
        robustness=robustness,
        cut_off=cut_off_errors(run.confidences),
        facts=run.retriever.facts,
        classes=classes,
    )


class _Run:
    """One comparison under way."""

    def __init__(self, golden: Golden, settings: PipelineSettings) -> None:
        self._golden = golden
        self._settings = settings
        self.retriever = Retriever(settings)
        pictures = golden.of_kind("picture")
        drawings = [golden.picture(query) for query in pictures]
        self.words = self._as_written(golden.of_kind("text"))
        asked = {
            "words": self.words,
            "picture": _Asked(
                pictures, Asked(embed_pictures(drawings, settings)), _judged(golden, pictures)
            ),
            "name": self._as_written(golden.of_kind("name")),
        }
        self.asked = {kind: one for kind, one in asked.items() if one.queries}
        self.arms: list[Arm] = []
        self.confidences: list[tuple[GoldenQuery, float]] = []
        self._fused: list[Answer] = []

    def search(self, kind: Kind, asked: _Asked, setup: Setup) -> list[Answer]:
        return self.retriever.search(asked.asked, kind, setup)

    def add(self, kind: str, name: str, scores: Scores) -> None:
        first = next((one for one in self.arms if one.kind == kind), None)
        against = change(first.scores, scores) if first else None
        self.arms.append(Arm(kind, name, scores, against))

    def measure(self, kind: str, asked: _Asked) -> None:
        """Every setup; the confidences do not depend on it but for the weights."""
        for setup in SETUPS:
            answers = self.search("picture" if kind == "picture" else "words", asked, setup)
            self.add(kind, setup.name, asked.scores(answers))
            if setup is FUSED:
                self.confidences += _confidences(asked.queries, answers)
                if kind == "words":
                    self._fused = answers

    def add_learned(self) -> None:
        """Add the learned ranking, if there are enough queries to learn from."""
        learned = learn_across(self._golden, self._settings)
        if learned is None:
            return
        for kind in (one for one in KINDS if one in self.asked):
            asked = self.asked[kind]
            whole: dict[str, Answer] = {}
            cut: dict[str, Answer] = {}
            for half, ranking in learned.by_half.items():
                some = asked.of_half(half)
                answers = self.search(kind, some, Setup(LEARNED, weights_of(ranking, kind)))
                ids = [query.query_id for query in some.queries]
                whole |= zip(ids, answers, strict=True)
                cut |= zip(ids, learned.cut(half, kind, some.asked.vectors, answers), strict=True)
            for name, found in ((LEARNED, whole), (LEARNED_SERVED, cut)):
                answers = [found[query.query_id] for query in asked.queries]
                self.add(kind, name, asked.scores(answers))

    def ask_for_nothing(self) -> None:
        """Ask the queries that no product answers."""
        queries = self._golden.of_kind("nonsense", "off_catalogue")
        if queries:
            asked = self._meant([query.text for query in queries])
            answers = self.retriever.search(asked, "words", FUSED, depth=1)
            self.confidences += _confidences(queries, answers)

    def robustness(self) -> list[Robustness]:
        """As the words' queries are written, and in each variant; without a cut-off."""
        if not self._golden.variants:
            return []
        measured = [_robustness("as written", self.words, self._fused)]
        queries = {query.query_id: query for query in self.words.queries}
        for name in dict.fromkeys(one.variant for one in self._golden.variants):
            of_name = [one for one in self._golden.variants if one.variant == name]
            asked = self.asked_with(
                [queries[one.query_id] for one in of_name], [one.text for one in of_name]
            )
            measured.append(_robustness(name, asked, self.search("words", asked, FUSED)))
        return measured

    def asked_with(self, queries: Sequence[GoldenQuery], texts: Sequence[str]) -> _Asked:
        """These queries in other words."""
        return _Asked(queries, self._meant(texts), _judged(self._golden, queries))

    def ask(
        self, texts: Sequence[str], setups: Sequence[Setup], depth: int | None
    ) -> list[list[Answer]]:
        """The texts, as shoppers ask them, searched in each of these ways."""
        meant = self._meant(texts)
        return [self.retriever.search(meant, "words", setup, depth) for setup in setups]

    def _as_written(self, queries: Sequence[GoldenQuery]) -> _Asked:
        return self.asked_with(queries, [query.text for query in queries])

    def _meant(self, texts: Sequence[str]) -> Asked:
        """The texts as the retriever understands them, with their vectors."""
        return as_understood(texts, self.retriever, self._settings)


def cut_off_errors(confidences: Sequence[tuple[GoldenQuery, float]]) -> list[CutOffErrors]:
    """False "no match" for what has an answer, false matches for what has none."""
    groups: dict[tuple[str, Half], list[tuple[GoldenQuery, float]]] = {}
    for query, confidence in confidences:
        what = {
            "text": "words",
            "name": f"name, {query.form}",
            "off_catalogue": f"not sold, {query.form}",
        }.get(query.kind, query.kind)
        groups.setdefault((what, query.half), []).append((query, confidence))
    return [
        CutOffErrors(
            what=what,
            half=half,
            asked=len(group),
            wrong=sum(query.answerable != (told >= NO_MATCH_BELOW) for query, told in group),
            answerable=group[0][0].answerable,
        )
        for (what, half), group in sorted(groups.items(), key=lambda one: one[0])
    ]


def _robustness(variant: str, asked: _Asked, answers: Sequence[Answer]) -> Robustness:
    told = np.array([answer.confidence for answer in answers])
    return Robustness(variant, asked.scores(answers), float((told < NO_MATCH_BELOW).mean()))


def _judged(golden: Golden, queries: Sequence[GoldenQuery]) -> Judgements:
    return golden.judged(query.query_id for query in queries)


def _confidences(
    queries: Sequence[GoldenQuery], answers: Sequence[Answer]
) -> list[tuple[GoldenQuery, float]]:
    return [(query, answer.confidence) for query, answer in zip(queries, answers, strict=True)]
