"""A model's answer, read and checked: a description, a correction, limits. Nothing is trusted.

Form and bounds are checked here. The retriever compares the limits with the query's own words and
the catalogue's: `understanding/rewritten.py`.
"""

from __future__ import annotations

import json
from typing import Any

from pydantic import Field, ValidationError

from services.contracts.base import Contract
from services.contracts.limits import MAX_LIMITS, ProposedLimits, QueryLimit
from services.contracts.rewriter import MAX_QUERY_CHARACTERS, RewrittenQuery
from services.rewriter.cleaning import MARKUP, cleaned

_MAX_EXCLUDED_CHARACTERS = 60
_MAX_EXCLUDED_WORDS = 4
_FIELDS_OF_KIND = {"price": ("price", "currency"), "in_stock": (), "exclude": ("excluded",)}


class Answer(Contract):
    """The structure that Gemini is asked for, and that the cache holds."""

    description: str = Field(description="Short description of the product sought.")
    corrected_query: str | None = Field(
        default=None, description="The query with its typos corrected; null if it has none."
    )
    understood: ProposedLimits = Field(
        default_factory=list, description="The limits that the query states."
    )


def rewritten(answer: str, query: str) -> RewrittenQuery | None:
    """A query as an answer rewrites it; None if the answer has no usable description.

    answer: JSON in our structure, or a plain description from what ignores schemas. A limit or a
    correction that is unusable is left out.
    """
    fields = _fields(answer)
    if fields is None or not isinstance(fields["description"], str):
        return None
    description = cleaned(fields["description"], query)
    if description is None:
        return None
    return RewrittenQuery(
        query=query,
        rewritten_query=description,
        corrected_query=_correction(fields.get("corrected_query"), query),
        understood=_limits(fields.get("understood"), query),
    )


def stored(meaning: RewrittenQuery) -> str:
    """The text from which `rewritten` reads this meaning again."""
    answer = Answer(
        description=meaning.rewritten_query,
        corrected_query=meaning.corrected_query,
        understood=meaning.understood,
    )
    return answer.model_dump_json(exclude_defaults=True)


def _fields(answer: str) -> dict[str, Any] | None:
    """The fields of an answer; None for JSON of another structure."""
    try:
        value = json.loads(answer)
    except (ValueError, RecursionError):
        return {"description": answer}
    if isinstance(value, str):
        return {"description": value}
    if not isinstance(value, dict) or "description" not in value:
        return None
    return value if value.keys() <= Answer.model_fields.keys() else None


def _correction(value: object, query: str) -> str | None:
    """One plain line with the query's own numbers; None if it is unusable or the query itself."""
    if not isinstance(value, str):
        return None
    line = " ".join(value.split())
    same = line.casefold() == " ".join(query.split()).casefold()
    usable = 0 < len(line) <= MAX_QUERY_CHARACTERS and line.isprintable()
    return line if usable and not same and _digits(line) == _digits(query) else None


def _digits(text: str) -> str:
    return "".join(one for one in text if one.isdecimal())


def _limits(values: object, query: str) -> list[QueryLimit]:
    """The usable ones, each once."""
    if not isinstance(values, list):
        return []
    found: list[QueryLimit] = []
    for value in values:
        limit = _limit(value, query)
        if limit is not None and limit not in found:
            found.append(limit)
    return found[:MAX_LIMITS]


def _limit(value: object, query: str) -> QueryLimit | None:
    """One limit with the fields of its kind, if it quotes the query."""
    if not isinstance(value, dict) or not value.keys() <= QueryLimit.model_fields.keys():
        return None
    fields = _FIELDS_OF_KIND.get(str(value.get("kind")))
    text = value.get("text")
    if fields is None or not isinstance(text, str) or not _quotes(text, query):
        return None
    given = {name: value[name] for name in fields if value.get(name) is not None}
    try:
        limit = QueryLimit(kind=value["kind"], text=" ".join(text.split()), **given)
    except ValidationError:
        return None
    if limit.kind == "price":
        return limit if limit.price is not None and (limit.currency or "").isprintable() else None
    if limit.kind == "exclude":
        return limit if _are_words(limit.excluded) else None
    return limit


def _quotes(text: str, query: str) -> bool:
    """True if the query says the text, whatever its letter case and blanks."""
    quoted = " ".join(text.split()).casefold()
    return bool(quoted) and quoted in " ".join(query.split()).casefold()


def _are_words(excluded: list[str]) -> bool:
    return 0 < len(excluded) <= MAX_LIMITS and all(
        one.isprintable()
        and any(letter.isalpha() for letter in one)
        and not MARKUP.search(one)
        and len(one) <= _MAX_EXCLUDED_CHARACTERS
        and len(one.split()) <= _MAX_EXCLUDED_WORDS
        for one in excluded
    )
