"""Product feeds of different kinds, read row by row in bounded memory into one shape.

`opening` detects the format of a file; `table` reads rows of CSV, TSV, JSON and Parquet; `own`,
`google_merchant`, `shopify` and `sqid` interpret them; names of columns in our own format are in
`own_columns` and, in other languages, in `own_languages`. The result is a `FeedRow`.
"""

from services.pipeline.feeds.base import FIELDS, Feed, FeedRow, ReadyVectors, VectorsModel
from services.pipeline.feeds.opening import FORMATS, FeedOptions, open_feed
from services.pipeline.feeds.settings import FeedSettings

__all__ = [
    "FIELDS",
    "FORMATS",
    "Feed",
    "FeedOptions",
    "FeedRow",
    "FeedSettings",
    "ReadyVectors",
    "VectorsModel",
    "open_feed",
]
