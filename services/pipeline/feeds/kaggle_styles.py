"""`styles.csv` of Kaggle's Fashion Product Images, with its folder `images` beside it."""

from __future__ import annotations

from dataclasses import replace

from services.pipeline.feeds.base import FeedRow
from services.pipeline.feeds.own import OwnFeed
from services.pipeline.feeds.table import Record

SIGNS = frozenset({"id", "productdisplayname", "mastercategory"})
"""Columns by which a table is recognised."""

_LEVELS = ("mastercategory", "subcategory", "articletype")
_COLOUR = "basecolour"


class KaggleStylesFeed(OwnFeed):
    """Three columns are the levels of the category; a picture is named by its id."""

    def _row(self, record: Record) -> FeedRow:
        row = super()._row(record)
        if row.problem is not None:
            return row
        attributes = dict(row.attributes)
        levels = [attributes.pop(name, "") for name in _LEVELS]
        fields = {**row.fields, "category": " > ".join(dict.fromkeys(filter(None, levels)))}
        if _COLOUR in attributes:
            attributes["color"] = attributes.pop(_COLOUR)
        picture = f"images/{fields.get('product_id', '')}.jpg"
        if "image" not in fields and (self.folder / picture).is_file():
            fields["image"] = picture
        kept = {name: value for name, value in fields.items() if value}
        return replace(row, fields=kept, attributes=attributes)
