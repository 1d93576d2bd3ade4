"""Pages of a search, one after another."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from services.contracts.retriever import RetrievalResponse


def every_page(ask: Callable[[str | None], RetrievalResponse]) -> list[RetrievalResponse]:
    """ask: the page after a place; None for the first."""
    pages = [ask(None)]
    while pages[-1].next is not None:
        pages.append(ask(pages[-1].next))
    return pages


def ids_of(pages: Sequence[RetrievalResponse]) -> list[str]:
    """Ids of the products of all pages."""
    return [product.product_id for page in pages for product in page.results]
