"""Vectors and tokens of other libraries' models equal those that the libraries give.

`goldens` has tiny models without their weights, which come from a recipe, and the libraries'
results. With MODELS_PYTHON, an interpreter that has the libraries (`make test-models`), the goldens
are written again and compared too.
"""

from __future__ import annotations

import io
import json
import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from safetensors.numpy import save_file

from services.encoder.engine import OpenVinoEngine
from services.encoder.file_tokenizer import load_tokenizer
from services.encoder.folders import read_folder
from services.encoder.graph_files import GraphFiles, prepare_graphs
from services.encoder.preprocess import read_picture
from services.encoder.source import ModelSource
from tests.models.recipe import ODD_TEXTS, filled, pictures

GOLDENS = Path(__file__).parent / "goldens"
FAMILIES = sorted(folder.name for folder in GOLDENS.iterdir())
LEAST_COSINE = 0.9999
PYTHON = os.environ.get("MODELS_PYTHON")


def with_weights(golden: Path, folder: Path) -> Path:
    """A copy of a golden's folder, with its weights in the library's own file."""
    shutil.copytree(golden, folder)
    shapes = json.loads((folder / "shapes.json").read_text())
    is_open_clip = (folder / "open_clip_config.json").exists()
    name = "open_clip_model.safetensors" if is_open_clip else "model.safetensors"
    save_file(filled(shapes), folder / name)
    return folder


@dataclass(frozen=True)
class Served:
    """A model as this service runs it, and the library's results."""

    source: ModelSource
    files: GraphFiles
    engine: OpenVinoEngine
    expected: dict[str, Any]


def served(golden: Path, folder: Path) -> Served:
    source = read_folder(with_weights(golden, folder / "model"))
    files = prepare_graphs(source, folder / "cache", "fp32")
    expected = json.loads((golden / "expected.json").read_text())
    return Served(source, files, OpenVinoEngine(files, threads=1), expected)


@pytest.fixture(scope="module", params=FAMILIES)
def model(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Served:
    return served(GOLDENS / request.param, tmp_path_factory.mktemp(request.param))


def least_cosine(ours: npt.ArrayLike, theirs: npt.ArrayLike) -> float:
    return float((np.asarray(ours) * np.asarray(theirs)).sum(1).min())


def assert_distinct(vectors: npt.ArrayLike) -> None:
    """Vectors differ by more than the tolerance, so agreement means something."""
    rows = np.asarray(vectors)
    assert (rows @ rows.T)[~np.eye(len(rows), dtype=bool)].min() < 0.9


def check(model: Served) -> None:
    check_tokens(model)
    check_texts(model)
    check_pictures(model)


def check_tokens(model: Served) -> None:
    tokens = load_tokenizer(model.files).tokenize(ODD_TEXTS)
    for text, ours, theirs in zip(ODD_TEXTS, tokens, model.expected["tokens"], strict=True):
        assert ours.tolist() == theirs, repr(text[:60])


def check_texts(model: Served) -> None:
    ours = model.engine.texts(load_tokenizer(model.files).tokenize(ODD_TEXTS))
    assert least_cosine(ours, model.expected["texts"]) > LEAST_COSINE
    assert_distinct(ours)


def check_pictures(model: Served) -> None:
    """From the bytes of a file to a vector: preprocessing included."""
    info = model.files.info
    pixels = []
    for picture in pictures():
        data = io.BytesIO()
        picture.save(data, "PNG")
        pixels.append(read_picture(data.getvalue(), info.image_size, 10**6, how=info.preprocessing))
    ours = model.engine.pictures(pixels)
    assert least_cosine(ours, model.expected["images"]) > LEAST_COSINE
    assert_distinct(ours)


def test_tokens_of_odd_texts_are_those_of_the_library(model: Served) -> None:
    check_tokens(model)


def test_text_vectors_are_those_of_the_library(model: Served) -> None:
    check_texts(model)


def test_picture_vectors_are_those_of_the_library(model: Served) -> None:
    check_pictures(model)


@pytest.mark.skipif(PYTHON is None, reason="MODELS_PYTHON names no interpreter with the libraries")
def test_the_libraries_still_give_the_goldens(tmp_path: Path) -> None:
    assert PYTHON is not None
    script = Path(__file__).parent / "write_goldens.py"
    subprocess.run([PYTHON, script, tmp_path / "written"], check=True, timeout=500)
    assert sorted(one.name for one in (tmp_path / "written").iterdir()) == FAMILIES
    for family in FAMILIES:
        check(served(tmp_path / "written" / family, tmp_path / family))
