"""The bundled CLIP's folder: the files say the same of each other, and stay small."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from safetensors.numpy import load_file

from demo.plurals import plural, plurals, read_plurals
from services.encoder.tokenizer import Tokenizer

MODEL = Path("data/models/mini-clip")
MOST_BYTES = 20_000_000

Tensors = dict[str, npt.NDArray[Any]]


@pytest.fixture(scope="module")
def config() -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads((MODEL / "config.json").read_text())
    return loaded


@pytest.fixture(scope="module")
def tensors(config: dict[str, Any]) -> Tensors:
    return load_file(MODEL / config["weights"])


def test_the_revision_is_of_these_weights(config: dict[str, Any]) -> None:
    digest = hashlib.sha256((MODEL / config["weights"]).read_bytes()).hexdigest()
    assert config["revision"] == digest[:12]
    assert (config["model_id"], config["format"]) == ("mini-clip", "openai-clip-state-dict")


def test_the_shapes_are_what_the_configuration_says(
    config: dict[str, Any], tensors: Tensors
) -> None:
    # As `clip.model.build_model` reads them from the state dict.
    patch = tensors["visual.conv1.weight"].shape[-1]
    grid = round((len(tensors["visual.positional_embedding"]) - 1) ** 0.5)
    assert patch * grid == config["input_resolution"]
    assert tensors["text_projection"].shape[1] == config["dimension"]
    assert tensors["visual.proj"].shape[1] == config["dimension"]
    assert len(tensors["positional_embedding"]) == config["context_length"] == 77
    assert len(tensors["token_embedding.weight"]) == 49_408
    # Heads are the width over 64, there as here.
    assert tensors["ln_final.weight"].shape[0] % 64 == 0
    assert tensors["visual.conv1.weight"].shape[0] % 64 == 0


def test_every_weight_is_a_finite_half(tensors: Tensors) -> None:
    for name, tensor in tensors.items():
        assert tensor.dtype == np.float16, name
        assert np.isfinite(tensor).all(), name


def test_the_folder_stays_small() -> None:
    assert sum(path.stat().st_size for path in MODEL.iterdir()) <= MOST_BYTES


def test_a_plural_says_what_its_singular_says(tensors: Tensors) -> None:
    embedding = tensors["token_embedding.weight"]
    encode = Tokenizer().encode
    for singular, several in plurals():
        one, many = encode(singular), encode(several)
        rows = embedding[many]
        assert any((row == embedding[one[-1]]).all() for row in rows), several
    # That is what training ends with: doing it again changes nothing.
    again = embedding.copy()
    read_plurals(again, encode)
    assert (again == embedding).all()


def test_plurals_are_spelt_as_people_spell_them() -> None:
    words = ("mug", "dish", "dress", "brolly", "scarf", "toy")
    spelt = ["mugs", "dishes", "dresses", "brollies", "scarves", "toys"]
    assert [plural(word) for word in words] == spelt
