"""Errors that end a run early, with their exit codes.

PipelineError
├── FeedUnusable        2   the file can't be read as a product feed
├── NothingToLoad       2   it can, but not one of its rows may be loaded
│   └── NothingPublished 2  there is no catalogue yet to read or to change
├── BackupUnusable      2   the folder is no complete backup, or not empty for a new one
├── RankingUnusable     2   the file can't be read as a ranking
├── NothingToLearn      2   too few judged queries are after products of the catalogue
├── GateClosed          4   it is worse than what it would replace, or broken
├── DataAway            3   the place where data versions are shared isn't given or doesn't answer
├── DependencyAway      3   the encoder or the feature store does not answer
│   └── RegistryTorn    3   Feast's registry file was cut short; it is written again
├── EncoderBroken       3   the encoder answers, but not with what its contract promises
├── WrongModel          3   the catalogue to be changed is of another model than the encoder's
├── StoreIncomplete     3   what was written is not there when read back
├── OfflineDamaged      3   a Parquet part is cut short or damaged
├── NewerFormat         3   a newer release wrote the stores
├── StoresDiffer        5   the online store is not the offline store's copy
├── TooLate             3   the deadline of a change passed before it was stored
├── NotYetOnline        3   it is stored and acknowledged, but Redis did not take it yet
└── Busy                3   another run holds the feature store

The message is one line for a person: what is wrong and what to do about it.
"""

from __future__ import annotations

from typing import ClassVar


class PipelineError(Exception):
    """Ends a run; nothing of it is published."""

    exit_code: ClassVar[int] = 3


class FeedUnusable(PipelineError):
    exit_code = 2


class NothingToLoad(PipelineError):
    exit_code = 2


class NothingPublished(NothingToLoad):
    def __init__(self) -> None:
        super().__init__("no catalogue is published yet; load one first")


class BackupUnusable(PipelineError):
    exit_code = 2


class RankingUnusable(PipelineError):
    exit_code = 2


class NothingToLearn(PipelineError):
    exit_code = 2


class GateClosed(PipelineError):
    exit_code = 4


class DataAway(PipelineError):
    pass


class DependencyAway(PipelineError):
    pass


class RegistryTorn(DependencyAway):
    pass


class EncoderBroken(PipelineError):
    pass


class WrongModel(PipelineError):
    pass


class StoreIncomplete(PipelineError):
    pass


class OfflineDamaged(PipelineError):
    pass


class NewerFormat(PipelineError):
    pass


class StoresDiffer(PipelineError):
    exit_code = 5


class TooLate(PipelineError):
    pass


class NotYetOnline(PipelineError):
    pass


class Busy(PipelineError):
    pass
