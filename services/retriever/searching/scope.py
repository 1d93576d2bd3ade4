"""The rows that a request may show: those that pass its filters and are not hidden."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from services.contracts.retriever import RetrievalRequest
from services.contracts.search import Filters
from services.retriever.catalogue.catalogue import Catalogue
from services.retriever.catalogue.engine_fields import conditions_of
from services.retriever.catalogue.fields import Numbers, filtered
from services.retriever.index import Passing, Where
from services.retriever.searching.excluded import excluded_rows

_NONE_FILTERED = Filters()


class Scope:
    """Filters and exclusions of one request over one catalogue."""

    def __init__(
        self, catalogue: Catalogue, request: RetrievalRequest, own: Sequence[str] = ()
    ) -> None:
        """own: the products that the query was made of."""
        self._catalogue = catalogue
        self._request = request
        self.filters = request.filters or _NONE_FILTERED
        self._hidden = self._hidden_numbers(own)
        self._excluded = [excluded_rows(catalogue, one.text) for one in request.exclusions]

    def passing(self, without: str | None = None) -> Passing | None:
        """(numbers,) the rows that may be shown, one filter left aside; None: every row may."""
        fields = [name for name in filtered(self.filters) if name != without]
        if not fields and not self._hidden and not self._excluded:
            return None
        products, index = self._catalogue.products, self._catalogue.index
        if fields:
            passing = np.concatenate(
                [
                    one.passing(self.filters, without, currency=products.currency)
                    for one in products.fields
                ]
            )
        else:
            passing = np.ones(index.numbers, np.bool_)
        passing[self._hidden] = False
        for rows in self._excluded:
            passing[rows] = False
        return passing

    def where(self, without: str | None = None) -> Where:
        """Conditions that all rows meet that may be shown, one filter left aside."""
        products = self._catalogue.products
        return conditions_of(self.filters, products.fields[0], without, products.currency)

    def numbers(self, without: str | None = None) -> Numbers:
        """All rows that may be shown, one filter left aside."""
        alive, passing = self._catalogue.index.alive, self.passing(without)
        return np.flatnonzero(alive if passing is None else alive & passing)

    def count(self) -> int:
        """The number of products that may be shown."""
        passing = self.passing()
        if passing is None:
            return len(self._catalogue.index)
        return self._catalogue.index.count(passing)

    def one_of_each_group(self, numbers: Numbers) -> Numbers:
        """(m,) positions of the first row of each group of variants, and of every other row."""
        groups = self._catalogue.products.groups(numbers) if self._request.group_variants else None
        if groups is None:
            return np.arange(len(numbers))
        grouped = np.flatnonzero(groups >= 0)
        _, first = np.unique(groups[grouped], return_index=True)
        return np.sort(np.concatenate([np.flatnonzero(groups < 0), grouped[first]]))

    @property
    def groups(self) -> bool:
        """True if variants are grouped and the catalogue has any."""
        return self._request.group_variants and self._catalogue.products.has_groups

    def _hidden_numbers(self, own: Sequence[str]) -> list[int]:
        index, products = self._catalogue.index, self._catalogue.products
        hidden = {index.number_of(product_id) for product_id in self._request.exclude}
        for product_id in own:
            number = index.number_of(product_id)
            hidden.add(number)
            if number is not None and self._request.group_variants:
                hidden.update(products.group_of(number))
        return sorted(number for number in hidden if number is not None)
