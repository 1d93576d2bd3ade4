"""Both towers of a model, and what their weights say about it."""

from __future__ import annotations

from dataclasses import dataclass

import openvino as ov

from services.encoder.architecture import Architecture
from services.encoder.blocks import head_count
from services.encoder.graph import clip_image_tower, clip_text_tower
from services.encoder.nodes import HEAD_WIDTH
from services.encoder.resnet import REDUCTION as RESNET_REDUCTION
from services.encoder.resnet import is_resnet, residual_image_tower
from services.encoder.siglip import siglip_image_tower, siglip_text_tower
from services.encoder.weights import UnusableWeights, Weights

_UNUSED = ("logit_scale", "logit_bias", "input_resolution", "context_length", "vocab_size")
_UNUSED_ENDS = ("attn_mask", "num_batches_tracked", "position_ids")
"""Tensors that no vector depends on."""

_SIZES = {384: "S", 768: "B", 1024: "L", 1152: "So400m", 1280: "H", 1408: "g", 1664: "bigG"}
"""Published names of image towers by their width."""
_USUAL_SIDE = 224
_RESNETS: dict[tuple[int, ...], str] = {(3, 4, 6, 3): "RN50", (3, 4, 23, 3): "RN101"}


@dataclass(frozen=True, slots=True)
class Shape:
    """The sizes of a model, read from its weights."""

    dimension: int
    image_size: int
    patch_size: int | None  # None: the image tower is convolutional and takes whole pictures
    context_length: int
    vocabulary: int


@dataclass(frozen=True, slots=True)
class Towers:
    """Both graphs, the sizes, and the model id of their vectors."""

    text: ov.Model
    image: ov.Model
    shape: Shape
    model_id: str


def read_shape(weights: Weights, architecture: Architecture) -> Shape:
    """The sizes of the model. Raises UnusableWeights if the weights lack a part of it."""
    dimension = weights["text_projection"].shape[1]
    context_length = len(weights["positional_embedding"])
    vocabulary = len(weights["token_embedding.weight"])
    if is_resnet(weights):
        positions = weights["visual.attnpool.positional_embedding"]
        side = round((len(positions) - 1) ** 0.5) * RESNET_REDUCTION
        return Shape(dimension, side, None, context_length, vocabulary)
    patch = weights["visual.conv1.weight"].shape[-1]
    places = len(weights["visual.positional_embedding"]) - (architecture.family == "clip")
    per_side = round(places**0.5)
    side = architecture.image_size or per_side * patch
    if per_side**2 != places or side // patch != per_side:
        raise UnusableWeights(
            f"pictures of {side}×{side} pixels have {(side // patch) ** 2} patches of {patch}×"
            f"{patch}, but the weights have {places} positions"
        )
    return Shape(dimension, side, patch, context_length, vocabulary)


def build_towers(weights: Weights, architecture: Architecture, name: str | None) -> Towers:
    """Both graphs. `name` is the first part of the model id; None: it follows from the sizes.

    Raises UnusableWeights, also for a tensor that no part of the model uses: the vectors of such a
    model would be others.
    """
    shape = read_shape(weights, architecture)
    if architecture.family == "siglip":
        text, image = siglip_text_tower, siglip_image_tower
    else:
        text = clip_text_tower
        image = residual_image_tower if is_resnet(weights) else clip_image_tower
    made = text(weights, architecture), image(weights, architecture)
    unknown = [
        one for one in weights.unread() if one not in _UNUSED and not one.endswith(_UNUSED_ENDS)
    ]
    if unknown:
        raise UnusableWeights(
            f"the weights have {len(unknown)} tensors of no known part, such as {unknown[0]}"
        )
    digest = weights.digest(_facts(weights, architecture, shape))
    return Towers(*made, shape, f"{name or _name(weights, architecture, shape)}@{digest[:12]}")


def _facts(weights: Weights, architecture: Architecture, shape: Shape) -> str:
    """All that vectors depend on beside the weights, in the same words for every source."""
    text = architecture.text.model_copy(
        update={"heads": head_count(weights["positional_embedding"].shape[1], architecture.text)}
    )
    image = architecture.image.model_copy(update={"heads": _image_heads(weights, architecture)})
    changes = {"text": text, "image": image, "image_size": shape.image_size}
    return architecture.model_copy(update=changes).model_dump_json()


def _image_heads(weights: Weights, architecture: Architecture) -> int:
    if is_resnet(weights):
        width: int = weights["visual.attnpool.positional_embedding"].shape[1]
        return width // HEAD_WIDTH
    return head_count(weights["visual.positional_embedding"].shape[1], architecture.image)


def _name(weights: Weights, architecture: Architecture, shape: Shape) -> str:
    """The published name of a model of these sizes: `ViT-B/32`, `RN50`, `SigLIP-B/16@256px`."""
    if is_resnet(weights):
        return _RESNETS.get(_layers(weights), "RN")
    width = weights["visual.positional_embedding"].shape[1]
    kind = "SigLIP" if architecture.family == "siglip" else "ViT"
    side = "" if shape.image_size == _USUAL_SIDE else f"@{shape.image_size}px"
    return f"{kind}-{_SIZES.get(width, width)}/{shape.patch_size}{side}"


def _layers(weights: Weights) -> tuple[int, ...]:
    return tuple(
        len({one.split(".")[2] for one in weights if one.startswith(f"visual.layer{layer}.")})
        for layer in range(1, 5)
    )
