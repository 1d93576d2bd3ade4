"""Models in open_clip's layout: `open_clip_config.json` and `open_clip_model.safetensors`.

Its tensors have OpenAI's names already. A key of the configuration that is not in one of the
sections below is refused by its name.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

from pydantic import Field

from services.encoder.architecture import (
    OPENAI_DEVIATION,
    OPENAI_MEAN,
    OPENAI_VOCABULARY,
    Activation,
    Architecture,
    Channels,
    Description,
    Deviation,
    Preprocessing,
    TokenizerFacts,
    Tower,
)
from services.encoder.configuration import Section, checked, read_json
from services.encoder.weights import StateDict, UnusableWeights

CONFIGURATION, WEIGHTS = "open_clip_config.json", "open_clip_model.safetensors"

_TRAINING = frozenset({"patch_dropout", "timm_drop", "timm_drop_path", "timm_model_pretrained"})
_HEADS = frozenset(
    {"attn_pooler_queries", "attn_pooler_heads", "timm_pool", "timm_proj", "timm_proj_bias"}
)
"""They have an effect only beside other settings, and those are refused."""


class _Norm(Section):
    eps: float = Field(default=1e-5, gt=0)


class _Tower(Section):
    """Keys of both towers. Each literal is the only supported value."""

    mlp_ratio: float = 4.0
    ls_init_value: None = None
    final_ln_after_pool: Literal[False] = False
    output_tokens: bool = False
    act_kwargs: None = None
    norm_kwargs: _Norm | None = None
    block_type: Literal["default", None] = None
    qk_norm: Literal[False] = False
    scaled_cosine_attn: Literal[False] = False
    scale_heads: Literal[False] = False
    scale_attn_inner: Literal[False] = False
    scale_attn: Literal[False] = False
    scale_fc: Literal[False] = False


class _Image(_Tower):
    layers: int | tuple[int, int, int, int] = 12
    width: int = 768
    head_width: int = Field(default=64, ge=1)
    patch_size: int | None = 16
    image_size: int = Field(default=224, ge=1)
    attentional_pool: Literal[False] = False
    no_ln_pre: Literal[False] = False
    pos_embed_type: Literal["learnable"] = "learnable"
    pool_type: Literal["tok"] = "tok"
    timm_model_name: None = None


class _Text(_Tower):
    context_length: int = Field(default=77, ge=3)
    vocab_size: int = OPENAI_VOCABULARY
    width: int = 512
    heads: int = Field(default=8, ge=1)
    layers: int = 12
    hf_tokenizer_name: None = None
    tokenizer_mode: None = None
    tokenizer_kwargs: dict[str, Any] | None = Field(default=None, max_length=0)
    embed_cls: Literal[False] = False
    pad_id: Literal[0] = 0
    eos_id: int = 2
    no_causal_mask: Literal[False] = False
    pool_type: Literal["argmax"] = "argmax"
    proj_bias: Literal[False] = False
    proj_type: Literal["linear"] = "linear"
    hf_model_name: None = None
    hf_model_pretrained: bool = True
    hf_proj_type: str = ""
    hf_pooler_type: str = ""


class _Model(Section):
    embed_dim: int
    vision_cfg: dict[str, Any]
    text_cfg: dict[str, Any]
    quick_gelu: bool = False
    custom_text: bool = False
    init_logit_scale: float | None = None
    init_logit_bias: float | None = None
    nonscalar_logit_scale: bool = False


class _Pictures(Section):
    size: int | tuple[int, int] | None = None
    mode: Literal["RGB"] = "RGB"
    mean: Channels = OPENAI_MEAN
    std: Deviation = OPENAI_DEVIATION
    interpolation: Literal["bicubic", "bilinear"] = "bicubic"
    resize_mode: Literal["shortest", "squash"] = "shortest"
    fill_color: int = 0


class _File(Section):
    model_cfg: dict[str, Any]
    preprocess_cfg: dict[str, Any] = Field(default={})


def describe(folder: Path) -> Description:
    """Facts about the model in a folder. Raises UnusableWeights, which names what is unknown."""
    path = folder / CONFIGURATION
    file = checked(_File, read_json(path), str(path))
    model = checked(_Model, file.model_cfg, f"{path}: model_cfg")
    where = f"{path}: model_cfg"
    image = checked(_Image, model.vision_cfg, f"{where}.vision_cfg", _TRAINING | _HEADS)
    text = checked(_Text, model.text_cfg, f"{where}.text_cfg")
    pictures = checked(_Pictures, file.preprocess_cfg, f"{path}: preprocess_cfg")
    side = image.image_size
    if pictures.size not in (None, side, (side, side)):
        raise UnusableWeights(f"{path}: preprocess_cfg.size is {pictures.size}, not {side}")
    activation: Activation = "quick_gelu" if model.quick_gelu else "gelu"
    is_resnet = isinstance(image.layers, tuple)
    if is_resnet and image.head_width != _Image.model_fields["head_width"].default:
        raise UnusableWeights(f"{where}.vision_cfg: a ResNet with head_width {image.head_width}")
    architecture = Architecture(
        text=_tower(text, text.heads, activation),
        image=_tower(image, None if is_resnet else image.width // image.head_width, activation),
        image_size=side,
        mean=pictures.mean,
        deviation=pictures.std,
    )
    return Description(
        architecture=architecture,
        preprocessing=Preprocessing(
            fit="squash" if pictures.resize_mode == "squash" else "crop",
            filter=pictures.interpolation,
        ),
        tokenizer=TokenizerFacts(
            kind="open_clip", vocabulary=text.vocab_size, context_length=text.context_length
        ),
    )


def _tower(section: _Tower, heads: int | None, activation: Activation) -> Tower:
    norm = section.norm_kwargs or _Norm()
    return Tower(heads=heads, activation=activation, epsilon=norm.eps)


def renamed(tensors: StateDict) -> StateDict:
    """Tensors by OpenAI's names: newer files have the text tower's below `text.`."""
    return {name.removeprefix("text."): value for name, value in tensors.items()}
