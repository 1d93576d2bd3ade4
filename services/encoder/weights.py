"""Reads CLIP weights as NumPy arrays from OpenAI's archives or safetensors, without torch.

OpenAI publishes TorchScript archives, and `torch.save` writes the same container: a ZIP with a
pickle that describes tensors, and one file per storage. Our unpickler allows only the few names
that this needs and refuses all others, so a hostile file cannot run code.
"""

from __future__ import annotations

import pickle
import zipfile
from collections import OrderedDict
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from safetensors import SafetensorError
from safetensors.numpy import load_file

StateDict = dict[str, npt.NDArray[Any]]

_STORAGE_TYPES = {
    "HalfStorage": np.dtype("<f2"),
    "FloatStorage": np.dtype("<f4"),
    "DoubleStorage": np.dtype("<f8"),
    "LongStorage": np.dtype("<i8"),
    "IntStorage": np.dtype("<i4"),
    "ByteStorage": np.dtype("u1"),
    "BoolStorage": np.dtype("?"),
}


class UnusableWeights(Exception):
    """The weights file is unreadable or not a CLIP's; the message says which and why."""


def load_state_dict(path: Path) -> StateDict:
    """Every tensor of a weights file by its name in OpenAI's layout (`visual.proj`, …).

    Raises UnusableWeights.
    """
    try:
        if path.suffix == ".safetensors":
            return dict(load_file(path))
        return _read_archive(path)
    except (OSError, SafetensorError, zipfile.BadZipFile, pickle.UnpicklingError) as error:
        raise UnusableWeights(f"{path} cannot be read as model weights: {error}") from error
    except (KeyError, ValueError, IndexError, TypeError, AttributeError, EOFError) as error:
        raise UnusableWeights(f"{path} is a damaged archive: {error!r}") from error


def _read_archive(path: Path) -> StateDict:
    with zipfile.ZipFile(path) as archive:
        names = archive.namelist()
        description = next((name for name in names if name.endswith("/data.pkl")), None)
        if description is None:
            raise UnusableWeights(f"{path} is a ZIP, but not one that torch wrote.")
        folder = description.removesuffix("data.pkl")
        with archive.open(description) as file:
            root = _TensorUnpickler(file, lambda key: archive.read(f"{folder}data/{key}")).load()
    tensors: StateDict = {}
    _collect(root, "", tensors)
    return tensors


def _collect(node: object, prefix: str, into: StateDict) -> None:
    """Flatten nested modules, or a plain state dict, to tensors by dotted names."""
    children: Mapping[str, object] = (
        node.attributes if isinstance(node, _Module) else node if isinstance(node, dict) else {}
    )
    for name, child in children.items():
        if isinstance(child, np.ndarray):
            into[f"{prefix}{name}"] = child
        else:
            _collect(child, f"{prefix}{name}.", into)


class _Module:
    """Stands for any `__torch__.…` class of a TorchScript archive; it only holds attributes."""

    def __init__(self, *_: object) -> None:
        self.attributes: dict[str, object] = {}

    def __setstate__(self, state: dict[str, object]) -> None:
        self.attributes = dict(state)


class _TensorUnpickler(pickle.Unpickler):
    """Allows only the names that a torch archive needs."""

    def __init__(self, file: Any, read_storage: Callable[[str], bytes]) -> None:  # noqa: ANN401
        super().__init__(file, encoding="utf-8")
        self._read_storage = read_storage
        self._storages: dict[str, npt.NDArray[Any]] = {}

    def find_class(self, module: str, name: str) -> Any:  # noqa: ANN401
        if module.startswith("__torch__"):
            return _Module
        if module == "torch" and name in _STORAGE_TYPES:
            return _STORAGE_TYPES[name]
        known: dict[tuple[str, str], object] = {
            ("collections", "OrderedDict"): OrderedDict,
            ("torch._utils", "_rebuild_tensor_v2"): _rebuild_tensor,
            ("torch._utils", "_rebuild_parameter"): _rebuild_parameter,
            ("torch.jit._pickle", "restore_type_tag"): _keep_value,
            ("torch.jit._pickle", "build_intlist"): list,
        }
        if (module, name) not in known:
            raise pickle.UnpicklingError(f"the archive names {module}.{name}, which is not allowed")
        return known[module, name]

    def persistent_load(self, pid: Any) -> npt.NDArray[Any]:  # noqa: ANN401
        kind, dtype, key, *_ = pid
        if kind != "storage":
            raise pickle.UnpicklingError(f"unknown persistent id {kind!r}")
        if key not in self._storages:
            self._storages[key] = np.frombuffer(self._read_storage(key), dtype)
        return self._storages[key]


def _rebuild_tensor(
    storage: npt.NDArray[Any], offset: int, size: list[int], stride: list[int], *_: object
) -> npt.NDArray[Any]:
    shape, steps = tuple(size), tuple(stride)
    if any(step < 0 for step in steps) or offset < 0:
        raise ValueError("negative strides")
    last = offset + sum((n - 1) * step for n, step in zip(shape, steps, strict=True))
    if last >= storage.size and all(shape):
        raise ValueError("a tensor reaches past its storage")
    return np.lib.stride_tricks.as_strided(
        storage[offset:], shape, [step * storage.itemsize for step in steps], writeable=False
    )


def _rebuild_parameter(data: npt.NDArray[Any], *_: object) -> npt.NDArray[Any]:
    return data


def _keep_value(value: object, _tag: object) -> object:
    return value
