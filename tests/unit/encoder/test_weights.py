from __future__ import annotations

import zipfile
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save_file

from services.encoder.weights import UnusableWeights, load_state_dict
from tests.support.clip_reference import random_weights
from tests.support.torch_archive import write_archive, write_hostile_archive


def test_an_archive_in_openais_layout_gives_every_tensor_by_name(tmp_path: Path) -> None:
    weights = random_weights(vocabulary=100)
    write_archive(tmp_path / "clip.pt", weights)
    loaded = load_state_dict(tmp_path / "clip.pt")
    assert loaded.keys() == weights.keys()
    for name, value in weights.items():
        np.testing.assert_array_equal(loaded[name], value)


def test_safetensors_give_the_same(tmp_path: Path) -> None:
    weights = random_weights(vocabulary=100)
    save_file(weights, tmp_path / "clip.safetensors")
    loaded = load_state_dict(tmp_path / "clip.safetensors")
    assert all(np.array_equal(loaded[name], value) for name, value in weights.items())


def test_an_archive_that_would_run_code_is_refused_by_the_name_it_uses(tmp_path: Path) -> None:
    write_hostile_archive(tmp_path / "clip.pt")
    with pytest.raises(UnusableWeights, match=r"os\.system"):
        load_state_dict(tmp_path / "clip.pt")


@pytest.mark.parametrize("suffix", [".pt", ".safetensors"])
@pytest.mark.parametrize("content", [b"", b"not weights at all", b"PK\x03\x04 half a zip"])
def test_a_file_of_something_else_is_refused_by_name(
    tmp_path: Path, suffix: str, content: bytes
) -> None:
    path = tmp_path / f"clip{suffix}"
    path.write_bytes(content)
    with pytest.raises(UnusableWeights, match=path.name):
        load_state_dict(path)


def test_an_archive_cut_short_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "clip.pt"
    write_archive(path, random_weights(vocabulary=100))
    path.write_bytes(path.read_bytes()[:-5_000])
    with pytest.raises(UnusableWeights):
        load_state_dict(path)


def test_a_tensor_larger_than_its_storage_is_refused(tmp_path: Path) -> None:
    weights = {"visual.proj": np.zeros((4, 4), np.float16)}
    path = tmp_path / "clip.pt"
    write_archive(path, weights)
    # The same description over a storage of half the size.
    other = tmp_path / "other" / "clip.pt"
    other.parent.mkdir()
    write_archive(other, {"visual.proj": np.zeros((4, 2), np.float16)})
    with zipfile.ZipFile(path) as good, zipfile.ZipFile(other) as small:
        description, storage = good.read("clip/data.pkl"), small.read("clip/data/0")
    with zipfile.ZipFile(path, "w") as mixed:
        mixed.writestr("clip/data.pkl", description)
        mixed.writestr("clip/data/0", storage)
    with pytest.raises(UnusableWeights, match="past its storage"):
        load_state_dict(path)
