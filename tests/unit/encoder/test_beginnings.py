"""Beginnings that texts share are computed once, and no vector depends on that."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from services.encoder.beginnings import Beginnings, beginnings_of
from services.encoder.engine import OpenVinoEngine
from services.encoder.graph_files import prepare_graphs
from services.encoder.packing import TextPass, text_passes
from services.encoder.precision import Precision, capabilities
from services.encoder.source import ModelSource, source_of_files
from services.encoder.tokenizer import Tokenizer, Tokens
from services.encoder.weights import StateDict
from tests.support.clip_numpy import NumpyClip
from tests.support.clip_reference import random_weights
from tests.support.torch_archive import write_archive

EXACT = 2e-5
BLOCKS, WIDTH = 2, 6

tokenizer = Tokenizer()


@pytest.fixture(scope="module")
def weights() -> StateDict:
    return random_weights()


@pytest.fixture(scope="module")
def source(weights: StateDict, tmp_path_factory: pytest.TempPathFactory) -> ModelSource:
    path = tmp_path_factory.mktemp("beginnings") / "clip.pt"
    write_archive(path, weights)
    return source_of_files((path,))


def engine_in(precision: Precision, source: ModelSource, folder: Path) -> OpenVinoEngine:
    return OpenVinoEngine(prepare_graphs(source, folder, precision), threads=1)


@pytest.fixture
def engine(source: ModelSource, tmp_path: Path) -> OpenVinoEngine:
    return engine_in("fp32", source, tmp_path)


def text_of(*tokens: int) -> Tokens:
    return np.array([tokenizer.start, *tokens, tokenizer.end], np.int32)


def only_pass(beginnings: Beginnings, *texts: Tokens) -> TextPass:
    (one,) = text_passes(texts, beginnings)
    return one


def computed(beginnings: Beginnings, *texts: Tokens) -> int:
    """Tokens that a pass over these texts computes; afterwards their beginnings are known."""
    one = only_pass(beginnings, *texts)
    random = np.random.default_rng(len(one.computed))
    states = random.standard_normal((BLOCKS, len(one.inputs["tokens"]), WIDTH)).astype(np.float32)
    beginnings.keep(one.texts, one.computed, states)
    return len(one.computed)


def test_vectors_are_those_of_the_reference_whatever_was_asked_before(
    engine: OpenVinoEngine, weights: StateDict
) -> None:
    """Three tokens make texts that share beginnings of many lengths; some passes leave none."""
    random, reference = np.random.default_rng(5), NumpyClip(weights)
    for number in range(12):
        texts = [
            text_of(*random.integers(300, 303, length)) for length in random.integers(0, 14, 6)
        ]
        expected = np.stack([reference.text(text.tolist()) for text in texts])
        found = engine.texts(texts, keep=number % 3 > 0)
        np.testing.assert_allclose(found, expected, atol=EXACT)


@pytest.mark.parametrize("precision", ["int8", "bf16"])
def test_vectors_do_not_depend_on_what_is_known_in_other_precisions_either(
    source: ModelSource, weights: StateDict, precision: Precision, tmp_path: Path
) -> None:
    """Also if a pass computes as many tokens as it has texts."""
    if precision == "bf16" and "BF16" not in capabilities():
        pytest.skip("this processor has no bf16 instructions")
    engine, reference = engine_in(precision, source, tmp_path), NumpyClip(weights)
    for count in range(1, 18):
        known = [text_of(*range(300 + count, 303 + count), number) for number in range(count)]
        engine.texts(known, keep=True)
        for texts in (known, [*known, text_of(300 + count, 7)], [*known, text_of(7, count)]):
            expected = np.stack([reference.text(text.tolist()) for text in texts])
            assert (engine.texts(texts) * expected).sum(1).min() > 0.995, count


def test_a_text_computes_only_what_follows_a_known_beginning() -> None:
    beginnings = Beginnings(BLOCKS, WIDTH)
    assert computed(beginnings, text_of(1, 2, 3)) == 4
    assert computed(beginnings, text_of(1, 2, 3)) == 1  # its end
    assert computed(beginnings, text_of(1, 2, 4)) == 2
    assert computed(beginnings, text_of(2, 3)) == 3
    assert computed(beginnings, text_of()) == 1


def test_texts_of_a_pass_share_their_beginnings() -> None:
    beginnings = Beginnings(BLOCKS, WIDTH)
    texts = text_of(1, 2, 3), text_of(1, 2, 4), text_of(1, 2, 3), text_of(1, 2)
    assert computed(beginnings, *texts) == len((1, 2, 3, "end", 4, "end", "end"))


def test_a_pass_takes_as_many_texts_as_have_256_different_tokens() -> None:
    beginnings = Beginnings(BLOCKS, WIDTH)
    alike = [text_of(1, 2, 3, 4, 5, 6, 7, 8, 100 + number) for number in range(124)]
    assert computed(beginnings, *alike) == 256  # eight together, two each
    known = text_passes([*alike, text_of(9)], beginnings)
    assert [len(one.texts) for one in known] == [124, 1]  # the eight still have to be read
    unlike = [text_of(*range(number, 2_000, 100)) for number in range(100, 140)]
    passes = list(text_passes(unlike, beginnings))
    assert [len(one.computed) for one in passes] == [240] * 3 + [80]
    together = [text for one in passes for text in one.texts]
    assert [text.tolist() for text in together] == [text[1:].tolist() for text in unlike]


def test_a_bulk_text_leaves_no_beginnings(engine: OpenVinoEngine) -> None:
    def known() -> int:
        assert engine._beginnings is not None
        return len(engine._beginnings.known(text_of(1, 2, 3)[1:]))

    engine.texts([text_of(1, 2, 3)], keep=False)
    assert known() == 0
    engine.texts([text_of(1, 2, 3)], keep=True)
    assert known() == 3


def test_the_states_of_known_beginnings_come_back_with_finite_numbers_behind() -> None:
    """Attention has no weight for those, but no weight times NaN is NaN."""
    beginnings = Beginnings(BLOCKS, WIDTH)
    kept = only_pass(beginnings, text_of(1, 2, 3))
    shape = BLOCKS, len(kept.inputs["tokens"]), WIDTH
    states = np.random.default_rng(0).standard_normal(shape).astype(np.float32)
    beginnings.keep(kept.texts, kept.computed, states)
    one, two, three = beginnings.known(text_of(1, 2, 3)[1:])
    np.testing.assert_array_equal(beginnings.states([two, one], 4)[:, :2], states[:, [1, 0]])
    np.testing.assert_array_equal(beginnings.states([three], 16)[:, 0], states[:, 2])
    assert np.isfinite(beginnings.states([three], 16)).all()


@pytest.mark.parametrize("room", [8, 9, 20])
def test_a_known_beginning_has_all_shorter_ones_however_little_room_there_is(room: int) -> None:
    beginnings, random = Beginnings(BLOCKS, WIDTH, room), np.random.default_rng(room)
    for _ in range(300):
        texts = [
            text_of(*random.integers(1, 4, length))
            for length in random.integers(0, 12, random.integers(1, 5))
        ]
        computed(beginnings, *texts)
        kept = beginnings._rows
        assert len(kept) <= room
        assert len(set(kept.values())) == len(kept)
        assert all(len(one) == 4 or one[:-4] in kept for one in kept)


def test_the_beginnings_used_last_are_kept() -> None:
    beginnings = Beginnings(BLOCKS, WIDTH, 8)
    for first in range(1, 8):
        computed(beginnings, text_of(first))
        computed(beginnings, text_of(1, first))
    assert len(beginnings.known(text_of(1, 7)[1:])) == 2
    assert not beginnings.known(text_of(2)[1:])


def test_long_texts_leave_only_their_first_tokens() -> None:
    beginnings = Beginnings(BLOCKS, WIDTH)
    long = text_of(*range(1, 40))
    assert computed(beginnings, long) == 40
    assert computed(beginnings, long) == 32
    assert len(beginnings_of(long[1:])) == 8
