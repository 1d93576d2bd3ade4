"""Changes to the catalogue that is served: deletions, and the return to the version before."""

from __future__ import annotations

from collections.abc import Sequence

from services.contracts.catalogue import PREVIOUS, CatalogueHead
from services.contracts.encoder import ModelInfo
from services.pipeline.catalogue.rebuilding import Rebuilder
from services.pipeline.catalogue.stores import open_stores
from services.pipeline.errors import NothingToLoad, WrongModel
from services.pipeline.settings import PipelineSettings


def delete(product_ids: Sequence[str], settings: PipelineSettings) -> CatalogueHead:
    """Delete these products; an id that the catalogue does not have changes nothing.

    Raises NothingToLoad when no catalogue is published, DependencyAway, StoreIncomplete, Busy.
    """
    with open_stores(settings.feature_store) as stores:
        publisher = stores.publisher_of(stores.head())
        entries = [(product_id, "", "") for product_id in dict.fromkeys(product_ids)]
        return publisher.change(entries).head


def roll_back(settings: PipelineSettings) -> tuple[CatalogueHead, int]:
    """Serve the version before, after a check of its rows. A second call undoes the first.

    Returns its head and the number of its products, live changes included. Raises NothingToLoad
    when there is none, StoreIncomplete when rows are missing, DependencyAway, Busy.
    """
    with open_stores(settings.feature_store) as stores:
        head, _ = stores.online.head(PREVIOUS)
        if head is None:
            raise NothingToLoad("there is no earlier version to go back to")
        # Redis may have evicted rows that nobody has read since.
        Rebuilder(stores.online, stores.offline, stores.ledger()).rebuild()
        served = stores.publisher_of(head).restore(head)
        return served, len(stores.ledger().entries(served))


def check_model(head: CatalogueHead, model: ModelInfo) -> None:
    """Raises WrongModel when the head is of another model than the encoder's."""
    if (head.model_id, head.dimension) != (model.model, model.dimension):
        raise WrongModel(
            f"the published catalogue is of model {head.model_id!r} with {head.dimension} floats a "
            f"vector, the encoder's is {model.model!r} with {model.dimension}; load the whole "
            "catalogue with this encoder first"
        )
