"""Order of results, and where a page ends, as text that the next request brings back."""

from __future__ import annotations

import json
import math
from bisect import bisect_right
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from services.common.problems import InvalidRequest
from services.contracts.problems import FieldProblem
from services.contracts.search import Sort
from services.retriever.catalogue.catalogue import Catalogue
from services.retriever.catalogue.fields import Numbers

Key = tuple[float, float, float, str]
"""Place of a result: currency, price (both 0 in order of relevance), relevance below 0, id."""

_DRIFT = 0.01
"""More than a product's relevance moves by changes of other products between two pages."""


class Order:
    """Some rows in the order asked for."""

    def __init__(
        self,
        catalogue: Catalogue,
        sort: Sort,
        numbers: Numbers,
        relevance: NDArray[np.float64] | None = None,
    ) -> None:
        """relevance: (m,) of the m rows; None where nothing is sought, so that none is better."""
        self._catalogue = catalogue
        self._numbers = numbers
        zeros = np.zeros(len(numbers))
        self._relevance = zeros if relevance is None else relevance
        self._currencies, self._prices = zeros, zeros
        if sort != "relevance":
            self._currencies, prices = catalogue.products.priced(numbers)
            prices = prices if sort == "price_asc" else -prices
            self._prices = np.where(np.isnan(prices), math.inf, prices)
        ranks = catalogue.index.ranks(numbers)
        self.positions: NDArray[np.intp] = np.lexsort(
            (ranks, -self._relevance, self._prices, self._currencies)
        )
        """(m,) positions in `numbers`, first result first."""

    def page(self, after: str | None, k: int) -> tuple[NDArray[np.intp], str | None]:
        """Positions of the results of a page, and where it ends; None on the last page.

        Raises InvalidRequest for what `after` never was.
        """
        start = 0 if after is None else self._behind(key_of(after))
        page = self.positions[start : start + k]
        last = start + len(page)
        more = len(page) and last < len(self.positions)
        return page, self.end(last - 1) if more else None

    def end(self, place: int) -> str:
        """The text of the key of the result at this place."""
        currency, price, relevance, product_id = self._key(place)
        return json.dumps([currency, None if math.isinf(price) else price, relevance, product_id])

    def _behind(self, last: Key) -> int:
        """The place behind the last result of the page before, which is still there as a rule.

        Its relevance may be a little different by now, as that of all others: each change of a
        product changes how rare words are.
        """
        number = self._catalogue.index.number_of(last[3])
        for place in np.flatnonzero(self._numbers[self.positions] == number).tolist():
            key = self._key(place)
            if key[:2] == last[:2] and abs(key[2] - last[2]) < _DRIFT:
                return int(place) + 1
        places: Sequence[int] = range(len(self.positions))
        return bisect_right(places, last, key=self._key)

    def _key(self, place: int) -> Key:
        position = int(self.positions[place])
        return (
            float(self._currencies[position]),
            float(self._prices[position]),
            -float(self._relevance[position]),
            self._catalogue.index.id_of(int(self._numbers[position])),
        )


def key_of(after: str) -> Key:
    """Raises InvalidRequest for what `Order.end` never wrote."""
    try:
        currency, price, relevance, product_id = json.loads(after)
        if not isinstance(product_id, str):
            raise TypeError("an id is text")
        price = math.inf if price is None else float(price)
        return float(currency), price, float(relevance), product_id
    except (ValueError, TypeError) as error:
        message = "Invalid `after`. Give the `next` of an answer to the same search."
        raise InvalidRequest(
            message, errors=[FieldProblem(field="body.after", message=message)]
        ) from error
