"""Results by text: once a snapshot, bounded, and right with many threads."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from services.contracts.synonyms import Synonyms
from services.retriever.catalogue import remembered as remembered_module
from services.retriever.catalogue.catalogue import Catalogue
from services.retriever.catalogue.remembered import remembered
from tests.unit.retriever.doubles import empty_catalogue


def counting(most: int) -> tuple[Callable[[Catalogue, str], int | None], list[str]]:
    """A remembered function, and the texts that it was computed for. None for an empty text."""
    computed: list[str] = []

    @remembered(most)
    def length(catalogue: Catalogue, text: str) -> int | None:
        computed.append(text)
        return len(text) or None

    return length, computed


def test_a_text_is_computed_once_for_each_snapshot() -> None:
    length, computed = counting(10)
    one = empty_catalogue("v1")
    changed = replace(one, sequence=1)
    assert [length(one, "mug"), length(one, "mug"), length(changed, "mug")] == [3, 3, 3]
    assert computed == ["mug", "mug"]
    assert (length(one, ""), length(one, "")) == (None, None)
    assert computed == ["mug", "mug", ""]


def test_two_functions_keep_their_own_results() -> None:
    (length, _), (other, computed) = counting(10), counting(10)
    one = empty_catalogue("v1")
    length(one, "mug")
    other(one, "mug")
    assert computed == ["mug"]


def test_the_memory_is_bounded_and_holds_no_long_text() -> None:
    length, computed = counting(2)
    one = empty_catalogue("v1")
    for text in ("a", "b", "c", "c", "long" * 100, "long" * 100):
        length(one, text)
    assert computed == ["a", "b", "c", "long" * 100, "long" * 100]
    assert max(len(known) for known in one.recent.values()) <= 2


def test_the_memory_is_bounded_by_size_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(remembered_module, "_MOST_BYTES", 10)
    computed: list[str] = []

    @remembered(100, len)
    def same(catalogue: Catalogue, text: str) -> str:
        computed.append(text)
        return text

    one = empty_catalogue("v1")
    for text in ("aaaa", "bbbb", "aaaa", "cc", "ddd", "ddd", "aaaa", "x" * 11, "x" * 11, "ddd"):
        same(one, text)
        (known,) = one.recent.values()
        assert known.nbytes == sum(map(len, known)) <= 10
    assert computed == ["aaaa", "bbbb", "cc", "ddd", "aaaa", "x" * 11, "x" * 11]


def test_many_threads_keep_within_the_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(remembered_module, "_MOST_BYTES", 20)

    @remembered(100, len)
    def same(catalogue: Catalogue, text: str) -> str:
        return text

    one = empty_catalogue("v1")
    texts = [chr(97 + number % 13) * (1 + number % 7) for number in range(2_000)]
    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(lambda text: same(one, text), texts)) == texts
    (known,) = one.recent.values()
    assert known.nbytes == sum(map(len, known)) <= 20


def test_many_threads_get_the_result_of_their_own_text() -> None:
    length, _ = counting(3)
    one = empty_catalogue("v1")
    texts = ["x" * (1 + number % 7) for number in range(2_000)]
    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(lambda text: length(one, text), texts)) == list(map(len, texts))


def test_a_snapshot_is_named_by_version_change_and_synonyms() -> None:
    one = empty_catalogue("v1")
    others = [
        empty_catalogue("v2"),
        replace(one, sequence=1),
        replace(
            one, published_synonyms=Synonyms.model_validate({"added": [{"words": ["mug", "cup"]}]})
        ),
    ]
    assert one.snapshot == empty_catalogue("v1").snapshot
    assert len({one.snapshot, *(other.snapshot for other in others)}) == 4
