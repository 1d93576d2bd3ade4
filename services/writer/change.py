"""One change that waits to be written, and what becomes of it."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from services.common.context import Deadline
from services.common.problems import (
    DeadlineExceeded,
    DependencyUnavailable,
    ModelMismatch,
    NotReady,
    ServiceError,
)
from services.contracts.products import MORE_IMAGES
from services.contracts.writer import ProductInput
from services.pipeline.catalogue.ledger import Entry, Published
from services.pipeline.catalogue.product import CatalogueProduct
from services.pipeline.errors import Busy, NothingToLoad, PipelineError, TooLate, WrongModel
from services.writer.batch_log import Mark

PICTURE_FIELDS = ("image", "image_url", "images", "image_urls")
"""Fields of a request that name pictures: one of them at most."""

EMBEDDED = frozenset({"title", "description", *PICTURE_FIELDS})
"""Fields of a product that its vectors depend on, beside the attribute `MORE_IMAGES`."""

_ANSWER_S = 0.05
"""Time that an answer takes to its caller."""

COMMIT_MARGIN_S = 0.3
"""Time that a change needs from the decision to store it to its answer."""


def _answer() -> asyncio.Future[Published]:
    return asyncio.get_running_loop().create_future()


@dataclass(slots=True)
class Change:
    """A product to put in, to patch or, with neither, to delete. Made in the event loop."""

    product_id: str
    deadline: Deadline
    given: ProductInput | None = None
    patch: dict[str, Any] | None = None
    if_match: str | None = None
    mark: Mark | None = None
    """The line of a batch with a key that it comes from, if any."""
    only_new: bool = False
    """Refused if the catalogue has the product."""
    answer: asyncio.Future[Published] = field(default_factory=_answer, repr=False)
    product: CatalogueProduct | None = field(default=None, repr=False)
    """Product to store, once it is known."""
    keeps_vectors: bool = False
    """Its vectors stay as they are, so nothing is encoded."""
    stored: Published | None = None
    """Set as soon as it is on the disk, perhaps before Redis shows it."""

    @property
    def may_encode(self) -> bool:
        """True if it may need the encoder, as far as the request shows."""
        patch = self.patch or {}
        attributes = patch.get("attributes", {})
        pictures = attributes is None or (
            isinstance(attributes, dict) and MORE_IMAGES in attributes
        )
        return self.given is not None or pictures or not EMBEDDED.isdisjoint(patch)

    @property
    def needs_stored(self) -> bool:
        """True if the product as it is stored decides what becomes of it."""
        return self.patch is not None or self.if_match is not None or self.only_new

    @property
    def in_time(self) -> bool:
        """True if it can still be stored and answered before its caller gives up."""
        return not self.answer.done() and self.deadline.remaining_s() > COMMIT_MARGIN_S

    @property
    def entry(self) -> Entry:
        """As a change row of the catalogue lists it."""
        if self.product is None:
            return self.product_id, "", ""
        return self.product.entry

    def refuse(self, error: ServiceError) -> None:
        """It is not made, now or later; one that is on the disk already is made."""
        if self.stored is not None:
            self.settle(self.stored)
        if not self.answer.done():
            self.answer.set_exception(error)
            # A caller who has left does not read it.
            self.answer.exception()

    def settle(self, published: Published) -> None:
        """It is stored."""
        if not self.answer.done():
            self.answer.set_result(published)


async def answer_of(change: Change) -> Published:
    """Wait for what becomes of a change. Raises DeadlineExceeded when it is given up."""
    # Earlier than the caller gives up: a change that is on the disk must not look refused.
    patience_s = max(0.0, change.deadline.remaining_s() - _ANSWER_S)
    done, _ = await asyncio.wait([change.answer], timeout=patience_s)
    if done:
        return change.answer.result()
    if change.stored is not None:
        return change.stored
    change.answer.cancel()
    raise too_late()


Batch = dict[str, Change]
"""Changes that are written together, by product; two changes to one product never are."""


def drop_late(batch: Batch) -> None:
    """Refuse what can no longer be answered in time, so that it is never applied."""
    for change in list(batch.values()):
        if not change.in_time:
            batch.pop(change.product_id)
            change.refuse(too_late())


def refuse_all(batch: Iterable[Change], error: ServiceError) -> None:
    """None of them is made."""
    for change in batch:
        change.refuse(error)


def too_late() -> DeadlineExceeded:
    """The answer to a change that is not made, because its time is over."""
    return DeadlineExceeded(
        "The change could not be stored in time, and is not made. Send it again."
    )


def problem_of(error: PipelineError | OSError) -> ServiceError:
    """The same in the words of our contract."""
    if isinstance(error, OSError):
        return DependencyUnavailable(f"The offline store cannot be written: {error.strerror}.")
    detail = f"{str(error)[:1].upper()}{str(error)[1:]}."
    if isinstance(error, WrongModel):
        return ModelMismatch(detail)
    if isinstance(error, NothingToLoad):
        return NotReady(detail)
    if isinstance(error, Busy):
        # The gateway passes this on, so without the process and the folder.
        return NotReady(
            "A load, or another command that writes, is running; nothing is changed. Send it again "
            "when that has ended. Searches go on."
        )
    if isinstance(error, TooLate):
        return too_late()
    return DependencyUnavailable(detail)
