"""A catalogue version in memory."""

from __future__ import annotations

import zlib
from collections.abc import Collection
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

from services.contracts.products import Product
from services.contracts.ranking import BUILT_IN, Ranking
from services.contracts.retriever import CatalogueInfo
from services.contracts.search import Match
from services.contracts.synonyms import Synonyms
from services.retriever.catalogue.engine_fields import engine_fields, origin_of
from services.retriever.catalogue.moments import Moments
from services.retriever.catalogue.product_table import ProductTable
from services.retriever.catalogue.products import Products
from services.retriever.index import Changes, FurtherImages, LiveIndex, Rows
from services.retriever.words import Vocabulary, Words
from services.retriever.words.synonyms import NO_SYNONYMS, SynonymTable


class RecentResults(dict[str, Any]):
    """Results of one function by text, and the memory that they take."""

    nbytes = 0


@dataclass(frozen=True)
class Catalogue:
    """One version after some changes, immutable: a request takes it once and answers from it."""

    info: CatalogueInfo
    products: Products
    index: LiveIndex
    moments: Moments
    base: int = 0
    sequence: int = 0
    """Number of the latest change included; a version's changes are numbered from `base` + 1."""
    ranking: Ranking = BUILT_IN
    """Defaults for searches."""
    published_synonyms: Synonyms = field(default_factory=Synonyms)
    synonyms: SynonymTable = NO_SYNONYMS
    """The published ones, for queries."""

    def get(self, product_id: str) -> Product | None:
        """The product of that id, if there is one."""
        number = self.index.number_of(product_id)
        return None if number is None else Product(**self.products.values([number])[0])

    @cached_property
    def words(self) -> Words:
        """The words of all products, by the index's row numbers."""
        return self.products.words(self.index.gone_rows)

    @cached_property
    def vocabulary(self) -> Vocabulary:
        """Words and values of the catalogue, for those who correct and understand queries."""
        return Vocabulary(self.words, [fields.values_by_form for fields in self.products.fields])

    @cached_property
    def snapshot(self) -> str:
        """See `Snapshot` of the contracts; the same in every replica."""
        synonyms = zlib.crc32(self.published_synonyms.model_dump_json().encode())
        return f"{self.info.version}+{self.sequence}+{synonyms:08x}"

    @cached_property
    def recent(self) -> dict[object, RecentResults]:
        """Results of this snapshot for texts that may be asked again, see `remembered`."""
        return {}

    @cached_property
    def matched(self) -> dict[tuple[str, int], Match | None]:
        """Matches of words in products that were on a page lately, see `matching`."""
        return {}

    def with_changes(
        self,
        sequence: int,
        upserts: ProductTable,
        text: Rows,
        image: Rows,
        deletes: Collection[str],
        further: FurtherImages | None = None,
    ) -> Catalogue:
        """A copy with the changes up to `sequence`; this one stays unchanged.

        text, image: (m, d) float32, the vectors of the m `upserts`, in their order.  further:
        images of these products.
        """
        index = self.index.with_changes(upserts.ids, text, image, deletes, further)
        changed = replace(
            self,
            info=self.info.model_copy(update={"products": len(index)}),
            products=self.products.with_changes(upserts, deletes),
            index=index,
            sequence=sequence,
        )
        # Indexed here, not by the first search.
        _ = changed.words, changed.products.completed
        return changed

    def merged(self) -> Catalogue:
        """The same with all rows in one index; copies them, so not where a change waits."""
        # Only added rows are new to an engine; the fields of a table are the same in every one.
        added = self.products.added
        fields = None if added is None else engine_fields(added.ids, added.fields)
        origin = origin_of(self.info, Changes(self.sequence), self.products.fields[0])
        index = self.index.merged(fields, origin)
        products = self.products.merged(self.index.gone)
        # The ids are held once.
        merged = replace(self, index=index.named(products.ids), products=products)
        _ = merged.words, merged.products.completed
        return merged
