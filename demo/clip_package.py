"""The `clip` package's model and tokenizer, loaded by themselves, for training and for checks.

Its `__init__` imports torchvision, of which nothing here is needed.
"""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

import torch

CONTEXT_LENGTH = 77


def clip_module(name: str) -> ModuleType:
    """`clip/<name>.py` as a module. Raises FileNotFoundError when the package is not installed."""
    spec = importlib.util.find_spec("clip")
    for folder in spec.submodule_search_locations or () if spec else ():
        path = Path(folder) / f"{name}.py"
        if path.is_file():
            loaded = importlib.util.spec_from_file_location(f"clip_{name}", path)
            assert loaded is not None and loaded.loader is not None  # noqa: S101, PT018
            module = importlib.util.module_from_spec(loaded)
            sys.modules[loaded.name] = module
            loaded.loader.exec_module(module)
            return module
    raise FileNotFoundError(f"the clip package is not installed, or has no {name}.py")


class ClipTokenizer:
    """`clip.tokenize(texts, truncate=True)`, each distinct text encoded once."""

    def __init__(self) -> None:
        self._tokenizer: Any = clip_module("simple_tokenizer").SimpleTokenizer()
        self._known: dict[str, list[int]] = {}
        self.start: int = self._tokenizer.encoder["<|startoftext|>"]
        self.end: int = self._tokenizer.encoder["<|endoftext|>"]

    def __call__(self, texts: Sequence[str]) -> torch.Tensor:
        """(n, 77) token ids."""
        rows = torch.zeros(len(texts), CONTEXT_LENGTH, dtype=torch.long)
        for row, text in zip(rows, texts, strict=True):
            ids = self.encode(text)[: CONTEXT_LENGTH - 2]
            tokens = [self.start, *ids, self.end]
            row[: len(tokens)] = torch.tensor(tokens)
        return rows

    def encode(self, text: str) -> list[int]:
        """Its token ids, without start and end."""
        known = self._known.get(text)
        if known is None:
            known = self._tokenizer.encode(text)
            if len(self._known) < 500_000:
                self._known[text] = known
        return known
