"""Models in Hugging Face's layout: `CLIPModel` and `SiglipModel`, SigLIP 2 included.

A configuration is read strictly: a key that is not in one of the sections below is refused by its
name, except those of `unused_settings`, which change no vector.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field

from services.encoder.architecture import (
    OPENAI_DEVIATION,
    OPENAI_MEAN,
    Activation,
    Architecture,
    Channels,
    Description,
    Deviation,
    Family,
    Preprocessing,
    Tower,
)
from services.encoder.configuration import Section, checked, read_json
from services.encoder.file_tokenizer import read_tokenizer
from services.encoder.unused_settings import UNUSED_BY_MODELS, UNUSED_BY_PICTURES
from services.encoder.weights import UnusableWeights

HiddenAct = Literal["quick_gelu", "gelu", "gelu_pytorch_tanh", "gelu_new"]

_ACTIVATIONS: dict[HiddenAct, Activation] = {
    "quick_gelu": "quick_gelu",
    "gelu": "gelu",
    "gelu_pytorch_tanh": "gelu_tanh",
    "gelu_new": "gelu_tanh",
}
_FILTERS: dict[int, Literal["bicubic", "bilinear"]] = {2: "bilinear", 3: "bicubic"}


def _square(value: object) -> object:
    """The side of a square that is given as one number or as both sides."""
    if isinstance(value, dict) and set(value) == {"height", "width"}:
        value = [value["height"], value["width"]]
    if isinstance(value, list | tuple) and len(value) == 2 and value[0] == value[1]:
        return value[0]
    return value


Square = Annotated[int, Field(ge=1), BeforeValidator(_square)]
ContextLength = Annotated[int, Field(ge=3, le=100_000)]


class _Transformer(Section):
    """Keys that both towers have."""

    num_attention_heads: int = Field(ge=1)
    hidden_act: HiddenAct
    layer_norm_eps: float = Field(gt=0)
    pruned_heads: dict[str, Any] = Field(default={}, max_length=0)

    def tower(self) -> Tower:
        return Tower(
            heads=self.num_attention_heads,
            activation=_ACTIVATIONS[self.hidden_act],
            epsilon=self.layer_norm_eps,
        )


class _ClipText(_Transformer):
    model_type: Literal["clip_text_model"] = "clip_text_model"
    vocab_size: int = 49_408
    num_attention_heads: int = Field(default=8, ge=1)
    max_position_embeddings: ContextLength = 77
    hidden_act: HiddenAct = "quick_gelu"
    layer_norm_eps: float = Field(default=1e-5, gt=0)
    eos_token_id: int = 49_407


class _Image(_Transformer):
    num_attention_heads: int = Field(default=12, ge=1)
    num_channels: Literal[3] = 3
    image_size: Square = 224
    patch_size: Square


class _ClipImage(_Image):
    model_type: Literal["clip_vision_model"] = "clip_vision_model"
    patch_size: Square = 32
    hidden_act: HiddenAct = "quick_gelu"
    layer_norm_eps: float = Field(default=1e-5, gt=0)


class _SiglipText(_Transformer):
    model_type: Literal["siglip_text_model"] = "siglip_text_model"
    vocab_size: int = 32_000
    num_attention_heads: int = Field(default=12, ge=1)
    max_position_embeddings: ContextLength = 64
    hidden_act: HiddenAct = "gelu_pytorch_tanh"
    layer_norm_eps: float = Field(default=1e-6, gt=0)


class _SiglipImage(_Image):
    model_type: Literal["siglip_vision_model"] = "siglip_vision_model"
    patch_size: Square = 16
    hidden_act: HiddenAct = "gelu_pytorch_tanh"
    layer_norm_eps: float = Field(default=1e-6, gt=0)
    vision_use_head: Literal[True] = True


class _Model(Section):
    model_type: Literal["clip", "siglip"]
    text_config: dict[str, Any] | None = None
    vision_config: dict[str, Any] | None = None
    text_config_dict: dict[str, Any] | None = None
    vision_config_dict: dict[str, Any] | None = None


class _Pictures(Section):
    """The picture processor. Its defaults are the same for both families but for the size."""

    do_resize: Literal[True] = True
    size: dict[str, int] | int | None = None
    resample: Literal[2, 3] = 3
    do_center_crop: bool | None = None
    crop_size: Square | None = None
    do_rescale: Literal[True] = True
    rescale_factor: float = Field(default=1 / 255, gt=0.00392, lt=0.003922)
    do_normalize: Literal[True] = True
    do_convert_rgb: Literal[True, None] = None
    do_pad: Literal[False, None] = None
    image_mean: Channels | None = None
    image_std: Deviation | None = None


def describe(folder: Path) -> tuple[Description, str]:
    """Facts about the model in a folder, and its tokenizer as `tokenizer.json`.

    Raises UnusableWeights, which names what is missing, unknown or unsupported.
    """
    config = folder / "config.json"
    model = checked(_Model, read_json(config), str(config), UNUSED_BY_MODELS)
    family: Family = model.model_type
    # As in `transformers`, a section that ends in `_dict` replaces the other.
    text_values = model.text_config_dict or model.text_config or {}
    image_values = model.vision_config_dict or model.vision_config or {}
    text: _ClipText | _SiglipText
    image: _Image
    if family == "clip":
        text = checked(_ClipText, text_values, f"{config}: text_config", UNUSED_BY_MODELS)
        image = checked(_ClipImage, image_values, f"{config}: vision_config", UNUSED_BY_MODELS)
    else:
        ignored = UNUSED_BY_MODELS | {"eos_token_id"}
        text = checked(_SiglipText, text_values, f"{config}: text_config", ignored)
        image = checked(_SiglipImage, image_values, f"{config}: vision_config", ignored)
    read = read_tokenizer(
        folder, family=family, length=text.max_position_embeddings, vocabulary=text.vocab_size
    )
    if isinstance(text, _ClipText):
        _check_end(config, text, read.facts.end_token)
    pictures, preprocessing = _pictures(folder, family, image.image_size)
    usual = (OPENAI_MEAN, OPENAI_DEVIATION) if family == "clip" else ((0.5,) * 3, (0.5,) * 3)
    architecture = Architecture(
        family=family,
        text=text.tower(),
        image=image.tower(),
        image_size=image.image_size,
        start_token=read.start_token,
        mean=pictures.image_mean or usual[0],
        deviation=pictures.image_std or usual[1],
    )
    facts = Description(
        architecture=architecture, preprocessing=preprocessing, tokenizer=read.facts
    )
    return facts, read.json


_OLD_END = 2
"""Old configurations name this end token, and then the largest token id is read instead."""


def _check_end(config: Path, text: _ClipText, end_token: int) -> None:
    read_at = text.vocab_size - 1 if text.eos_token_id == _OLD_END else text.eos_token_id
    if end_token != read_at:
        raise UnusableWeights(
            f"{config}: the model reads texts at token {read_at}, but its tokenizer ends them "
            f"with {end_token}"
        )


def _pictures(folder: Path, family: Family, side: int) -> tuple[_Pictures, Preprocessing]:
    path = folder / "preprocessor_config.json"
    if path.is_file():
        values = read_json(path)
    else:
        path = folder / "processor_config.json"
        values = read_json(path).get("image_processor", {})
        if not isinstance(values, dict):
            raise UnusableWeights(f"{path}: image_processor is not an object")
    pictures = checked(_Pictures, values, str(path), UNUSED_BY_PICTURES)
    size, crop = pictures.size, pictures.do_center_crop
    if crop is None:
        crop = family == "clip"
    if size is None:
        size = {"shortest_edge": 224} if family == "clip" else {"height": 224, "width": 224}
    filtered = _FILTERS[pictures.resample]
    if crop and size in (side, {"shortest_edge": side}) and pictures.crop_size in (None, side):
        return pictures, Preprocessing(fit="crop", filter=filtered, odd_margin="floor")
    if size == {"height": side, "width": side} and (not crop or pictures.crop_size in (None, side)):
        return pictures, Preprocessing(fit="squash", filter=filtered)
    raise UnusableWeights(
        f"{path}: pictures become {size} (do_center_crop {crop}, crop_size {pictures.crop_size}); "
        f"the model takes {side}×{side} pixels, from a crop of the centre or from both sides scaled"
    )
