"""A search whose answer is read as callers read it."""

from __future__ import annotations

from services.contracts.retriever import RetrievalRequest, RetrievalResponse
from services.retriever.catalogue.catalogue import Catalogue
from services.retriever.searching.search import answer_of


def search(catalogue: Catalogue, request: RetrievalRequest) -> RetrievalResponse:
    """Raises as `answer_of`."""
    return RetrievalResponse.model_validate_json(answer_of(catalogue, request).json())
