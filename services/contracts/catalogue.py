"""The layout of the catalogue in the feature store. The pipeline writes it, the retriever reads it.

Feast's online store can neither list its keys nor search, so the list of products is itself a
feature. A *head* names one version and the number of *shards* that list its products. Shards are
keyed by version, so a reader with a head always finds the product list of that version. Rows of
products are keyed by their content (`CONTENT_KEY` is their fingerprint), so they are never
overwritten: loading a new version cannot disturb the served one.

A *change* modifies a version that is served. It is a list of products to add and to remove. Each
change has a number and is written once. The head holds the latest number, so a reader of a version
applies the changes after its own number. A number is never used twice for a version.

Each head carries the number of its *format*. A reader refuses a format that it does not know, so an
older release never misreads what a newer one wrote. Heads of the first releases have none.

Many changes are *folded* into few: the latest state of each changed product, as changes of their
own after the others. A reader that has all changes up to the new `base` skips them.

The names below match `feature_repo/definitions.py`; a test compares them.
"""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from services.contracts.base import Contract, ModelId
from services.contracts.ranking import Ranking
from services.contracts.synonyms import Synonyms

CATALOGUE = "default"
"""Join-key value of the served version's head row."""

PREVIOUS = "default/previous"
"""Join-key value of the previous version's head row, for a rollback."""

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
SYNONYMS = "synonyms"
FOLDED = "folded"
FORMAT = "format"

CURRENT_FORMAT = 2
"""Format of what is written now. A new number is needed when the releases before would misread it,
and not for a column that they may ignore. Since format 2, `IMAGE_VECTOR` holds the vectors of all
pictures of a product, one after the other."""

MOST_IMAGES = 16
"""Image vectors of one product at most."""

PRODUCTS_PER_SHARD = 10_000


class CatalogueHead(Contract):
    """The published version. All replicas that read it serve the same products."""

    version: str = Field(min_length=1, description="Digest of the model, products and content.")
    model_id: ModelId
    dimension: int = Field(ge=1)
    shards: int = Field(ge=0)
    products: int = Field(ge=0, description="Products in the shards, without later changes.")
    base: int = Field(default=0, ge=0, description="Number before this version's first change.")
    sequence: int = Field(default=0, ge=0, description="Number of this version's latest change.")
    folded: int = Field(
        default=0,
        ge=0,
        description="Number of the last folded change. The changes from `base` + 1 to this one "
        "repeat, in few rows, the changes up to `base`; 0 if there are none.",
    )
    ranking: Ranking | None = Field(default=None, description="Null for the built-in ranking.")
    synonyms: Synonyms = Synonyms()


def shard_id(version: str, number: int) -> str:
    """Join-key value of shard `number` (from 0) of a catalogue version."""
    return f"{version}/{number}"


def change_id(version: str, sequence: int) -> str:
    """Join-key value of change `sequence` of a catalogue version."""
    return f"{version}/{sequence}"


ChangeToken = Annotated[
    str,
    Field(
        pattern=r"^[0-9a-f]{1,16}-[0-9A-Za-z._-]{1,64}-[0-9]{1,18}$",
        description="Name of a change, as the answer to `PUT`, `PATCH` and `DELETE` gives it in "
        "`change`. The answer then shows that change, or a later one.",
        examples=["63d8a2f1b5c40-4b1d0c5e7a9f2e31-7"],
    ),
]


def change_token(version: str, sequence: int, published_us: int) -> str:
    """Opaque name of a published state, for callers who want to read what they wrote.

    published_us: event timestamp of its head row, in microseconds since 1970. Every later head has
    a later one.
    """
    return f"{published_us:x}-{version}-{sequence}"


def published_us(token: ChangeToken) -> int:
    """The timestamp in a change token, in microseconds since 1970."""
    return int(token.partition("-")[0], 16)
