"""The catalogue in the feature store: what the pipeline writes and the retriever reads.

Feast's online store can neither list its keys nor search, so what the catalogue contains is itself
a feature. A *head* names one version and how many *shards* list its products; shards are keyed by
version, so a reader that holds a head always finds the product list that belongs to it. Rows of
products are keyed by what they say (`CONTENT_KEY` is their fingerprint), so they are never written
over: a version that is being loaded cannot disturb the one that is served.

What changes a version once it is served is a *change*: a list of products put in and taken out,
numbered, and written once. The head tells how far the numbers go, so who serves a version applies
the changes that it lacks, from its own number on. Numbers are never used twice for a version.

The names below are those of `feature_repo/definitions.py`; a test holds the two together.
"""

from __future__ import annotations

from pydantic import Field

from services.contracts.base import Contract, ModelId
from services.contracts.ranking import Ranking

CATALOGUE = "default"
"""Join-key value of the head row of the version that is served."""

PREVIOUS = "default/previous"
"""Join-key value of the head row of the version served before, for going back to it."""

HEAD_VIEW = "catalogue_head"
SHARD_VIEW = "catalogue_shard"
CHANGE_VIEW = "catalogue_change"
VECTOR_VIEW = "product_vectors"
METADATA_VIEW = "product_metadata"

PRODUCT_KEY = "product_id"
MODEL_KEY = "model_id"
CATALOGUE_KEY = "catalogue_id"
SHARD_KEY = "shard_id"
CHANGE_KEY = "change_id"
CONTENT_KEY = "content"

TEXT_VECTOR = "text_vector"
IMAGE_VECTOR = "image_vector"
FINGERPRINT = "fingerprint"
RANKING = "ranking"

PRODUCTS_PER_SHARD = 10_000


class CatalogueHead(Contract):
    """The published version: every replica that reads it serves the same products."""

    version: str = Field(min_length=1, description="Digest of model, products and their content.")
    model_id: ModelId
    dimension: int = Field(ge=1)
    shards: int = Field(ge=0)
    products: int = Field(ge=0, description="In its shards; what changes add is not counted.")
    base: int = Field(default=0, ge=0, description="Number before the first of its changes.")
    sequence: int = Field(default=0, ge=0, description="Number of the latest of its changes.")
    ranking: Ranking | None = Field(default=None, description="Null: the built-in one.")


def shard_id(version: str, number: int) -> str:
    """Join-key value of shard `number` (from 0) of a catalogue version."""
    return f"{version}/{number}"


def change_id(version: str, sequence: int) -> str:
    """Join-key value of change `sequence` of a catalogue version."""
    return f"{version}/{sequence}"
