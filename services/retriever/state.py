"""State of the retriever: everything that lives as long as the app runs."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

from fastapi import Depends

from services.common.state import state_dependency
from services.contracts.retriever import RetrievalRequest
from services.retriever.catalogue.catalogue import Catalogue
from services.retriever.loading.follower import Follower
from services.retriever.metrics import RetrieverMetrics
from services.retriever.searching.answer import Answer
from services.retriever.searching.drift import QueryDrift
from services.retriever.searching.pool import SearchPool
from services.retriever.searching.recent_answers import RecentAnswers
from services.retriever.searching.search import answer_of

if TYPE_CHECKING:
    from services.retriever.index.milvus import MilvusEngine


SMALL_CATALOGUE = 2_000
"""Products: a search takes half a millisecond to one."""
_SHORT_TEXT = 100
"""Characters of all texts together: long ones take many milliseconds, whatever the catalogue."""


@dataclass(frozen=True, slots=True)
class RetrieverState:
    """Made in the app's lifespan."""

    follower: Follower
    pool: SearchPool
    metrics: RetrieverMetrics
    drift: QueryDrift
    answers: RecentAnswers
    engine: MilvusEngine | None
    """The Milvus that searches instead of this process, if any."""

    def small(self, catalogue: Catalogue, texts: Iterable[str]) -> bool:
        """True if an answer takes hardly longer than to wake a thread. texts: all of the query."""
        return (
            self.engine is None
            and catalogue.index.numbers <= SMALL_CATALOGUE
            and sum(map(len, texts)) <= _SHORT_TEXT
        )

    def search(self, catalogue: Catalogue, request: RetrievalRequest) -> Answer:
        """One search, in a thread."""
        with self.metrics.search_seconds.time():
            return answer_of(catalogue, request)


State = Annotated[RetrieverState, Depends(state_dependency(RetrieverState))]
