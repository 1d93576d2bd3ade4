"""The retriever's answer: its products are passed on to our caller as they came."""

from __future__ import annotations

from dataclasses import dataclass
from json import JSONDecoder
from typing import Any

from services.contracts.base import Contract
from services.contracts.retriever import RetrievalHead, RetrievalResponse

_JSON = JSONDecoder()
_NO_RESULTS = b'"results":[]'
"""In JSON these bytes are never inside a string, because a string has its quotes escaped."""


@dataclass(frozen=True, slots=True)
class Found:
    """`results` is the JSON list of products."""

    head: RetrievalHead
    results: bytes

    @classmethod
    def read(cls, content: bytes) -> Found:
        """From two lines of JSON, or from one in which everything is. Raises ValueError."""
        head, newline, results = content.partition(b"\n")
        if newline:
            return cls(RetrievalHead.model_validate_json(head), results)
        return cls.of(RetrievalResponse.model_validate_json(content))

    @classmethod
    def of(cls, answer: RetrievalResponse) -> Found:
        """From objects."""
        text = answer.model_dump_json(include={"results"}).encode()
        return cls(answer, text.removeprefix(b'{"results":').removesuffix(b"}"))

    def best(self) -> dict[str, Any] | None:
        """The fields of the first product, which alone is parsed."""
        text = self.results.decode()
        if not text.startswith("[{"):
            return None
        first: dict[str, Any] = _JSON.raw_decode(text, 1)[0]
        return first

    def written_into(self, answer: Contract) -> bytes:
        """The JSON of an answer without products, with these products in it."""
        text = answer.model_dump_json().encode()
        return text.replace(_NO_RESULTS, b'"results":' + self.results, 1)
