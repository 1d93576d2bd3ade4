"""Product feeds of many kinds, read row by row in bounded memory into one shape, the `FeedRow`.

`open_feed` (`opening`) detects what a file holds and whose columns it has. A feed then goes through
three layers. Start reading at `base` (the shape) and `opening`.

1. Files become tables of text. `files` and `wrong_bytes`: unpacking and encodings. `table`: the
   shape of a table; `csv_table` (with `quoted_rows` and `tab_rows`), `json_table` (with `graphql`)
   and `parquet_table`. XML has no table: `xml_bytes` and `xml_items` cut it into items.
2. A format gives columns a meaning and returns rows.

   =================  ===========================================================================
   `--format`         modules
   =================  ===========================================================================
   `own`              `own`: any file with known names of columns. `own_columns`: these names;
                      `own_languages`: other languages; `own_cells`: lists, categories, pictures;
                      `own_offers`: sale, stock, status; `own_variants`: variants in rows;
                      `own_nested`: variants and attributes in JSON
   `google-merchant`  `google_merchant`: TSV and XML; `google_products`: Google's attributes
   `shopify`          `shopify`
   `woocommerce`      `woocommerce`; `woocommerce_languages`: other languages of its columns
   `magento`          `magento`
   `kaggle-styles`    `kaggle_styles`
   `esci`, `sqid`     `sqid`; `vector_file`: its vectors
   =================  ===========================================================================

   They share `table_feed` (rows of a table), `variants`, `sales`, `stock`, `costs` (columns that no
   shopper may see), `html` and `links`.
3. `validation` turns a row into a product or a reject, with `cleaning`, `prices`, `currencies` and
   `ready_vectors`. `rejects` writes down what was left out.
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
