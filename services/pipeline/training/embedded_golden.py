"""Golden queries as training takes them: with their vectors, one half at a time."""

from __future__ import annotations

import numpy as np

from services.pipeline.encoding.batches import embed_pictures, embed_texts
from services.pipeline.judging.golden import BY_WORDS, Golden, GoldenQuery, Half
from services.pipeline.judging.metrics import Judgements
from services.pipeline.settings import PipelineSettings
from services.pipeline.training.embedded import EmbeddedQueries, QueryKind


def embed_queries(
    golden: Golden, half: Half, settings: PipelineSettings
) -> tuple[EmbeddedQueries, Judgements]:
    """The queries of that half, and the judgements of those that have an answer.

    Leaves out names, identifiers and limits: no vector shows for sure what they mean. Raises
    FeedUnusable when a picture is missing, DependencyAway, EncoderBroken.
    """
    chosen = [
        query for query in golden.queries if query.half == half and query.kind not in BY_WORDS
    ]
    words = [query for query in chosen if query.kind != "picture"]
    pictures = [query for query in chosen if query.kind == "picture"]
    in_words = embed_texts([query.text for query in words], settings)
    in_pictures = embed_pictures([golden.picture(query) for query in pictures], settings)
    kinds: list[QueryKind] = ["words" for _ in words]
    kinds += ["picture" for _ in pictures]
    queries = EmbeddedQueries(
        ids=[query.query_id for query in (*words, *pictures)],
        kinds=kinds,
        vectors=np.concatenate([in_words.rows, in_pictures.rows]),
        model=in_words.model,
    )
    return queries, golden.judged(_answerable(chosen))


def _answerable(queries: list[GoldenQuery]) -> list[str]:
    return [query.query_id for query in queries if query.answerable]
