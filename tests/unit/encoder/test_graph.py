"""The serving graphs against CLIP's forward pass written out in NumPy."""

from __future__ import annotations

import asyncio
import os
import resource
import signal
import sys
from pathlib import Path

import numpy as np
import pytest

from services.encoder.architecture import Architecture
from services.encoder.engine import OpenVinoEngine
from services.encoder.graph_files import make_graphs, prepare_graphs
from services.encoder.precision import Precision
from services.encoder.source import source_of_files
from services.encoder.tokenizer import Tokenizer
from services.encoder.towers import read_shape
from services.encoder.weights import StateDict, UnusableWeights, Weights, load_state_dict
from tests.support.clip_numpy import NumpyClip
from tests.support.clip_reference import random_resnet_weights, random_weights
from tests.support.launcher import processes
from tests.support.power_cut import Disk
from tests.support.torch_archive import write_archive
from tests.support.waiting import until

TEXTS = ["red shoes", "a", "", "a very long description of a wooden chair " * 5, "猫 🐈"]
EXACT = 2e-5
BUNDLED = Path("data/models/mini-clip/model.safetensors")


@pytest.fixture(scope="module")
def weights() -> StateDict:
    return random_weights()


def engine_of(weights: StateDict, folder: Path, precision: Precision = "fp32") -> OpenVinoEngine:
    path = folder / "clip.pt"
    write_archive(path, weights)
    files = prepare_graphs(source_of_files((path,)), folder / "cache", precision)
    return OpenVinoEngine(files, threads=1)


@pytest.fixture(scope="module")
def engine(weights: StateDict, tmp_path_factory: pytest.TempPathFactory) -> OpenVinoEngine:
    return engine_of(weights, tmp_path_factory.mktemp("engine"))


@pytest.fixture(scope="module")
def pictures() -> list[np.ndarray]:
    random = np.random.default_rng(1)
    return [random.integers(0, 256, (32, 32, 3), np.uint8) for _ in range(3)]


def test_text_vectors_are_those_of_the_reference(
    engine: OpenVinoEngine, weights: StateDict
) -> None:
    tokens = Tokenizer().tokenize(TEXTS)
    expected = np.stack([NumpyClip(weights).text(row.tolist()) for row in tokens])
    np.testing.assert_allclose(engine.texts(tokens), expected, atol=EXACT)


def test_picture_vectors_are_those_of_the_reference(
    engine: OpenVinoEngine, weights: StateDict, pictures: list[np.ndarray]
) -> None:
    expected = np.stack([NumpyClip(weights).image(picture) for picture in pictures])
    np.testing.assert_allclose(engine.pictures(pictures), expected, atol=EXACT)


def test_a_text_has_the_same_vector_alone_and_beside_longer_ones(engine: OpenVinoEngine) -> None:
    tokens = Tokenizer().tokenize(TEXTS)
    together = engine.texts(tokens)
    for row, vector in zip(tokens, together, strict=True):
        np.testing.assert_allclose(engine.texts([row])[0], vector, atol=EXACT)


def test_many_texts_of_any_lengths_have_each_its_own_vector_in_order(
    engine: OpenVinoEngine, weights: StateDict
) -> None:
    """More of them than go through the graph together."""
    random = np.random.default_rng(3)
    ends = Tokenizer()
    texts = [
        np.array([ends.start, *random.integers(300, 40_000, length), ends.end], np.int32)
        for length in random.integers(0, 76, 50)
    ]
    expected = np.stack([NumpyClip(weights).text(text.tolist()) for text in texts])
    np.testing.assert_allclose(engine.texts(texts), expected, atol=EXACT)


def test_vectors_are_of_unit_length(engine: OpenVinoEngine, pictures: list[np.ndarray]) -> None:
    vectors = np.concatenate([engine.texts(Tokenizer().tokenize(TEXTS)), engine.pictures(pictures)])
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)


def test_bfloat16_keeps_the_vectors_direction(
    engine: OpenVinoEngine, weights: StateDict, pictures: list[np.ndarray], tmp_path: Path
) -> None:
    fast = engine_of(weights, tmp_path, "bf16")
    tokens = Tokenizer().tokenize(TEXTS)
    for exact, near in (
        (engine.pictures(pictures), fast.pictures(pictures)),
        (engine.texts(tokens), fast.texts(tokens)),
    ):
        assert (exact * near).sum(1).min() > 0.995


def test_graphs_are_made_once_and_kept(weights: StateDict, tmp_path: Path) -> None:
    path = tmp_path / "clip.pt"
    write_archive(path, weights)
    source = source_of_files((path,))
    first = prepare_graphs(source, tmp_path / "cache", "fp32")
    path.unlink()
    assert prepare_graphs(source, tmp_path / "cache", "fp32") == first
    assert [entry.name for entry in (tmp_path / "cache").iterdir()] == [first.folder.name]


def test_graphs_that_have_their_name_survive_a_loss_of_power(
    weights: StateDict, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, cache = tmp_path / "clip.pt", tmp_path / "cache"
    write_archive(path, weights)
    cache.mkdir()
    disk, sync = Disk(cache, tmp_path / "notes"), os.fsync

    def synced(descriptor: int) -> None:
        sync(descriptor)
        disk.synced(descriptor)

    monkeypatch.setattr(os, "fsync", synced)
    make_graphs(source_of_files((path,)), cache / "graphs", "fp32")
    disk.after_power_cut(tmp_path / "left")
    disk.close()
    made = {file.name: file.read_bytes() for file in (cache / "graphs").iterdir()}
    left = {file.name: file.read_bytes() for file in (tmp_path / "left" / "graphs").iterdir()}
    assert left == made


def test_damaged_graphs_are_made_again(weights: StateDict, tmp_path: Path) -> None:
    path = tmp_path / "clip.pt"
    write_archive(path, weights)
    source = source_of_files((path,))
    first = prepare_graphs(source, tmp_path / "cache", "fp32")
    facts, graph = first.folder / "info.json", first.folder / "text.bin"
    whole = graph.read_bytes()
    for damage in (
        lambda: facts.write_bytes(b""),
        facts.unlink,
        lambda: graph.write_bytes(whole[:-1]),
        graph.unlink,
    ):
        damage()
        assert prepare_graphs(source, tmp_path / "cache", "fp32") == first
        assert graph.read_bytes() == whole


def test_a_disk_that_is_full_is_named_and_nothing_half_made_stays(tmp_path: Path) -> None:
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    # As on a full disk, a write ends with an error. The process that makes the graphs inherits it.
    resource.setrlimit(resource.RLIMIT_FSIZE, (2**20, before[1]))
    try:
        with pytest.raises(OSError, match=r"Could not write the model's graphs to .* free there"):
            prepare_graphs(source_of_files((BUNDLED,)), tmp_path, "fp32")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert list(tmp_path.iterdir()) == []


def test_weights_of_something_else_are_refused(weights: StateDict) -> None:
    without = {name: value for name, value in weights.items() if name != "text_projection"}
    with pytest.raises(UnusableWeights, match="text_projection"):
        read_shape(Weights(without), Architecture())


def test_weights_of_another_vocabulary_are_refused(weights: StateDict, tmp_path: Path) -> None:
    fewer = {**weights, "token_embedding.weight": weights["token_embedding.weight"][:49_407]}
    with pytest.raises(UnusableWeights, match="49407 tokens"):
        engine_of(fewer, tmp_path)


def test_a_part_that_no_clip_has_is_refused_by_its_name(weights: StateDict, tmp_path: Path) -> None:
    """Vectors without it would be others."""
    more = {**weights, "transformer.resblocks.0.ls_1.gamma": weights["ln_final.weight"]}
    with pytest.raises(UnusableWeights, match=r"resblocks\.0\.ls_1\.gamma"):
        engine_of(more, tmp_path)


@pytest.mark.parametrize("tokens", [2, 3, 9, 76, 77])
def test_texts_of_any_length_are_those_of_the_reference(
    engine: OpenVinoEngine, weights: StateDict, tokens: int
) -> None:
    ends = Tokenizer()
    row = np.array([ends.start, *range(300, 300 + tokens - 2), ends.end], np.int32)
    shorter = np.array([ends.start, ends.end], np.int32)
    expected = NumpyClip(weights).text(row.tolist())
    np.testing.assert_allclose(engine.texts([shorter, row])[1], expected, atol=EXACT)


def test_the_bundled_model_is_served_exactly(tmp_path: Path) -> None:
    weights = load_state_dict(BUNDLED)
    files = prepare_graphs(source_of_files((BUNDLED,)), tmp_path, "fp32")
    engine = OpenVinoEngine(files, threads=1)
    reference = NumpyClip(weights)
    tokens = Tokenizer().tokenize(["red striped mug", "a wooden chair"])
    expected = np.stack([reference.text(row.tolist()) for row in tokens])
    np.testing.assert_allclose(engine.texts(tokens), expected, atol=EXACT)
    size = files.info.image_size
    picture = np.random.default_rng(2).integers(0, 256, (size, size, 3), np.uint8)
    np.testing.assert_allclose(engine.pictures([picture])[0], reference.image(picture), atol=EXACT)


@pytest.fixture(scope="module")
def resnet() -> StateDict:
    return random_resnet_weights()


@pytest.mark.parametrize(("precision", "least_cosine"), [("fp32", 1 - 1e-6), ("bf16", 0.995)])
def test_a_residual_networks_vectors_are_those_of_the_reference(
    resnet: StateDict, tmp_path: Path, precision: Precision, least_cosine: float
) -> None:
    engine = engine_of(resnet, tmp_path, precision)
    assert (engine.info.image_size, engine.info.dimension) == (64, 48)
    random = np.random.default_rng(1)
    pictures = [random.integers(0, 256, (64, 64, 3), np.uint8) for _ in range(3)]
    expected = np.stack([NumpyClip(resnet).image(picture) for picture in pictures])
    assert (engine.pictures(pictures) * expected).sum(1).min() > least_cosine
    # The pictures' vectors differ by more than the tolerance, so agreement means something.
    assert (expected @ expected.T)[~np.eye(3, dtype=bool)].max() < least_cosine


def test_a_residual_network_without_one_of_its_parts_is_refused(
    resnet: StateDict, tmp_path: Path
) -> None:
    without = {name: value for name, value in resnet.items() if name != "visual.bn2.running_var"}
    with pytest.raises(UnusableWeights, match=r"visual\.bn2\.running_var"):
        engine_of(without, tmp_path)
    assert list((tmp_path / "cache").iterdir()) == []


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
async def test_a_preparation_that_is_ended_leaves_no_process(
    tmp_path: Path, number: signal.Signals
) -> None:
    values = {"ENCODER_MODEL": str(BUNDLED), "ENCODER_MODEL_CACHE_DIR": str(tmp_path)}
    preparing = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "services.encoder", "prepare"),
        env={**os.environ, **values},
        stderr=asyncio.subprocess.DEVNULL,  # Python's own tracker says what the ended one left
    )

    def makers() -> list[int]:
        return [pid for pid, (parent, _) in processes().items() if parent == preparing.pid]

    # Python's tracker, and the process that makes the graphs.
    await until(lambda: len(makers()) == 2)
    children = makers()
    preparing.send_signal(number)
    await preparing.wait()
    await until(lambda: not set(children) & set(processes()))
