"""Indexes over fused rows `[text ; image]`, and how one takes live changes."""

from services.retriever.index.base import (
    NO_HITS,
    SCORE_DECIMALS,
    AnyRows,
    Hits,
    Index,
    IndexBuild,
    Passing,
    Rows,
    Vector,
    fuse,
    scattered,
)
from services.retriever.index.choice import Engine, IndexChoice, IndexKind
from services.retriever.index.exact import ExactIndex
from services.retriever.index.live import LiveIndex

__all__ = [
    "NO_HITS",
    "SCORE_DECIMALS",
    "AnyRows",
    "Engine",
    "ExactIndex",
    "Hits",
    "Index",
    "IndexBuild",
    "IndexChoice",
    "IndexKind",
    "LiveIndex",
    "Passing",
    "Rows",
    "Vector",
    "fuse",
    "scattered",
]
