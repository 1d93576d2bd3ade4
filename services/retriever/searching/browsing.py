"""Browsing: all products that pass the filters, without a query."""

from __future__ import annotations

from services.contracts.retriever import RetrievalHead, RetrievalRequest
from services.retriever.catalogue.catalogue import Catalogue
from services.retriever.searching.answer import Answer, written
from services.retriever.searching.counting import facets_of
from services.retriever.searching.paging import Order
from services.retriever.searching.scope import Scope
from services.retriever.searching.variants import variants_of


def browse(catalogue: Catalogue, request: RetrievalRequest) -> Answer:
    """The answer to a request without terms. Raises InvalidRequest for a bad `after`."""
    scope = Scope(catalogue, request)
    everything = scope.numbers()
    order = Order(catalogue, request.sort, everything)
    # The first variant in this order is shown.
    numbers = everything[order.positions]
    numbers = numbers[scope.one_of_each_group(numbers)]
    order = Order(catalogue, request.sort, numbers)
    page, after = order.page(request.after, request.k)

    head = RetrievalHead(
        found=len(numbers),
        confidence=1.0,
        facets=facets_of(catalogue, request, everything, scope.numbers) if request.facets else None,
        next=after,
        catalogue=catalogue.info,
        snapshot=catalogue.snapshot,
    )
    rows = numbers[page].tolist()
    variants = variants_of(catalogue, rows) if scope.groups else [{}] * len(rows)
    places = [{"score": 0.0, "strength": "strong", **one} for one in variants]
    return Answer(head, written(catalogue.products, rows, places))
