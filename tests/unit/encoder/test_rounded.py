"""8-bit products: how near their vectors stay, and who is served in them."""

from __future__ import annotations

import logging
from pathlib import Path

import numpy as np
import openvino as ov
import openvino.opset15 as ops
import pytest

from services.encoder import graph_files
from services.encoder.architecture import OPENAI
from services.encoder.engine import OpenVinoEngine
from services.encoder.graph_files import GraphFiles, choose_graphs, prepare_graphs
from services.encoder.nodes import Array, constant
from services.encoder.precision import OPTIONS
from services.encoder.probes import probe_pictures, probe_texts
from services.encoder.rounded import GROUP, coded, round_products, share_lost
from services.encoder.source import source_of_files
from services.encoder.trial import MOST_LOST
from services.encoder.weights import StateDict
from tests.support.clip_numpy import NumpyClip
from tests.support.clip_reference import random_weights
from tests.support.torch_archive import write_archive

LARGE = [5, 70, 101]
"""Channels that dwarf the others, as trained transformers have a few."""


def with_large_channels(weights: StateDict, times: float) -> StateDict:
    """Weights whose blocks write `times` as much to some channels, and divide when they read."""
    changed = dict(weights)
    for name, tensor in weights.items():
        whole = tensor.astype(np.float32)
        if "resblocks" in name and name.endswith(("out_proj.weight", "c_proj.weight")):
            whole[LARGE] *= times
        elif name.endswith(("positional_embedding", "token_embedding.weight")):
            whole[:, LARGE] = times * (whole[:, LARGE] + 0.05)
        elif "resblocks" in name and name.endswith(("ln_1.weight", "ln_2.weight")):
            whole[LARGE] /= times
        changed[name] = whole
    return changed


def made(weights: StateDict, folder: Path) -> GraphFiles:
    write_archive(folder / "clip.pt", weights)
    return prepare_graphs(source_of_files((folder / "clip.pt",)), folder / "cache", "int8")


@pytest.fixture(scope="module")
def weights() -> StateDict:
    """Wide enough for two groups a row."""
    return random_weights(width=2 * GROUP, layers=3, gain=1)


@pytest.fixture(scope="module")
def files(weights: StateDict, tmp_path_factory: pytest.TempPathFactory) -> GraphFiles:
    return made(weights, tmp_path_factory.mktemp("rounded"))


@pytest.fixture(scope="module")
def engine(files: GraphFiles) -> OpenVinoEngine:
    return OpenVinoEngine(files, threads=1)


def test_vectors_stay_near_those_of_the_reference(
    engine: OpenVinoEngine, weights: StateDict
) -> None:
    reference = NumpyClip(weights)
    texts, pictures = probe_texts(20, 7, OPENAI, 77), probe_pictures(6, 32, seed=7)
    for rounded, exact in (
        (engine.texts(texts), np.stack([reference.text(text.tolist()) for text in texts])),
        (engine.pictures(pictures), np.stack([reference.image(one) for one in pictures])),
    ):
        assert (rounded * exact).sum(1).min() > 0.999
        # They were rounded indeed, and agreement means something: vectors differ by more.
        assert np.abs(rounded - exact).max() > 1e-5
        assert (exact @ exact.T).min() < 0.95


def test_a_vector_does_not_depend_on_what_it_is_computed_beside(engine: OpenVinoEngine) -> None:
    texts, pictures = probe_texts(9, 8, OPENAI, 77), probe_pictures(3, 32, seed=8)
    alone = np.concatenate([engine.texts([text]) for text in texts])
    np.testing.assert_allclose(engine.texts(texts), alone, atol=2e-5)
    alone = np.concatenate([engine.pictures([picture]) for picture in pictures])
    np.testing.assert_allclose(engine.pictures(pictures), alone, atol=2e-5)


def test_what_rounding_costs_is_told_with_the_graphs(files: GraphFiles) -> None:
    assert 1e-6 < files.info.share_lost < MOST_LOST


def test_channels_that_dwarf_the_others_cost_little(weights: StateDict, tmp_path: Path) -> None:
    assert made(with_large_channels(weights, 30), tmp_path).info.share_lost < MOST_LOST


def test_without_moving_and_dividing_they_would_cost_much() -> None:
    """Why `round_products` does not round channels as they are."""
    random = np.random.default_rng(0)
    weight = random.standard_normal((64, 2 * GROUP), np.float32)
    state = random.standard_normal((400, 2 * GROUP), np.float32)
    state[:, LARGE] = 60 * (1 + 0.02 * state[:, LARGE])
    weight[:, LARGE] /= 60

    def tower(known: ov.Node) -> ov.Model:
        start = ops.parameter([-1, 2 * GROUP], np.float32, name="state")
        product = ops.matmul(start, known, False, True)
        return ov.Model([ops.result(product)], [start], "one")

    def results(model: ov.Model, rows: Array) -> Array:
        compiled = ov.compile_model(model, "CPU", dict(OPTIONS["int8"]))
        return np.array(compiled([rows])[0])

    prepared = tower(constant(weight))
    round_products(prepared, [{"state": state[:200]}])
    exact = state[200:] @ weight.T
    naive = share_lost(exact, results(tower(coded(weight)), state[200:]))
    assert naive > MOST_LOST
    assert share_lost(exact, results(prepared, state[200:])) < naive / 10


def test_a_channel_that_never_moved_may_move_later() -> None:
    """It is not divided by next to nothing, which would drown its group."""
    random = np.random.default_rng(1)
    weight = random.standard_normal((64, GROUP), np.float32)
    state = random.standard_normal((200, GROUP), np.float32)
    seen = state.copy()
    seen[:, 3] = 0.5
    start = ops.parameter([-1, GROUP], np.float32, name="state")
    product = ops.matmul(start, constant(weight), False, True)
    prepared = ov.Model([ops.result(product)], [start], "one")
    round_products(prepared, [{"state": seen}])
    compiled = ov.compile_model(prepared, "CPU", dict(OPTIONS["int8"]))
    assert share_lost(state @ weight.T, np.array(compiled([state])[0])) < MOST_LOST


@pytest.mark.parametrize(
    ("exact", "rounded"),
    [([[1, 0], [0, 1]], [[np.nan, 0], [0, 1]]), ([[np.inf, 0], [0, 1]], [[1, 0], [0, 1]])],
)
def test_vectors_that_are_not_finite_count_as_lost(exact: Array, rounded: Array) -> None:
    assert share_lost(np.array(exact, np.float32), np.array(rounded, np.float32)) > MOST_LOST


def test_where_all_vectors_are_the_same_rounding_cannot_be_told() -> None:
    same = np.ones((3, 2), np.float32)
    assert share_lost(same, same) > MOST_LOST


@pytest.fixture
def wild(tmp_path: Path) -> Path:
    """Weights so large that attention leaps from one token to another: no rounding is small."""
    write_archive(tmp_path / "wild.pt", random_weights(width=2 * GROUP, layers=4, gain=4))
    return tmp_path / "wild.pt"


def test_a_model_that_loses_much_is_served_in_the_next_best(
    wild: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """On whatever processor: the order is that of one on which int8 gains."""
    monkeypatch.setattr(graph_files, "in_order", lambda _: ("int8", "fp32"))
    monkeypatch.setattr(graph_files, "_LEAST_GAINING", 0)
    with caplog.at_level(logging.WARNING):
        files = choose_graphs(source_of_files((wild,)), tmp_path / "cache", "auto")
    assert files.precision == "fp32"
    assert "rounding changes this model" in caplog.text


def test_a_small_model_is_not_rounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It would gain next to nothing."""
    monkeypatch.setattr(graph_files, "in_order", lambda _: ("int8", "fp32"))
    bundled = Path("data/models/mini-clip/model.safetensors")
    assert choose_graphs(source_of_files((bundled,)), tmp_path, "auto").precision == "fp32"


def test_a_model_that_loses_much_is_served_in_int8_by_name_and_said_so(
    wild: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING):
        files = choose_graphs(source_of_files((wild,)), tmp_path / "cache", "int8")
    assert files.precision == "int8"
    assert files.info.share_lost > MOST_LOST
    assert "rounding changes this model" in caplog.text
