"""Live changes: products put into, or taken out of, the version that is served."""

from __future__ import annotations

from collections.abc import Sequence

from services.contracts.catalogue import CatalogueHead
from services.contracts.encoder import ModelInfo
from services.pipeline.errors import NothingToLoad, WrongModel
from services.pipeline.offline_store import OfflineStore
from services.pipeline.online_store import EventClock, OnlineStore
from services.pipeline.publication import Publisher
from services.pipeline.settings import PipelineSettings
from services.pipeline.stores import open_stores


def delete(product_ids: Sequence[str], settings: PipelineSettings) -> CatalogueHead:
    """Take these products out; an id that the catalogue does not have changes nothing.

    Raises NothingToLoad when no catalogue is published, DependencyAway, StoreIncomplete, Busy.
    """
    with open_stores(settings.feature_store) as (online, offline):
        return delete_rows(online, offline, product_ids)


def delete_rows(
    online: OnlineStore, offline: OfflineStore, product_ids: Sequence[str]
) -> CatalogueHead:
    """As `delete` does, for who holds the lock."""
    head = published(online.head()[0])
    publisher = Publisher(
        online, offline, EventClock(), model_id=head.model_id, dimension=head.dimension
    )
    return publisher.change([(product_id, "", "") for product_id in dict.fromkeys(product_ids)])


def published(head: CatalogueHead | None) -> CatalogueHead:
    """The head; raises NothingToLoad when there is none."""
    if head is None:
        raise NothingToLoad("no catalogue is published yet; load one first")
    return head


def check_model(head: CatalogueHead | None, model: ModelInfo) -> None:
    """Raises NothingToLoad without a head, WrongModel when it is not of the encoder's model."""
    head = published(head)
    if (head.model_id, head.dimension) != (model.model, model.dimension):
        raise WrongModel(
            f"the published catalogue is of model {head.model_id!r} with {head.dimension} floats a "
            f"vector, the encoder's is {model.model!r} with {model.dimension}; load the whole "
            "catalogue with this encoder first"
        )
