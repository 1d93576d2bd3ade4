"""CLIP in the layout of Hugging Face: a local folder with weights, tokenizer and configuration."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save_file

from demo.clip_package import CONTEXT_LENGTH, clip_module

StateDict = Mapping[str, torch.Tensor]
_NAMES = {
    "token_embedding.weight": "text_model.embeddings.token_embedding.weight",
    "positional_embedding": "text_model.embeddings.position_embedding.weight",
    "ln_final": "text_model.final_layer_norm",
    "visual.class_embedding": "vision_model.embeddings.class_embedding",
    "visual.conv1.weight": "vision_model.embeddings.patch_embedding.weight",
    "visual.positional_embedding": "vision_model.embeddings.position_embedding.weight",
    "visual.ln_pre": "vision_model.pre_layrnorm",  # spelled so there
    "visual.ln_post": "vision_model.post_layernorm",
    "logit_scale": "logit_scale",
}
_TOWERS = {
    "transformer.resblocks.": "text_model.encoder.layers.",
    "visual.transformer.resblocks.": "vision_model.encoder.layers.",
}
_IN_A_BLOCK = {
    "ln_1": "layer_norm1",
    "ln_2": "layer_norm2",
    "attn.out_proj": "self_attn.out_proj",
    "mlp.c_fc": "mlp.fc1",
    "mlp.c_proj": "mlp.fc2",
}


def write_folder(state: StateDict, folder: Path) -> None:
    """Files for `CLIPModel.from_pretrained` and `AutoProcessor.from_pretrained`; no network."""
    folder.mkdir(parents=True, exist_ok=True)
    save_file(renamed(state), folder / "model.safetensors", metadata={"format": "pt"})
    tokenizer = clip_module("simple_tokenizer").SimpleTokenizer()
    special = {"bos_token": "<|startoftext|>", "eos_token": "<|endoftext|>"}
    special |= {"pad_token": "<|endoftext|>", "unk_token": "<|endoftext|>"}
    _write(folder / "config.json", _configuration(tokenizer.encoder))
    _write(folder / "vocab.json", tokenizer.encoder)
    _write(folder / "special_tokens_map.json", special)
    _write(
        folder / "tokenizer_config.json",
        {**special, "tokenizer_class": "CLIPTokenizer", "model_max_length": CONTEXT_LENGTH},
    )
    _write(
        folder / "preprocessor_config.json",
        {
            "image_processor_type": "CLIPImageProcessor",
            "processor_class": "CLIPProcessor",
            "size": {"shortest_edge": 224},
            "crop_size": {"height": 224, "width": 224},
            "resample": 3,
            "image_mean": [0.48145466, 0.4578275, 0.40821073],
            "image_std": [0.26862954, 0.26130258, 0.27577711],
        },
    )
    merges = [" ".join(pair) for pair in tokenizer.bpe_ranks]
    (folder / "merges.txt").write_text("\n".join(["#version: 0.2", *merges, ""]), "utf-8")


def renamed(state: StateDict) -> dict[str, torch.Tensor]:
    """OpenAI's names to Hugging Face's, float32; joined query, key and value are parted."""
    found: dict[str, torch.Tensor] = {}
    for name, value in state.items():
        tensor = value.float().contiguous()
        stem, _, kind = name.rpartition(".")
        tower = next((prefix for prefix in _TOWERS if name.startswith(prefix)), None)
        if tower is not None:
            number, _, part = name.removeprefix(tower).partition(".")
            found |= _block(f"{_TOWERS[tower]}{number}", part, tensor)
        elif name == "text_projection":
            found["text_projection.weight"] = tensor.T.contiguous()
        elif name == "visual.proj":
            found["visual_projection.weight"] = tensor.T.contiguous()
        else:
            found[_NAMES.get(name) or f"{_NAMES[stem]}.{kind}"] = tensor
    return found


def _block(at: str, part: str, tensor: torch.Tensor) -> dict[str, torch.Tensor]:
    """One tensor of a residual block; `part` is its name below the block's."""
    if part.startswith("attn.in_proj_"):
        kind = part.removeprefix("attn.in_proj_")
        thirds = zip("qkv", tensor.chunk(3), strict=True)
        return {f"{at}.self_attn.{one}_proj.{kind}": third.clone() for one, third in thirds}
    stem, _, kind = part.rpartition(".")
    return {f"{at}.{_IN_A_BLOCK[stem]}.{kind}": tensor}


def _configuration(ids: Mapping[str, int]) -> dict[str, Any]:
    """ViT-B/32. The end token's id is set, so text is read at its first end token, as in `clip`."""
    end = ids["<|endoftext|>"]
    return {
        "architectures": ["CLIPModel"],
        "model_type": "clip",
        "projection_dim": 512,
        "text_config": {
            "model_type": "clip_text_model",
            "bos_token_id": ids["<|startoftext|>"],
            "eos_token_id": end,
            "pad_token_id": end,
        },
        "vision_config": {"model_type": "clip_vision_model"},
    }


def _write(path: Path, value: object) -> None:
    path.write_text(json.dumps(value, ensure_ascii=False), encoding="utf-8")
