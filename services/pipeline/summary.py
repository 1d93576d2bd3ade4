"""Summary of a load, for a person and for the run's record."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from services.pipeline.catalogue.publication import Publication
from services.pipeline.feeds import Feed
from services.pipeline.feeds.base import shown
from services.pipeline.judging.gate import Verdict

NOT_FETCHED = "picture not fetched"
"""Kind of note on a picture whose link gave none."""


@dataclass(slots=True)
class Counts:
    """Numbers of rows, by result."""

    rows: int = 0
    loaded: int = 0
    unchanged: int = 0
    encoded: int = 0
    ready: int = 0
    """Both of their vectors came with the feed, so nothing of them was encoded."""
    restored: int = 0
    """Their vectors were found in Parquet."""
    by_link: int = 0
    """Shown with the picture that they link to."""
    unfetched: int = 0
    """Those by link that brought no vector of it either: they are found by their words alone."""
    without_picture: int = 0


@dataclass(slots=True)
class Tally:
    """Counts by name."""

    rejected: Counter[str] = field(default_factory=Counter)
    """Rows, by kind of reason."""
    details: Counter[str] = field(default_factory=Counter)
    """Details that products were loaded without, by kind."""
    currencies: Counter[str] = field(default_factory=Counter)
    """Products with a price, by currency; empty where none is known."""
    attribute_columns: Sequence[str] = ()
    """Columns of the file that its format does not know."""


class LoadReport(BaseModel):
    """Summary of a load for programs: `--report FILE` writes it as JSON, also if the load fails."""

    model_config = ConfigDict(frozen=True)

    file: str
    format: str
    published: bool
    error: str | None = None
    version: str | None = None
    model: str | None = None
    rows: int
    loaded: int
    unchanged: int
    encoded: int
    ready: int
    restored: int
    rejected: int
    rejected_by_reason: dict[str, int]
    details: int
    details_by_reason: dict[str, int]
    currencies: dict[str, int]
    attribute_columns: list[str]
    rejects_file: str
    seconds: float

    @classmethod
    def of(
        cls,
        feed: Feed,
        counts: Counts,
        tally: Tally,
        rejects_path: Path,
        seconds: float,
        *,
        publication: Publication | None = None,
        error: str | None = None,
    ) -> LoadReport:
        """publication: None when nothing was published, for the reason `error`."""
        head = None if publication is None else publication.head
        return cls(
            file=feed.address or str(feed.path),
            format=feed.format,
            published=publication is not None and publication.is_new,
            error=error,
            version=None if head is None else head.version,
            model=None if head is None else head.model_id,
            rows=counts.rows,
            loaded=counts.loaded,
            unchanged=counts.unchanged,
            encoded=counts.encoded,
            ready=counts.ready,
            restored=counts.restored,
            rejected=tally.rejected.total(),
            rejected_by_reason=dict(tally.rejected.most_common()),
            details=tally.details.total(),
            details_by_reason=dict(tally.details.most_common()),
            currencies=dict(tally.currencies.most_common()),
            attribute_columns=list(tally.attribute_columns),
            rejects_file=str(rejects_path),
            seconds=round(seconds, 3),
        )

    def write(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(self.model_dump_json(indent=2) + "\n", encoding="utf-8")


@dataclass(frozen=True, slots=True)
class LoadSummary:
    """Summary of a run."""

    counts: Counts
    tally: Tally
    rejects_path: Path
    publication: Publication
    seconds: float
    live: bool
    """True if the products were added to the served version."""
    verdict: Verdict | None = None
    """The result of the golden queries, if there were any."""
    warning: str | None = None
    """The gate's, about the published version."""

    @property
    def rejected(self) -> int:
        return self.tally.rejected.total()

    @property
    def details(self) -> int:
        return self.tally.details.total()

    @property
    def without_linked_picture(self) -> int:
        return self.tally.details[NOT_FETCHED]

    def tags(self) -> dict[str, str]:
        """The published version, for the run's record."""
        head = self.publication.head
        return {"model": head.model_id, "catalogue": head.version, "change": str(head.sequence)}

    def metrics(self) -> dict[str, float]:
        """Figures for the run's record."""
        figures = {name: float(value) for name, value in asdict(self.counts).items()}
        figures |= {
            "rejected": float(self.rejected),
            "details": float(self.details),
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
        if by_link := counts.by_link - counts.unfetched:
            yield f"{by_link} are shown with the picture that they link to"
        if counts.without_picture:
            yield f"{counts.without_picture} have no picture and are found by their words alone"
        if self.without_linked_picture:
            lost = self.without_linked_picture
            yield f"{lost} pictures could not be fetched, see {self.rejects_path}"
        if counts.unfetched:
            yield (
                f"{counts.unfetched} are shown with a picture that could not be used, and are "
                "found by their words alone"
            )
        if others := self.details - self.without_linked_picture:
            reasons = _by_reason(self.tally.details, without=NOT_FETCHED)
            yield f"{others} details were left out or changed, see {self.rejects_path}: {reasons}"
        if self.rejected:
            reasons = _by_reason(self.tally.rejected)
            yield f"{self.rejected} rejected, see {self.rejects_path}: {reasons}"
        if len(self.tally.currencies) > 1:
            currencies = ", ".join(
                f"{count} in {code or 'no known currency'}"
                for code, count in self.tally.currencies.most_common()
            )
            yield f"prices are in several currencies: {currencies}"
        if self.tally.attribute_columns:
            columns = shown(self.tally.attribute_columns)
            yield f"columns that are not fields are kept as attributes: {columns}"
        if self.live:
            yield f"version {head.version} changed, change {head.sequence}, in {self.seconds:.1f} s"
            return
        if self.verdict is not None:
            yield str(self.verdict)
        if self.warning is not None:
            yield f"warning: {self.warning}"
        state = "published" if self.publication.is_new else "was published already"
        yield f"version {head.version} of {head.model_id} {state}, in {self.seconds:.1f} s"
        if self.publication.carried:
            yield f"live changes to {self.publication.carried} products are kept"
        elif self.publication.undone:
            undone = "live changes are undone"
            if self.publication.undone_of:
                version = f"the version of {self.publication.undone_of}"
                yield f"warning: {undone}: they belong to {version}. Make them again"
            else:
                yield f"{undone}; `rollback` brings them back"
        elif head.sequence > head.base:
            # Not counted: folded changes are one.
            yield "live changes to it are kept"


def _by_reason(counts: Counter[str], without: str = "") -> str:
    return ", ".join(
        f"{count} {reason}" for reason, count in counts.most_common() if reason != without
    )
