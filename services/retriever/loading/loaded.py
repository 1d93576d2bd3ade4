"""The parts of a loaded catalogue, which another process may hand over."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from services.contracts.catalogue import CatalogueHead
from services.retriever.catalogue.moments import Moments
from services.retriever.catalogue.product_table import ProductTable
from services.retriever.index import Index


@dataclass(frozen=True, slots=True)
class Loaded:
    """The parts of a loaded version. They can be pickled if an engine has the rows."""

    products: ProductTable
    index: Index
    moments: Moments


class ReadsCatalogue(Protocol):
    """`CatalogueReader`, as far as a process needs it that only loads."""

    def read(self, head: CatalogueHead, *, serving: bool = False) -> Loaded:
        """See `CatalogueReader.read`."""
        ...
