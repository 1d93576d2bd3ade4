"""Feeds whose products are in the rows of a table."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator, Mapping, Sequence

from services.pipeline.feeds.base import Feed, FeedRow
from services.pipeline.feeds.table import Record, Table


class TableFeed(Feed):
    """A feed with the columns of a table."""

    def __init__(
        self, table: Table, column_of: Mapping[str, str], names: Sequence[str] | None = None
    ) -> None:
        """column_of: column by field or attribute, where the names differ.

        names: of the columns, where they are not those of the table.
        """
        self._table = table
        self._column_of = column_of
        self._names = table.names() if names is None else names
        self.path, self.columns, self.folder = table.path, table.columns, table.folder

    def column(self, row: FeedRow, name: str) -> str:
        wanted = self._column_of.get(name, name)
        return next(
            (self.columns[at] for at, one in enumerate(self._names) if one == wanted), wanted
        )


class RowFeed(TableFeed):
    """A feed with a row for each product."""

    def rows(self) -> Iterator[FeedRow]:
        for record in self._table.records():
            if record.problem is not None:
                yield FeedRow(record.number, record.values, {}, {}, record.problem)
            elif not self._is_skipped(record):
                yield self._row(record)

    def count(self) -> int:
        return sum(
            record.problem is not None or not self._is_skipped(record)
            for record in self._table.records()
        )

    @abstractmethod
    def _row(self, record: Record) -> FeedRow:
        """record: without a problem, and not skipped."""

    def _is_skipped(self, record: Record) -> bool:
        """True for a row that is no product of its own."""
        return False

    def _readable(self) -> Iterator[tuple[int, dict[str, str]]]:
        """Number and values of each row without a problem."""
        for record in self._table.records():
            if record.problem is None:
                yield record.number, self._values(record)

    def _values(self, record: Record) -> dict[str, str]:
        """By name, without empty ones."""
        pairs = zip(self._names, record.values, strict=True)
        return {name: text for name, value in pairs if (text := value.strip())}
