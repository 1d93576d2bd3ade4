"""What a load did, for a person and for the run's record."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from services.pipeline.catalogue.publication import Publication
from services.pipeline.judging.gate import Verdict


@dataclass(slots=True)
class Counts:
    """What became of the rows."""

    rows: int = 0
    loaded: int = 0
    unchanged: int = 0
    encoded: int = 0
    ready: int = 0
    """Both of whose vectors came with the feed, so nothing of them was encoded."""
    restored: int = 0
    """Their vectors were found in Parquet."""
    by_link: int = 0
    without_picture: int = 0


@dataclass(frozen=True, slots=True)
class LoadSummary:
    """What a run did."""

    counts: Counts
    rejected: int
    without_linked_picture: int
    rejects_path: Path
    publication: Publication
    seconds: float
    live: bool
    """Whether its products went into the version that is served, beside those there."""
    verdict: Verdict | None = None
    """What golden queries say, where any were asked."""

    def tags(self) -> dict[str, str]:
        """What was published, for the run's record."""
        head = self.publication.head
        return {"model": head.model_id, "catalogue": head.version, "change": str(head.sequence)}

    def metrics(self) -> dict[str, float]:
        """Figures for the run's record."""
        figures = {name: float(value) for name, value in asdict(self.counts).items()}
        figures |= {
            "rejected": float(self.rejected),
            "without_linked_picture": float(self.without_linked_picture),
            "seconds": self.seconds,
        }
        if self.verdict is not None:
            figures["golden/ndcg"] = self.verdict.ndcg
        return figures

    def lines(self) -> Iterator[str]:
        """For a person."""
        counts, head = self.counts, self.publication.head
        yield (
            f"loaded {counts.loaded} of {counts.rows} products: {counts.unchanged} unchanged, "
            f"{counts.encoded} encoded"
        )
        if counts.ready:
            yield f"{counts.ready} brought vectors of their own, which were taken"
        if counts.restored:
            yield f"{counts.restored} had their vectors in Parquet already"
        if by_link := counts.by_link - self.without_linked_picture:
            yield f"{by_link} are shown with the picture that they link to"
        if counts.without_picture:
            yield f"{counts.without_picture} have no picture and are found by their words alone"
        if self.without_linked_picture:
            yield (
                f"{self.without_linked_picture} pictures could not be fetched, see "
                f"{self.rejects_path}; their products are found by their words alone"
            )
        if self.rejected:
            yield f"{self.rejected} rejected, see {self.rejects_path}"
        if self.live:
            yield f"version {head.version} changed, change {head.sequence}, in {self.seconds:.1f} s"
            return
        if self.verdict is not None:
            yield str(self.verdict)
        state = "published" if self.publication.is_new else "was published already"
        yield f"version {head.version} of {head.model_id} {state}, in {self.seconds:.1f} s"
        if self.publication.undone:
            yield f"{self.publication.undone} live changes are undone; `rollback` brings them back"
        elif head.sequence > head.base:
            yield f"{head.sequence - head.base} live changes to it are kept"
