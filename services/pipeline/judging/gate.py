"""Checks before publication: valid vectors, and quality no worse than that of the served version.

NDCG on golden queries may not fall by more than chance explains: the 95 % interval of the change,
query by query, must not lie wholly below 0. The same holds for every class of queries, so that none
gets worse while others get better. What was reached is kept beside the Parquet parts, so
that a new model can be compared with one that is no longer there to be asked.
"""

from __future__ import annotations

import hashlib
import importlib.util
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from services.contracts.base import ModalityWeights
from services.contracts.catalogue import CatalogueHead
from services.contracts.ranking import BUILT_IN
from services.pipeline.catalogue.ledger import Entry
from services.pipeline.catalogue.online_store import OnlineStore
from services.pipeline.catalogue.read_back import ReadBack
from services.pipeline.encoding.batches import Vectors, embed_pictures, embed_texts
from services.pipeline.errors import DependencyAway, GateClosed
from services.pipeline.judging.golden import Golden
from services.pipeline.judging.metrics import (
    NDCG,
    Interval,
    Scores,
    change,
    changes_by_class,
    score,
)
from services.pipeline.judging.stored_rows import entries_of, product_rows, sample_of
from services.pipeline.judging.vector_checks import ProductRows, alike, faults
from services.pipeline.settings import PipelineSettings

KEPT = ".quality"

_UNSEEN = (
    "the model {model} tells few of these products apart, so they are found by their words. "
    "Another model may tell them apart, such as MODEL=ViT-B/32"
)
_FORCE = "Nothing is published; if this is meant, run it again with --force"


@dataclass(frozen=True, slots=True)
class Verdict:
    """A version's result on the golden queries."""

    ndcg: float
    queries: int
    change: Interval | None
    """From the served version; None where there is nothing to compare with."""
    classes: Mapping[str, Interval] = field(default_factory=dict)
    """The same by class of queries, with wider intervals."""

    @property
    def fallen(self) -> dict[str, Interval]:
        """Classes of queries that are worse than chance explains."""
        return {name: one for name, one in self.classes.items() if one.high < 0}

    @property
    def worse(self) -> bool:
        return (self.change is not None and self.change.high < 0) or bool(self.fallen)

    def __str__(self) -> str:
        fallen = ", ".join(f"{name!r} {one.signed()}" for name, one in self.fallen.items())
        return self._overall() + (f"; worse for queries of class {fallen}" if fallen else "")

    def _overall(self) -> str:
        result = f"NDCG {self.ndcg:.3f} on {self.queries} golden queries"
        if self.change is None:
            return f"{result}, with nothing to compare it with"
        return f"{result}, {self.change.signed()} from the served version"


class Gate:
    """Approves versions before they are published."""

    def __init__(
        self,
        online: OnlineStore,
        settings: PipelineSettings,
        *,
        golden: Golden | None,
        force: bool,
    ) -> None:
        """golden: None checks only the vectors.  force: approve every version.

        Raises DependencyAway when golden queries can't be scored here.
        """
        if golden is not None and importlib.util.find_spec("ir_measures") is None:
            raise DependencyAway("golden queries need `ir-measures`: install group `evaluate`")
        self._online = online
        self._golden = golden
        self._force = force
        self._settings = settings
        self.verdict: Verdict | None = None
        self.warning: str | None = None
        """About an approved version."""

    def approve(
        self, head: CatalogueHead, entries: Sequence[Entry], served: CatalogueHead | None
    ) -> None:
        """Raises GateClosed for a version that is broken or worse; EncoderBroken;
        StoreIncomplete when Redis has lost some of it."""
        if not self._force:
            self._check_vectors(head, entries, served)
        if self._golden is None:
            return
        asked = GoldenScores(self._golden, self._settings, self._online)
        self.verdict = asked.verdict(head, entries, served)
        if self.verdict.worse and not self._force:
            raise GateClosed(f"{self.verdict}. {_FORCE}")

    def _check_vectors(
        self, head: CatalogueHead, entries: Sequence[Entry], served: CatalogueHead | None
    ) -> None:
        before = None
        if served is not None:
            there = sample_of(entries_of(self._online, served))
            before = product_rows(self._online, served.model_id, there)
        rows = product_rows(self._online, head.model_id, sample_of(entries))
        # Vectors of a shop that the model cannot see say nothing that could be given up.
        seen = before is not None and alike(before) is None
        same_model = served is not None and served.model_id == head.model_id
        found = faults(rows, before if same_model and seen else None)
        fault = alike(rows)
        if fault is not None and (seen or found):
            found.append(fault)
        elif fault is not None:
            self.warning = f"{fault}: {_UNSEEN.format(model=head.model_id.partition('@')[0])}"
        if found:
            # Rows that Redis has evicted since they were read back look like broken ones.
            ReadBack(self._online, head.model_id).products(sample_of(entries))
            raise GateClosed(f"{'; '.join(found)}. {_FORCE}")


class GoldenScores:
    """Scores of versions on the golden queries."""

    def __init__(self, golden: Golden, settings: PipelineSettings, online: OnlineStore) -> None:
        self._golden = golden
        self._online = online
        self._folder = settings.feature_store / "offline" / KEPT
        self._digest = _digest(golden)
        self._words, self._pictures = golden.of_kind("text"), golden.of_kind("picture")
        self._classes = {
            one.query_id: one.form or one.kind for one in (*self._words, *self._pictures)
        }
        self._judged = golden.judged(one.query_id for one in (*self._words, *self._pictures))
        self._texts = embed_texts([query.text for query in self._words], settings)
        self._drawings = embed_pictures([golden.picture(one) for one in self._pictures], settings)

    def verdict(
        self, head: CatalogueHead, entries: Sequence[Entry], served: CatalogueHead | None
    ) -> Verdict:
        """The verdict on a version whose rows are stored. Saves its scores."""
        after = self._scores(head, entries)
        self._keep(head, after)
        before = None if served is None else self._of_served(served)
        return Verdict(
            ndcg=float(after.values[NDCG].mean()),
            queries=len(after.queries),
            change=None if before is None else change(before, after),
            classes={} if before is None else changes_by_class(before, after, self._classes),
        )

    def _of_served(self, served: CatalogueHead) -> Scores | None:
        """Asked now where the encoder still is of its model, else as it was kept then."""
        if served.model_id == self._texts.model:
            return self._scores(served, entries_of(self._online, served))
        kept = self._folder / f"{served.version}.json"
        if not kept.is_file():
            return None
        told = json.loads(kept.read_text(encoding="utf-8"))
        if told["golden"] != self._digest:
            return None
        return Scores(tuple(told["ndcg"]), {NDCG: np.array(list(told["ndcg"].values()))})

    def _keep(self, head: CatalogueHead, scores: Scores) -> None:
        values = scores.values[NDCG].tolist()
        told = {"golden": self._digest, "ndcg": dict(zip(scores.queries, values, strict=True))}
        self._folder.mkdir(parents=True, exist_ok=True)
        draft = self._folder / f".{head.version}.draft"
        draft.write_text(json.dumps(told), encoding="utf-8")
        draft.replace(self._folder / f"{head.version}.json")

    def _scores(self, head: CatalogueHead, entries: Sequence[Entry]) -> Scores:
        ranking = head.ranking or BUILT_IN
        rows = product_rows(self._online, head.model_id, entries)
        found: dict[str, list[str]] = {}
        for queries, vectors, weights in (
            (self._words, self._texts, ranking.words),
            (self._pictures, self._drawings, ranking.picture),
        ):
            ids = [query.query_id for query in queries]
            found.update(rankings(ids, vectors, rows, weights))
        return score(self._judged, found)


def rankings(
    queries: Sequence[str], vectors: Vectors, rows: ProductRows, weights: ModalityWeights
) -> dict[str, list[str]]:
    """All products by late fusion, best first, as the retriever by vectors (a test compares)."""
    ids = np.array(rows.ids)
    by_id = np.argsort(ids, kind="stable")
    text_weight = weights.text / (weights.text + weights.image)
    scores = text_weight * (vectors.rows @ rows.text[by_id].T)
    scores += (1 - text_weight) * (vectors.rows @ rows.image[by_id].T)
    order = by_id[np.argsort(-scores.round(6), axis=1, kind="stable")]
    return {query: ids[places].tolist() for query, places in zip(queries, order, strict=True)}


def _digest(golden: Golden) -> str:
    told = json.dumps(
        [[query.query_id, query.text, query.picture] for query in golden.queries]
        + [[query, sorted(grades.items())] for query, grades in golden.judgements.items()]
    )
    return hashlib.sha256(told.encode()).hexdigest()
