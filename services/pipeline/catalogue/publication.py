"""Publishes a catalogue version: its shards, a check that everything is there, then the head.

Readers flip to the new version when the head row changes, so it is written last and alone. Products
that the new file no longer has are simply not in the new version; their rows stay in the store,
for a reader that still serves the version before, and for going back to it.

A live change goes the same way: rows, a check that they are there, the list of what changed under
its own number, and then the head, which names that number.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

import pyarrow as pa

from services.contracts.catalogue import (
    CATALOGUE,
    CHANGE_VIEW,
    FOLDED,
    HEAD_VIEW,
    PREVIOUS,
    PRODUCTS_PER_SHARD,
    RANKING,
    SHARD_KEY,
    SHARD_VIEW,
    SYNONYMS,
    CatalogueHead,
    shard_id,
)
from services.contracts.ranking import Ranking
from services.contracts.synonyms import Synonym, Synonyms
from services.pipeline.catalogue.change_rows import ChangeRows
from services.pipeline.catalogue.fingerprint import catalogue_version
from services.pipeline.catalogue.heads import Heads
from services.pipeline.catalogue.ledger import Entry, Published, entries_table
from services.pipeline.catalogue.offline_store import OfflineStore
from services.pipeline.catalogue.online_store import EventClock, OnlineStore
from services.pipeline.catalogue.read_back import ReadBack
from services.pipeline.catalogue.schemas import head_table
from services.pipeline.errors import NothingPublished, NothingToLoad, StoreIncomplete

Approve = Callable[[CatalogueHead, Sequence[Entry], CatalogueHead | None], None]
"""Arguments: a version, its products, and the served version."""


@dataclass(frozen=True, slots=True)
class Publication:
    """The served version, and True if this run published it."""

    head: CatalogueHead
    is_new: bool
    undone: int = 0
    """Live changes to what was served before, that the new version does without."""
    carried: int = 0
    """Products whose live changes go on under another model."""
    undone_of: str = ""
    """The model of what was served before, if it was another one."""


@dataclass(slots=True)
class Adopted:
    """A catalogue that comes from a backup."""

    head: CatalogueHead
    changed: Sequence[Entry]
    shards: pa.Table
    previous: CatalogueHead | None
    """The version before, from then on."""
    changes: list[pa.Table] = field(default_factory=list)

    def add(self, shards: pa.Table, changes: pa.Table) -> None:
        """Rows of the version before, if they come from the backup too."""
        self.shards = pa.concat_tables([self.shards, shards])
        self.changes.append(changes)


class Publisher:
    """Writes `catalogue_shard`, `catalogue_change` and `catalogue_head`, of one model."""

    def __init__(
        self,
        online: OnlineStore,
        offline: OfflineStore,
        clock: EventClock,
        *,
        model_id: str,
        dimension: int,
        products_per_shard: int = PRODUCTS_PER_SHARD,
        trust_online: bool = True,
    ) -> None:
        """trust_online: False when the offline store is empty and the online store is not. Then
        everything is written again, because Parquet must have all of it."""
        self._trust_online = trust_online
        self._online = online
        self._offline = offline
        self._clock = clock
        self._model_id = model_id
        self._dimension = dimension
        self._products_per_shard = products_per_shard
        self._changes = ChangeRows(online, clock)
        self._heads = Heads(online, offline, clock)
        self._read_back = ReadBack(online, model_id)
        self._stored_shards: set[str] = set()
        """Keys of the shards in Parquet when `publish` began."""

    def publish(
        self,
        products: Iterable[Entry],
        *,
        synonyms: Sequence[Synonym] | None = None,
        undo_changes: bool = False,
        carried: Sequence[Entry] | None = None,
        approve: Approve | None = None,
    ) -> Publication:
        """Serve a version of these products. One that is served already keeps what was changed live
        since then, unless `undo_changes`. The ranking stays, if it is of this model.

        synonyms: of the catalogue's file; None keeps the present ones.

        carried: live changes to a version of another model, whose rows are stored for this one.
        They are changes to the new version too. None: what was changed live is undone.

        approve: called with a new version whose rows are all there, before it is served; what it
        raises keeps it from being served. Raises StoreIncomplete, with nothing published, when rows
        are missing; DependencyAway.
        """
        entries = sorted(products)
        size = self._products_per_shard
        shards = [entries[start : start + size] for start in range(0, len(entries), size)]
        published, previous = self._head(), self._head(PREVIOUS)
        # Later than every change of any version, so that no number is ever used twice for one.
        base = max((one.sequence for one in (published, previous) if one is not None), default=0)
        version = catalogue_version(self._model_id, entries)
        base = self._changes.unused(version, base)
        head = CatalogueHead(
            version=version,
            model_id=self._model_id,
            dimension=self._dimension,
            shards=len(shards),
            products=len(entries),
            base=base,
            sequence=base,
            ranking=self._present_ranking(published),
            synonyms=_with_file(published, synonyms),
        )
        self._stored_shards = self._offline.keys(SHARD_VIEW, SHARD_KEY)
        for number, shard in enumerate(shards):
            self._write_shard(shard_id(head.version, number), shard)
        same = published is not None and _same(published, head, unchanged=undo_changes)
        if published is not None and same and self._trust_online:
            return Publication(published, is_new=False)
        for number, shard in enumerate(shards):
            self._read_back.shard(shard_id(head.version, number), shard)
        self._read_back.products([entry for entry in carried or () if entry[1]])
        if approve is not None:
            approve(head, entries, published)
        self._offline.ensure(CHANGE_VIEW)
        if carried:
            head, table = self._changes.following(head, carried)
            self._online.write(CHANGE_VIEW, table)
            self._offline.write(CHANGE_VIEW, table)
        self._heads.flip(head, published)
        if carried is not None or published is None:
            return Publication(head, is_new=True, carried=len(carried or ()))
        undone_of = published.model_id if published.model_id != self._model_id else ""
        undone = published.sequence - published.base
        return Publication(head, is_new=True, undone=undone, undone_of=undone_of)

    def rank(self, ranking: Ranking) -> CatalogueHead:
        """Serve what is served, searched by that ranking. Raises NothingPublished."""
        published = self._head()
        if published is None:
            raise NothingPublished
        head = published.model_copy(update={RANKING: ranking})
        if head != published:
            self._heads.flip(head, published)
        return head

    def relate(self, added: Sequence[Synonym]) -> Published:
        """Serve what is served, with these added synonyms; those of its file stay.

        The version before stays what it was. Raises NothingPublished, DependencyAway, NotYetOnline.
        """
        head = self._head()
        if head is None:
            raise NothingPublished
        synonyms = head.synonyms.model_copy(update={"added": list(added)})
        head = head.model_copy(update={SYNONYMS: synonyms})
        published = Published(head, self._clock.tick())
        row = head_table(head, CATALOGUE, published.timestamp)
        self._offline.commit([(HEAD_VIEW, row)])
        self._heads.show([row], head)
        return published

    def _head(self, catalogue: str = CATALOGUE) -> CatalogueHead | None:
        """A head of the online store. All that is written after this is later than it."""
        head, timestamp = self._online.head(catalogue)
        self._clock.has_seen(timestamp)
        return head

    def _present_ranking(self, published: CatalogueHead | None) -> Ranking | None:
        """The served ranking; None if another model's scores led to it."""
        if published is None or published.model_id != self._model_id:
            return None
        return published.ranking

    def restore(self, head: CatalogueHead) -> CatalogueHead:
        """Serve a version that is stored already. Raises StoreIncomplete when it isn't whole."""
        published = self._head()
        if published is not None and _same_products(published, head):
            # Only its ranking is gone back to; what changed since stays.
            head = head.model_copy(update=_place(published))
        if published is not None:
            # Synonyms belong to the shop, not to a version, so they stay.
            head = head.model_copy(update={SYNONYMS: published.synonyms})
        changed: dict[str, Entry] = {}
        for change in self._online.changes(head):
            if not change:
                raise _gone(head)
            changed.update((entry[0], entry) for entry in change)
        for number in range(head.shards):
            entries, _ = self._online.shard(shard_id(head.version, number))
            if not entries:
                raise _gone(head)
            self._read_back.products([entry for entry in entries if entry[0] not in changed])
        self._read_back.products([entry for entry in changed.values() if entry[1]])
        same_version = published is not None and published.version == head.version
        if published is not None and same_version and not _same_products(published, head):
            # Both number their changes alike: the next ones must not take the other's numbers.
            head = self._renumber(head, published, sorted(changed.values()))
        if published is not None and not _same_products(published, head):
            self._offline.forget_batches()
        self._heads.flip(head, published)
        return head

    def _renumber(
        self, head: CatalogueHead, published: CatalogueHead, changed: Sequence[Entry]
    ) -> CatalogueHead:
        """The head with its changes after all numbers that the version ever used."""
        base = self._changes.unused(head.version, max(head.sequence, published.sequence))
        head, table = self._changes.folded(head, changed, base)
        if table.num_rows:
            self._online.write(CHANGE_VIEW, table)
            self._offline.write(CHANGE_VIEW, table)
        return head

    def adopt(self, adopted: Adopted) -> CatalogueHead:
        """Serve a catalogue whose rows are in both stores. Raises as `change` does."""
        heads = [self._head(), self._head(PREVIOUS)]
        numbers = [one.sequence for one in heads if one is not None]
        # A number that no retriever has seen for this version: each reads it again.
        base = self._changes.unused(
            adopted.head.version, max([adopted.head.sequence, *numbers]) + 1
        )
        head, table = self._changes.folded(adopted.head, adopted.changed, base)
        if table.num_rows:
            self._online.write(CHANGE_VIEW, table)
        rows = []
        if adopted.previous is not None:
            rows.append(head_table(adopted.previous, PREVIOUS, self._clock.tick()))
        rows.append(head_table(head, CATALOGUE, self._clock.tick()))
        self._offline.forget_batches()
        self._offline.commit(
            [
                (SHARD_VIEW, adopted.shards),
                (CHANGE_VIEW, pa.concat_tables([*adopted.changes, table])),
                (HEAD_VIEW, pa.concat_tables(rows)),
            ]
        )
        self._heads.show(rows, head)
        return head

    def change(
        self,
        entries: Sequence[Entry],
        still_wanted: Callable[[Published], bool] = lambda _: True,
        on_stored: Callable[[Published], None] = lambda _: None,
    ) -> Published:
        """Put these products in and take those out, in the version that is served.

        still_wanted: asked at the last moment when the change can still be given up, with the head
        that would be published.  on_stored: called once it counts, before Redis has its head.

        Raises NothingToLoad when no version is served, StoreIncomplete when rows are missing,
        TooLate when it is no longer wanted, DependencyAway, OSError; nothing of the change is
        served then. Raises NotYetOnline when it is stored and Redis was lost at that moment.
        """
        head = self._head()
        if head is None or (head.model_id, head.dimension) != (self._model_id, self._dimension):
            raise NothingToLoad("no catalogue of this model is published yet; load one first")
        self._read_back.products([entry for entry in entries if entry[1]])
        head, table = self._changes.following(head, entries)
        self._online.write(CHANGE_VIEW, table)
        published = Published(head, self._clock.tick())
        row = head_table(head, CATALOGUE, published.timestamp)
        parts = [(CHANGE_VIEW, table), (HEAD_VIEW, row)]
        self._offline.commit(parts, lambda: still_wanted(published))
        on_stored(published)
        self._heads.show([row], head)
        return published

    def fold(
        self, head: CatalogueHead, changed: Sequence[Entry], *, read_again: bool = False
    ) -> Published:
        """Replace all changes of a version by few changes with the same result.

        changed: the latest state of each changed product, in order of id. The folded changes get
        the next numbers, and retrievers skip them. `read_again` leaves a gap before them, so that
        every retriever reads the whole version again. Raises as `change` does.
        """
        published, before = self._head(), self._head(PREVIOUS)
        numbers = [one.sequence for one in (published, before, head) if one is not None]
        base = self._changes.unused(head.version, max(numbers)) if read_again else head.sequence
        new, table = self._changes.folded(head, changed, base)
        if table.num_rows:
            self._online.write(CHANGE_VIEW, table)
        rows = []
        if before is not None and _same_products(before, head):
            # Only its ranking differs: going back to it keeps what changed.
            previous = before.model_copy(update=_place(new))
            rows.append(head_table(previous, PREVIOUS, self._clock.tick()))
        moment = self._clock.tick()
        rows.append(head_table(new, CATALOGUE, moment))
        commit = [(HEAD_VIEW, pa.concat_tables(rows))]
        self._offline.commit([(CHANGE_VIEW, table), *commit] if table.num_rows else commit)
        self._heads.show(rows, new)
        return Published(new, moment)

    def _write_shard(self, key: str, entries: Sequence[Entry]) -> None:
        """Unless it is there as it should be: a version's shards never change."""
        stored, timestamp = self._online.shard(key)
        same = stored == list(entries)
        if same and self._trust_online and key in self._stored_shards:
            return
        self._clock.has_seen(timestamp)
        table = entries_table(SHARD_VIEW, key, entries, self._clock.tick())
        self._offline.write(SHARD_VIEW, table)
        self._online.write(SHARD_VIEW, table)


def _gone(head: CatalogueHead) -> StoreIncomplete:
    return StoreIncomplete(
        f"the product list of version {head.version} is gone; load its file again"
    )


def _with_file(published: CatalogueHead | None, file: Sequence[Synonym] | None) -> Synonyms:
    """The present synonyms, with those of a file, if there is one."""
    present = Synonyms() if published is None else published.synonyms
    return present if file is None else present.model_copy(update={"file": list(file)})


def _same(published: CatalogueHead, head: CatalogueHead, *, unchanged: bool) -> bool:
    """True if a version is the served one; `unchanged`: without live changes on top."""
    if unchanged and published.base != published.sequence:
        return False
    return head.model_copy(update=_place(published)) == published


def _place(head: CatalogueHead) -> dict[str, int]:
    """The numbers of its changes."""
    return {"base": head.base, "sequence": head.sequence, FOLDED: head.folded}


def _same_products(one: CatalogueHead, other: CatalogueHead) -> bool:
    """True if two heads are of one version, live changes apart."""
    return (one.version, one.base) == (other.version, other.base)
