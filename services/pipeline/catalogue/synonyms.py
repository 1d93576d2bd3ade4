"""Synonyms of the served catalogue: from a file of a widespread form, and by a command.

The form is that of Solr and Elasticsearch: words that find each other in one line, separated by
commas; `a, b => c` for words that also find others; `#` begins a comment.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from pydantic import ValidationError

from services.contracts.synonyms import MAX_SYNONYMS, Synonym, Synonyms
from services.pipeline.catalogue.stores import open_stores
from services.pipeline.errors import FeedUnusable
from services.pipeline.settings import PipelineSettings

FILE_NAME = "synonyms.txt"
"""Beside the product file."""


def read_synonyms(path: Path) -> list[Synonym]:
    """The synonyms of a file. Raises FeedUnusable, naming the line."""
    found: list[Synonym] = []
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise FeedUnusable(f"{path}: cannot be read as UTF-8 text: {error}") from error
    for number, line in enumerate(lines, 1):
        text = line.partition("#")[0].strip()
        if not text:
            continue
        words, arrow, finds = text.partition("=>")
        one = {"words": _phrases(words), "finds": _phrases(finds)}
        if bool(arrow) != bool(one["finds"]) or len(one["words"]) + len(one["finds"]) < 2:
            raise FeedUnusable(
                f"{path}, line {number}: expected `a, b` or `a => b`, found {text!r}"
            )
        try:
            found.append(Synonym.model_validate(one))
        except ValidationError as error:
            raise FeedUnusable(f"{path}, line {number}: {error.errors()[0]['msg']}") from error
    if len(found) > MAX_SYNONYMS:
        raise FeedUnusable(f"{path}: {len(found)} synonyms; at most {MAX_SYNONYMS} are possible")
    return found


def synonyms_beside(feed: Path, settings: PipelineSettings) -> list[Synonym] | None:
    """Those of the file that the settings name, or of the one beside a product file.

    None if there is no such file. Raises FeedUnusable.
    """
    path = settings.synonyms or feed.parent / FILE_NAME
    if settings.synonyms is None and not path.is_file():
        return None
    return read_synonyms(path)


def publish_synonyms(added: Sequence[Synonym], settings: PipelineSettings) -> Synonyms:
    """Replace the added synonyms of the served catalogue; those of its file stay.

    Raises NothingToLoad, DependencyAway, StoreIncomplete, Busy.
    """
    with open_stores(settings.feature_store) as stores:
        return stores.publisher_of(stores.head()).relate(added).head.synonyms


def published_synonyms(settings: PipelineSettings) -> Synonyms:
    """All synonyms in force. Raises NothingToLoad, DependencyAway, Busy."""
    with open_stores(settings.feature_store) as stores:
        return stores.head().synonyms


def _phrases(text: str) -> list[str]:
    return [one.strip() for one in text.split(",") if one.strip()]
