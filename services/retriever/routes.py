"""The retriever's own endpoints."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Annotated

import numpy as np
from fastapi import APIRouter, Depends, Request

from services.common.problems import (
    DeadlineExceeded,
    InvalidRequest,
    ModelMismatch,
    NotFound,
    NotReady,
    Overloaded,
    problem_responses,
)
from services.contracts.problems import FieldProblem
from services.contracts.products import Product, ScoredProduct
from services.contracts.retriever import CatalogueInfo, SearchRequest, SearchResponse
from services.retriever.catalogue import Catalogue
from services.retriever.faults import UNIT_TOLERANCE
from services.retriever.follower import Follower
from services.retriever.index import Vector
from services.retriever.metrics import RetrieverMetrics
from services.retriever.search_pool import SearchPool


@dataclass(frozen=True, slots=True)
class Retriever:
    """What lives as long as the app does."""

    follower: Follower
    pool: SearchPool
    metrics: RetrieverMetrics


def _retriever(request: Request) -> Retriever:
    retriever: Retriever = request.app.state.retriever
    return retriever


def _catalogue(retriever: Annotated[Retriever, Depends(_retriever)]) -> Catalogue:
    """One snapshot for the whole request, whatever is swapped in meanwhile."""
    catalogue = retriever.follower.catalogue
    if catalogue is None:
        # Why not is for operators, in `/ready`: it may name addresses, and this goes to anybody.
        raise NotReady("The retriever holds no catalogue yet; ask again shortly.")
    return catalogue


Retrieving = Annotated[Retriever, Depends(_retriever)]
Snapshot = Annotated[Catalogue, Depends(_catalogue)]

router = APIRouter(tags=["retriever"])


@router.post(
    "/search",
    summary="The products nearest to a vector",
    responses=problem_responses(
        InvalidRequest, ModelMismatch, NotReady, Overloaded, DeadlineExceeded
    ),
)
async def search(body: SearchRequest, retriever: Retrieving, catalogue: Snapshot) -> SearchResponse:
    """Exact late fusion of both vectors of every product, best first."""
    query = _query(body, catalogue)

    def in_thread() -> list[ScoredProduct]:
        started = time.perf_counter()
        results = catalogue.search(query, body.weights, body.k, body.threshold)
        retriever.metrics.search_seconds.observe(time.perf_counter() - started)
        return results

    return SearchResponse(results=await retriever.pool.run(in_thread), catalogue=catalogue.info)


@router.get(
    "/products/{product_id:path}",
    summary="One product by its id",
    responses=problem_responses(NotFound, NotReady),
)
async def product(product_id: str, catalogue: Snapshot) -> Product:
    """All that the catalogue knows of it; the id may hold any character, slashes too."""
    found = catalogue.products.get(product_id)
    if found is None:
        raise NotFound(f"The catalogue has no product {product_id!r}.")
    return found


@router.get(
    "/catalogue",
    summary="Which catalogue is served",
    responses=problem_responses(NotReady),
)
async def catalogue_info(catalogue: Snapshot) -> CatalogueInfo:
    """Version, model, dimension and size of what `/search` answers from."""
    return catalogue.info


def _query(body: SearchRequest, catalogue: Catalogue) -> Vector:
    """(d,) unit float32. Raises ModelMismatch or InvalidRequest where it cannot be compared."""
    info = catalogue.info
    if body.model != info.model:
        raise ModelMismatch(
            f"The query's vector is of model {body.model!r}, the catalogue's are of "
            f"{info.model!r}; they cannot be compared."
        )
    if len(body.vector) != info.dimension:
        raise _vector_problem(
            f"The query's vector has {len(body.vector)} floats, the catalogue's have "
            f"{info.dimension}."
        )
    query = np.asarray(body.vector, np.float32)
    length = float(np.linalg.norm(query))
    if not abs(length - 1) <= UNIT_TOLERANCE:
        raise _vector_problem(f"The query's vector must be of unit length, not {length:.4g}.")
    return query


def _vector_problem(message: str) -> InvalidRequest:
    return InvalidRequest(message, errors=[FieldProblem(field="body.vector", message=message)])
