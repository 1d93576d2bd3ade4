"""Errors of the retriever: why a published catalogue cannot be loaded.

CatalogueError
├── NotPublished       there is nothing to serve yet: no registry, or no head in the online store
├── StoreUnavailable   the feature store does not answer, or cannot be opened
├── BrokenPublication  what the head promises is not what the store holds
│   └── ChangeMissing  one of its changes is not there
├── NewerFormat        a newer release wrote it
├── NotEnoughMemory    it does not fit beside what is in memory
├── WrongModel         the catalogue is of another model than the one expected
└── LoadStopped        the service is stopping
"""

from __future__ import annotations


class CatalogueError(Exception):
    """Why the published catalogue cannot be had; the message says what to do, for operators."""


class NotPublished(CatalogueError):
    """There is nothing to serve yet: no registry, or no head in the online store."""


class StoreUnavailable(CatalogueError):
    """The feature store does not answer, or cannot be opened."""


class BrokenPublication(CatalogueError):
    """The store does not hold what the head promises."""


class ChangeMissing(BrokenPublication):
    """One of the changes of the published version is not in the store."""


class NewerFormat(CatalogueError):
    """A newer release wrote the catalogue."""


class NotEnoughMemory(CatalogueError):
    """The catalogue does not fit beside what is in memory."""


class WrongModel(CatalogueError):
    """The catalogue is of another model than the one expected."""


class LoadStopped(CatalogueError):
    """The service is stopping."""
