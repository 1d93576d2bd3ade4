"""Cost of a model on this machine: time of the processor and memory, with random weights.

    python -m tests.models.cost ViT-B/32 SigLIP-B/16

The arithmetic is that of the real weights, because it does not depend on their values.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import psutil
from safetensors.numpy import save_file

from services.encoder.architecture import (
    OPENAI,
    Architecture,
    Description,
    TokenizerFacts,
    Tower,
)
from services.encoder.engine import OpenVinoEngine
from services.encoder.graph_files import choose_graphs
from services.encoder.probes import probe_pictures, probe_texts
from services.encoder.source import source_of_files
from tests.models.recipe import filled

Shapes = dict[str, tuple[int, ...]]
_TEXTS, _PICTURES = 32, 4
_PASSES = 3
_MIB = 2**20


@dataclass(frozen=True)
class Sizes:
    """Sizes of both towers; None for SigLIP's width of texts: the same as of pictures."""

    family: str
    width: int
    layers: int
    patch: int
    side: int
    dimension: int
    text_width: int
    text_layers: int = 12
    vocabulary: int = 49_408
    up: int | None = None


MODELS = {
    "ViT-B/32": Sizes("clip", 768, 12, 32, 224, 512, 512),
    "ViT-B/16": Sizes("clip", 768, 12, 16, 224, 512, 512),
    "ViT-L/14": Sizes("clip", 1024, 24, 14, 224, 768, 768),
    "SigLIP-B/16": Sizes("siglip", 768, 12, 16, 224, 768, 768, vocabulary=32_000),
    "SigLIP2-B/32": Sizes("siglip", 768, 12, 32, 256, 768, 768, vocabulary=256_000),
    "SigLIP2-B/16": Sizes("siglip", 768, 12, 16, 224, 768, 768, vocabulary=256_000),
    "SigLIP2-So400m/14": Sizes(
        "siglip", 1152, 27, 14, 224, 1152, 1152, 27, vocabulary=256_000, up=4304
    ),
}


def _blocks(prefix: str, width: int, layers: int, up: int) -> Shapes:
    shapes: Shapes = {}
    for number in range(layers):
        at = f"{prefix}.{number}"
        shapes |= _norm(f"{at}.ln_1", width) | _norm(f"{at}.ln_2", width)
        shapes |= _attention(f"{at}.attn", width) | _feed_forward(f"{at}.mlp", width, up)
    return shapes


def _norm(at: str, width: int) -> Shapes:
    return {f"{at}.weight": (width,), f"{at}.bias": (width,)}


def _attention(at: str, width: int) -> Shapes:
    return {
        f"{at}.in_proj_weight": (3 * width, width),
        f"{at}.in_proj_bias": (3 * width,),
        f"{at}.out_proj.weight": (width, width),
        f"{at}.out_proj.bias": (width,),
    }


def _feed_forward(at: str, width: int, up: int) -> Shapes:
    return {
        f"{at}.c_fc.weight": (up, width),
        f"{at}.c_fc.bias": (up,),
        f"{at}.c_proj.weight": (width, up),
        f"{at}.c_proj.bias": (width,),
    }


def shapes_of(sizes: Sizes) -> Shapes:
    """Names and shapes of all tensors."""
    is_clip = sizes.family == "clip"
    up = sizes.up or 4 * sizes.width
    text_up = sizes.up or 4 * sizes.text_width
    places = (sizes.side // sizes.patch) ** 2 + is_clip
    shapes: Shapes = {
        "token_embedding.weight": (sizes.vocabulary, sizes.text_width),
        "positional_embedding": (77 if is_clip else 64, sizes.text_width),
        "text_projection": (sizes.text_width, sizes.dimension),
        "visual.conv1.weight": (sizes.width, 3, sizes.patch, sizes.patch),
        "visual.positional_embedding": (places, sizes.width),
        **_norm("ln_final", sizes.text_width),
        **_norm("visual.ln_post", sizes.width),
        **_blocks("transformer.resblocks", sizes.text_width, sizes.text_layers, text_up),
        **_blocks("visual.transformer.resblocks", sizes.width, sizes.layers, up),
    }
    if is_clip:
        return shapes | {
            "visual.class_embedding": (sizes.width,),
            "visual.proj": (sizes.width, sizes.dimension),
            **_norm("visual.ln_pre", sizes.width),
        }
    return shapes | {
        "text_projection_bias": (sizes.dimension,),
        "visual.conv1.bias": (sizes.width,),
        "visual.head.probe": (sizes.width,),
        **_attention("visual.head.attn", sizes.width),
        **_norm("visual.head.ln", sizes.width),
        **_feed_forward("visual.head.mlp", sizes.width, up),
    }


def description_of(sizes: Sizes) -> Description:
    if sizes.family == "clip":
        return OPENAI
    heads = 16 if sizes.width == 1152 else sizes.width // 64
    tower = Tower(heads=heads, activation="gelu_tanh", epsilon=1e-6)
    return Description(
        architecture=Architecture(
            family="siglip",
            text=tower,
            image=tower,
            image_size=sizes.side,
            mean=(0.5, 0.5, 0.5),
            deviation=(0.5, 0.5, 0.5),
        ),
        tokenizer=TokenizerFacts(
            kind="file", vocabulary=sizes.vocabulary, end_token=1, pad_token=0
        ),
    )


def measure(name: str, folder: Path) -> str:
    """One row of a table in Markdown."""
    sizes = MODELS[name]
    weights = folder / "weights.safetensors"
    shapes = shapes_of(sizes)
    save_file({key: value.astype(np.float16) for key, value in filled(shapes).items()}, weights)
    parameters = sum(int(np.prod(shape)) for shape in shapes.values()) / 1e6
    facts = description_of(sizes)
    files = choose_graphs(source_of_files((weights,), description=facts), folder, "auto")
    before = psutil.Process().memory_info().rss
    engine = OpenVinoEngine(files, threads=0)
    texts = probe_texts(_TEXTS, 1, facts, files.info.context_length)
    pictures = probe_pictures(_PICTURES, sizes.side, 1)
    figures = [
        1000 * _processor_s(lambda: engine.texts(texts[:1])),
        1000 * _processor_s(lambda: engine.texts(texts)) / _TEXTS,
        1000 * _processor_s(lambda: engine.pictures(pictures[:1])),
        1000 * _processor_s(lambda: engine.pictures(pictures)) / _PICTURES,
    ]
    memory = (psutil.Process().memory_info().rss - before) / _MIB
    times = " | ".join(f"{figure:.1f}" for figure in figures)
    return f"| {name} | {parameters:.0f} | {files.precision} | {times} | {memory:.0f} |"


def _processor_s(act: Callable[[], object]) -> float:
    """The least time of all cores of some passes, after one that warms up."""
    act()
    taken = []
    for _ in range(_PASSES):
        started = time.process_time()
        act()
        taken.append(time.process_time() - started)
    return min(taken)


def main() -> None:
    for name in sys.argv[1:] or MODELS:
        with tempfile.TemporaryDirectory() as folder:
            sys.stdout.write(measure(name, Path(folder)) + "\n")
            sys.stdout.flush()


if __name__ == "__main__":
    main()
