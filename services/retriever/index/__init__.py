"""Indexes over fused rows `[text ; image]`, and how one takes live changes."""

from services.retriever.index.arrays import AnyRows, Passing, Rows, Scores, Vector
from services.retriever.index.base import (
    NO_HITS,
    SCORE_DECIMALS,
    Hits,
    Index,
    IndexBuild,
    fuse,
    scattered,
)
from services.retriever.index.choice import Engine, IndexChoice, IndexKind
from services.retriever.index.exact import ExactIndex
from services.retriever.index.further import FurtherImages
from services.retriever.index.ids import Ids
from services.retriever.index.live import LiveIndex
from services.retriever.index.row_fields import (
    NO_CHANGES,
    Between,
    Changes,
    Condition,
    OneOf,
    Origin,
    RowFields,
    Where,
    code_of,
)

__all__ = [
    "NO_CHANGES",
    "NO_HITS",
    "SCORE_DECIMALS",
    "AnyRows",
    "Between",
    "Changes",
    "Condition",
    "Engine",
    "ExactIndex",
    "FurtherImages",
    "Hits",
    "Ids",
    "Index",
    "IndexBuild",
    "IndexChoice",
    "IndexKind",
    "LiveIndex",
    "OneOf",
    "Origin",
    "Passing",
    "RowFields",
    "Rows",
    "Scores",
    "Vector",
    "Where",
    "code_of",
    "fuse",
    "scattered",
]
