"""Reads weights as NumPy arrays from OpenAI's archives or safetensors, without torch.

OpenAI publishes TorchScript archives, and `torch.save` writes the same container: a ZIP with a
pickle that describes tensors, and one file per storage. Our unpickler allows only the few names
that this needs and refuses all others, so a hostile file cannot run code.
"""

from __future__ import annotations

import hashlib
import json
import pickle
import zipfile
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from safetensors import SafetensorError, safe_open

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


_SAFETENSORS_TYPES: dict[str, np.dtype[Any]] = {
    "F16": np.dtype("<f2"),
    "F32": np.dtype("<f4"),
    "F64": np.dtype("<f8"),
    "I64": np.dtype("<i8"),
    "I32": np.dtype("<i4"),
    "U8": np.dtype("u1"),
    "BOOL": np.dtype("?"),
    "BF16": np.dtype("<u2"),
}


class UnusableWeights(Exception):
    """The weights are unreadable or of an unknown model; the message says which and why."""


class Weights:
    """Tensors by their names in OpenAI's layout. It remembers which of them were read."""

    def __init__(self, tensors: StateDict) -> None:
        self._tensors = tensors
        self._read: set[str] = set()

    def __getitem__(self, name: str) -> npt.NDArray[Any]:
        if name not in self._tensors:
            raise UnusableWeights(f"the weights have no {name}")
        self._read.add(name)
        return self._tensors[name]

    def __contains__(self, name: str) -> bool:
        return name in self._tensors

    def __iter__(self) -> Iterator[str]:
        return iter(self._tensors)

    def unread(self) -> list[str]:
        """Names of tensors that nothing has read."""
        return sorted(self._tensors.keys() - self._read)

    def digest(self, facts: str) -> str:
        """SHA-256 in hex of `facts` and of all tensors that were read, as float32. It is the same
        whatever file, number format and order the values came in.
        """
        digest = hashlib.sha256(facts.encode())
        for name in sorted(self._read):
            value = np.ascontiguousarray(self._tensors[name], "<f4")
            digest.update(f"{name}{list(value.shape)}".encode())
            digest.update(value.reshape(-1).data)
        return digest.hexdigest()


def load_state_dict(path: Path) -> StateDict:
    """Every tensor of a weights file by its name in OpenAI's layout (`visual.proj`, …).

    Raises UnusableWeights.
    """
    try:
        if path.suffix == ".safetensors":
            return _read_safetensors(path)
        return _read_archive(path)
    except (OSError, SafetensorError, zipfile.BadZipFile, pickle.UnpicklingError) as error:
        raise UnusableWeights(f"{path} cannot be read as model weights: {error}") from error
    except (KeyError, ValueError, IndexError, TypeError, AttributeError, EOFError) as error:
        raise UnusableWeights(f"{path} is a damaged archive: {error!r}") from error


def _read_safetensors(path: Path) -> StateDict:
    """Tensors as views of the mapped file; bfloat16, which NumPy lacks, as float32 copies."""
    with safe_open(path, framework="numpy"):
        pass  # it checks the header: names, types, sizes, and offsets within the file
    content = np.memmap(path, np.uint8, mode="r")
    length = int(content[:8].view("<u8")[0])
    tensors: StateDict = {}
    for name, entry in json.loads(content[8 : 8 + length].tobytes()).items():
        if name == "__metadata__":
            continue
        if entry["dtype"] not in _SAFETENSORS_TYPES:
            raise UnusableWeights(f"{path}: {name} is of type {entry['dtype']}")
        start, end = (8 + length + offset for offset in entry["data_offsets"])
        data: npt.NDArray[Any] = content[start:end].view(_SAFETENSORS_TYPES[entry["dtype"]])
        if entry["dtype"] == "BF16":
            data = (data.astype("<u4") << 16).view("<f4")
        tensors[name] = data.reshape(entry["shape"])
    return tensors


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
