"""Knowledge of the crash loop: what each product may be after all that was acknowledged."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

State = tuple[str, float | None] | None
"""(title, price) of a product; None where there is none."""

Outcome = Literal["done", "refused", "unknown"]


@dataclass(slots=True)
class Known:
    """States that a product may have; more than one after an answer that never came."""

    states: set[State] = field(default_factory=lambda: {None})

    def put(self, title: str, price: float, outcome: Outcome) -> None:
        self._became({(title, price)}, outcome)

    def patched(self, price: float, outcome: Outcome) -> None:
        """Acknowledged: there was a product."""
        there: set[State] = {(one[0], price) for one in self.states if one is not None}
        self._became(there, outcome)

    def deleted(self, outcome: Outcome) -> None:
        self._became({None}, outcome)

    def missing(self) -> None:
        """A patch was answered with 404."""
        self.states &= {None}

    def allows(self, product: dict[str, Any] | None) -> bool:
        """True if this answer of `GET` is one of the states."""
        state = None if product is None else (product["title"], product["price"])
        return state in self.states

    def _became(self, states: set[State], outcome: Outcome) -> None:
        if outcome == "done":
            self.states = states
        elif outcome == "unknown":
            self.states = self.states | states
