"""Names of tensors in Hugging Face's `CLIPModel` and `SiglipModel`, and ours."""

from __future__ import annotations

import re

import numpy as np

from services.encoder.weights import StateDict, UnusableWeights

_NAMES = {
    "text_model.embeddings.token_embedding": "token_embedding",
    "text_model.embeddings.position_embedding.weight": "positional_embedding",
    "text_model.final_layer_norm": "ln_final",
    "vision_model.embeddings.class_embedding": "visual.class_embedding",
    "vision_model.embeddings.patch_embedding": "visual.conv1",
    "vision_model.embeddings.position_embedding.weight": "visual.positional_embedding",
    "vision_model.pre_layrnorm": "visual.ln_pre",  # spelled so there
    "vision_model.post_layernorm": "visual.ln_post",
    "vision_model.head.probe": "visual.head.probe",
    "vision_model.head.attention": "visual.head.attn",
    "vision_model.head.layernorm": "visual.head.ln",
    "vision_model.head.mlp.fc1": "visual.head.mlp.c_fc",
    "vision_model.head.mlp.fc2": "visual.head.mlp.c_proj",
}
_BLOCKS = {
    "text_model.encoder.layers": "transformer.resblocks",
    "vision_model.encoder.layers": "visual.transformer.resblocks",
}
_IN_A_BLOCK = {
    "layer_norm1": "ln_1",
    "layer_norm2": "ln_2",
    "self_attn.out_proj": "attn.out_proj",
    "mlp.fc1": "mlp.c_fc",
    "mlp.fc2": "mlp.c_proj",
}
_BLOCK = re.compile(r"(\w+\.encoder\.layers)\.(\d+)\.(.+)\.(weight|bias)")
_PARTS = ("q", "k", "v")
_TRANSPOSED = {
    "text_projection.weight": "text_projection",
    "visual_projection.weight": "visual.proj",
    "text_model.head.weight": "text_projection",
}


def renamed(tensors: StateDict) -> StateDict:
    """Tensors by OpenAI's names; query, key and value are joined.

    Unknown tensors keep their names. Raises UnusableWeights if a part of a projection is missing.
    """
    found: StateDict = {}
    for name, value in tensors.items():
        if name in _TRANSPOSED:
            found[_TRANSPOSED[name]] = value.T
        elif name == "text_model.head.bias":
            found["text_projection_bias"] = value
        elif name == "vision_model.head.probe":
            found["visual.head.probe"] = value.reshape(-1)
        elif (parts := _BLOCK.fullmatch(name)) is not None and parts[1] in _BLOCKS:
            at = f"{_BLOCKS[parts[1]]}.{parts[2]}"
            if parts[3] == "self_attn.q_proj":
                found[f"{at}.attn.in_proj_{parts[4]}"] = _joined(tensors, name)
            elif parts[3] not in ("self_attn.k_proj", "self_attn.v_proj"):
                inner = _IN_A_BLOCK.get(parts[3], parts[3])
                found[f"{at}.{inner}.{parts[4]}"] = value
        else:
            found[_short(name)] = value
    return found


def _short(name: str) -> str:
    for theirs, ours in _NAMES.items():
        if name == theirs or name.startswith(f"{theirs}."):
            return ours + name.removeprefix(theirs)
    return name


def _joined(tensors: StateDict, query: str) -> np.ndarray:
    names = [query.replace("q_proj", f"{part}_proj") for part in _PARTS]
    missing = [name for name in names if name not in tensors]
    if missing:
        raise UnusableWeights(f"the weights have no {missing[0]}")
    return np.concatenate([tensors[name] for name in names])
