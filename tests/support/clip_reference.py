"""The `clip` package's own tokenizer, and weights in the layout of its models.

The package's `__init__` imports torch and torchvision, which tests must not need, so its
tokenizer is loaded by itself, from its file.
"""

from __future__ import annotations

import importlib.util
from typing import Protocol, cast

import numpy as np
import numpy.typing as npt

from services.encoder.tokenizer import vocabulary_path
from services.encoder.weights import StateDict


class ReferenceTokenizer(Protocol):
    def encode(self, text: str) -> list[int]: ...


def reference_tokenizer() -> ReferenceTokenizer:
    path = vocabulary_path().with_name("simple_tokenizer.py")
    spec = importlib.util.spec_from_file_location("clip_simple_tokenizer", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return cast("ReferenceTokenizer", module.SimpleTokenizer())


def random_weights(
    *,
    seed: int = 0,
    dimension: int = 32,
    image_size: int = 32,
    patch: int = 16,
    width: int = 64,
    image_width: int | None = None,
    layers: int = 2,
    vocabulary: int = 49_408,
    gain: float = 1.6,
) -> StateDict:
    """A CLIP with random weights, small by default, as float16 arrays under OpenAI's names.

    `width` is the text tower's, and the image tower's too unless `image_width` says another.
    `gain` is what a product does to the length of a vector: with 1 small differences stay small, as
    they do in trained towers, with more any two inputs have quite different vectors.
    """
    random = np.random.default_rng(seed)

    def draw(*shape: int, scale: float = 0.05) -> npt.NDArray[np.float16]:
        return (random.standard_normal(shape) * scale).astype(np.float16)

    def matrix(rows: int, columns: int, width: int) -> npt.NDArray[np.float16]:
        return draw(rows, columns, scale=gain / width**0.5)

    def norm(name: str, width: int) -> StateDict:
        return {f"{name}.weight": 1 + draw(width), f"{name}.bias": draw(width)}

    def blocks(prefix: str, width: int) -> StateDict:
        made: StateDict = {}
        for number in range(layers):
            at = f"{prefix}.{number}"
            made |= norm(f"{at}.ln_1", width) | norm(f"{at}.ln_2", width)
            made |= {
                f"{at}.attn.in_proj_weight": matrix(3 * width, width, width),
                f"{at}.attn.in_proj_bias": draw(3 * width),
                f"{at}.attn.out_proj.weight": matrix(width, width, width),
                f"{at}.attn.out_proj.bias": draw(width),
                f"{at}.mlp.c_fc.weight": matrix(4 * width, width, width),
                f"{at}.mlp.c_fc.bias": draw(4 * width),
                f"{at}.mlp.c_proj.weight": matrix(width, 4 * width, width),
                f"{at}.mlp.c_proj.bias": draw(width),
            }
        return made

    wide = image_width or width
    places = (image_size // patch) ** 2 + 1
    return {
        "positional_embedding": draw(77, width),
        "text_projection": matrix(width, dimension, width),
        "logit_scale": np.array(4.6, np.float16),
        "token_embedding.weight": draw(vocabulary, width),
        "visual.class_embedding": draw(wide),
        "visual.positional_embedding": draw(places, wide),
        "visual.proj": matrix(wide, dimension, wide),
        "visual.conv1.weight": draw(wide, 3, patch, patch, scale=0.2),
        **norm("ln_final", width),
        **norm("visual.ln_pre", wide),
        **norm("visual.ln_post", wide),
        **blocks("transformer.resblocks", width),
        **blocks("visual.transformer.resblocks", wide),
    }


def random_b32_weights() -> StateDict:
    """In ViT-B/32's true sizes, the same each time."""
    return random_weights(
        dimension=512, image_size=224, patch=32, width=512, image_width=768, layers=12, gain=1
    )


def random_resnet_weights(
    *,
    dimension: int = 48,
    width: int = 16,
    image_size: int = 64,
    blocks: tuple[int, ...] = (2, 2, 2, 2),
) -> StateDict:
    """A CLIP whose image tower is a ResNet, small by default, as float16 under OpenAI's names."""
    random = np.random.default_rng(0)

    def draw(*shape: int, scale: float = 0.05) -> npt.NDArray[np.float16]:
        return (random.standard_normal(shape) * scale).astype(np.float16)

    def convolution(at: str, norm: str, out: int, into: int, side: int) -> StateDict:
        return {
            f"{at}.weight": draw(out, into, side, side, scale=(2 / (into * side**2)) ** 0.5),
            f"{norm}.weight": 1 + draw(out),
            f"{norm}.bias": draw(out),
            f"{norm}.running_mean": draw(out),
            f"{norm}.running_var": (1 + random.random(out) * 0.2).astype(np.float16),
        }

    image: StateDict = {}
    for number, (into, out) in enumerate([(3, width // 2), (width // 2, width // 2)], 1):
        image |= convolution(f"conv{number}", f"bn{number}", out, into, 3)
    image |= convolution("conv3", "bn3", width, width // 2, 3)
    before = width
    for layer, count in enumerate(blocks, 1):
        planes = width * 2 ** (layer - 1)
        for number in range(count):
            at = f"layer{layer}.{number}"
            image |= convolution(f"{at}.conv1", f"{at}.bn1", planes, before, 1)
            image |= convolution(f"{at}.conv2", f"{at}.bn2", planes, planes, 3)
            image |= convolution(f"{at}.conv3", f"{at}.bn3", 4 * planes, planes, 1)
            if number == 0:
                image |= convolution(
                    f"{at}.downsample.0", f"{at}.downsample.1", 4 * planes, before, 1
                )
            before = 4 * planes
    features = 32 * width
    image["attnpool.positional_embedding"] = draw((image_size // 32) ** 2 + 1, features)
    for part, out in (("q", features), ("k", features), ("v", features), ("c", dimension)):
        image[f"attnpool.{part}_proj.weight"] = draw(out, features)
        image[f"attnpool.{part}_proj.bias"] = draw(out)
    text = {
        name: value
        for name, value in random_weights(dimension=dimension).items()
        if not name.startswith("visual.")
    }
    return text | {f"visual.{name}": value for name, value in image.items()}
