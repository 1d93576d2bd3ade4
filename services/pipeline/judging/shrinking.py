"""Check before publication that a version has not lost its products to a fault of the file."""

from __future__ import annotations

from collections.abc import Mapping

from services.contracts.catalogue import CatalogueHead
from services.pipeline.errors import GateClosed
from services.pipeline.settings import PipelineSettings

_GO_ON = (
    "Nothing is published, and the served version stays. If this is intended, run it again with"
)


def check_rejects(
    rows: int, faults: int, reasons: Mapping[str, int], settings: PipelineSettings
) -> None:
    """Raises GateClosed when too many of the rows were rejected as faulty."""
    most = settings.max_rejected_share
    if faults > rows * most:
        told = ", ".join(f"{count} {reason}" for reason, count in reasons.items())
        raise GateClosed(
            f"{faults} of {rows} rows were rejected ({told}); at most {most:.0%} may be. "
            f"{_GO_ON} --force, or with PIPELINE_MAX_REJECTED_SHARE=1"
        )


def check_size(products: int, served: CatalogueHead | None, settings: PipelineSettings) -> None:
    """Raises GateClosed when far fewer products would be served than now."""
    least = settings.min_kept_share
    if served is not None and products < served.products * least:
        raise GateClosed(
            f"the new version has {products} products, the served one {served.products}; at least "
            f"{least:.0%} of them are expected. {_GO_ON} --force, or with "
            "PIPELINE_MIN_KEPT_SHARE=0"
        )
