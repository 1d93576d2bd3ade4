"""Other libraries' CLIP with the same weights: Hugging Face transformers and open_clip."""

from __future__ import annotations

import importlib
from pathlib import Path
from types import ModuleType

import numpy as np
import torch

from services.encoder.preprocess import Pixels
from services.encoder.tokenizer import Tokens
from tests.benchmarks.encoder.contenders import Contender, Vectors, clip_package, pixels_of, unit


def transformers_clip(folder: Path) -> Contender:
    """`CLIPModel` of a local folder; texts are padded to their longest, as its tokenizer pads."""
    clip_model = _library("transformers").CLIPModel
    model = clip_model.from_pretrained(folder, local_files_only=True).eval()

    def texts(tokens: list[Tokens]) -> Vectors:
        lengths = torch.tensor([len(ids) for ids in tokens])
        mask = torch.arange(int(lengths.max())) < lengths[:, None]
        rows = torch.full(mask.shape, int(tokens[0][-1]))
        rows[mask] = torch.from_numpy(np.concatenate(tokens).astype(np.int64))
        with torch.inference_mode():
            found = model.get_text_features(input_ids=rows, attention_mask=mask.long())
        return unit(found.pooler_output)

    def pictures(pixels: list[Pixels]) -> Vectors:
        with torch.inference_mode():
            return unit(model.get_image_features(pixel_values=pixels_of(pixels)).pooler_output)

    return Contender("Hugging Face transformers", texts, pictures)


def open_clip_b32(weights: dict[str, torch.Tensor]) -> Contender:
    """open_clip's ViT-B/32 with OpenAI's activation; it names its weights as `clip` does."""
    model = _library("open_clip").create_model("ViT-B-32-quickgelu", load_weights=False)
    model.load_state_dict(weights)
    model.eval()
    return clip_package(model, "open_clip")


def _library(name: str) -> ModuleType:
    """One that imports torchvision, though nothing of that is used here.

    torchvision's compiled operators need torch's CUDA build; beside another it stops at its import
    for two of them that are not declared.
    """
    try:
        importlib.import_module("torchvision")
    except RuntimeError:
        for operator in ("nms", "qnms"):
            torch.library.define(
                f"torchvision::{operator}",
                "(Tensor dets, Tensor scores, float threshold) -> Tensor",
            )
    return importlib.import_module(name)
