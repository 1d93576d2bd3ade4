"""Writes weights in the container that OpenAI published its models in, without torch.

A TorchScript archive: a ZIP with `data.pkl`, where nested modules hold tensors that refer to one
file a storage. The pickle is written opcode by opcode, since pickling the real classes needs torch.
"""

from __future__ import annotations

import pickle
import pickletools
import zipfile
from collections.abc import Mapping
from pathlib import Path

from services.encoder.weights import StateDict

Tree = dict[str, "Tree | str"]
_STORAGE = {"float16": "HalfStorage", "float32": "FloatStorage"}


def write_archive(path: Path, weights: StateDict) -> None:
    """`weights` as nested modules, as `torch.jit.save` lays them out."""
    keys = {name: str(number) for number, name in enumerate(weights)}
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(
            f"{path.stem}/data.pkl", b"\x80\x02" + _module(_tree(weights), weights, keys) + b"."
        )
        for name, value in weights.items():
            archive.writestr(f"{path.stem}/data/{keys[name]}", value.tobytes())


def write_hostile_archive(path: Path) -> None:
    """Write an archive whose pickle would run a command in an unpickler without restrictions."""
    command = b"\x80\x02cos\nsystem\nX\x04\x00\x00\x00true\x85R."
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(f"{path.stem}/data.pkl", command)


def _tree(weights: StateDict) -> Tree:
    root: Tree = {}
    for name in weights:
        node = root
        *modules, leaf = name.split(".")
        for module in modules:
            child = node.setdefault(module, {})
            assert isinstance(child, dict)
            node = child
        node[leaf] = name
    return root


def _module(node: Tree, weights: StateDict, keys: Mapping[str, str]) -> bytes:
    """`__torch__.Module.__new__(…)`, then BUILD with a dict of its attributes."""
    body = b"c__torch__\nModule\n)\x81}("
    body += _value("training") + b"\x89"
    for name, child in node.items():
        body += _value(name)
        body += (
            _tensor(child, weights, keys)
            if isinstance(child, str)
            else _module(child, weights, keys)
        )
    return body + b"ub"


def _tensor(name: str, weights: StateDict, keys: Mapping[str, str]) -> bytes:
    value = weights[name]
    storage = b"(" + _value("storage") + b"ctorch\n" + _STORAGE[value.dtype.name].encode() + b"\n"
    storage += _value(keys[name]) + _value("cpu") + _value(value.size) + b"tQ"
    strides = tuple(step // value.itemsize for step in value.strides)
    arguments = b"(" + storage + _value(0) + _value(value.shape) + _value(strides) + b"\x89"
    arguments += b"ccollections\nOrderedDict\n)Rt"
    return b"ctorch._utils\n_rebuild_tensor_v2\n" + arguments + b"R"


def _value(value: object) -> bytes:
    """A plain value's opcodes: protocol 2 without its header, memo and stop."""
    return pickletools.optimize(pickle.dumps(value, 2))[2:-1]
