"""Benchmark `encoder`: the engine that serves beside the `clip` package and other engines.

Everything with random weights in ViT-B/32's shape and on as many threads as `--threads`, in one
run. `--write` puts the tables into docs/benchmarks.md.
"""

from __future__ import annotations

import argparse
import io
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from PIL import Image

from services.encoder.graph_files import choose_graphs, prepare_graphs
from services.encoder.precision import OPTIONS, Precision, in_order
from services.encoder.preprocess import read_picture
from services.encoder.source import source_of_files
from services.encoder.tokenizer import Tokenizer
from tests.benchmarks.encoder import hugging_face
from tests.benchmarks.encoder.contenders import (
    Contender,
    clip_b32,
    clip_package,
    onnx_runtime,
    ours,
    save_weights,
    torch_bfloat16,
)
from tests.benchmarks.encoder.peers import open_clip_b32, transformers_clip
from tests.benchmarks.machine import measured_by
from tests.benchmarks.report import table, write_section
from tests.benchmarks.roof import TEXT_WEIGHTS, WEIGHT_BYTES, image_flop, roof
from tests.benchmarks.timing import in_turns

SIZE = 224
WORDS = (
    *("red", "blue", "wooden", "striped", "cotton", "steel", "small", "large"),
    *("chair", "mug", "lamp", "shoes", "jacket", "bag"),
)
CASES = (("text", 1), ("text", 8), ("text", 32), ("image", 1), ("image", 8), ("image", 32))
PACKAGES = ("torch", "clip-anytorch", "transformers", "open-clip-torch", "onnxruntime", "openvino")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=12)
    parser.add_argument("--write", action="store_true", help="into docs/benchmarks.md")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    with tempfile.TemporaryDirectory() as folder:
        sections = list(_sections(Path(folder), options.threads, options.rounds))
    text = "\n\n".join([_machine(options), *sections])
    print(text)
    if options.write:
        write_section("Encoder", text)


def _machine(options: argparse.Namespace) -> str:
    return (
        f"{measured_by('encoder', PACKAGES)} {options.threads} threads, "
        f"{in_order('auto')[0]} where it is left to the processor. Random weights in ViT-B/32's "
        "shape, the same in all; medians of rounds in which all take turns."
    )


def _sections(folder: Path, threads: int, rounds: int) -> list[str]:
    model = clip_b32()
    weights = folder / "b32.pt"
    save_weights(model, weights)
    hugging_face.write_folder(model.state_dict(), folder / "hugging-face")
    cache = folder / "cache"
    chosen = choose_graphs(source_of_files((weights,)), cache, "auto")
    served = ours(chosen, threads)
    baseline = clip_package(model)
    contenders = [
        baseline,
        torch_bfloat16(model),
        transformers_clip(folder / "hugging-face"),
        open_clip_b32(model.state_dict()),
        onnx_runtime(model, folder / "onnx", int8=False, threads=threads),
        onnx_runtime(model, folder / "onnx", int8=True, threads=threads),
        *(
            ours(prepare_graphs(source_of_files((weights,)), cache, precision), threads)
            for precision in OPTIONS
            if precision != chosen.precision
        ),
        served,
    ]
    engines = _engines(contenders, served.name, chosen.precision, rounds)
    jpeg = _jpeg(baseline, served, rounds)
    return [engines, jpeg]


def _texts(count: int) -> list[str]:
    random = np.random.default_rng(count)
    return [" ".join(random.choice(WORDS, random.integers(2, 6))) for _ in range(count)]


def _engines(contenders: list[Contender], served: str, precision: Precision, rounds: int) -> str:
    tokenizer = Tokenizer()
    random = np.random.default_rng(0)
    milliseconds: dict[str, list[float]] = {one.name: [] for one in contenders}
    cosines = {one.name: 1.0 for one in contenders}
    for kind, count in CASES:
        print(f"{kind} {count} …", file=sys.stderr, flush=True)
        tokens = tokenizer.tokenize(_texts(count))
        pixels = list(random.integers(0, 256, (count, SIZE, SIZE, 3), np.uint8))

        def run(one: Contender, *, kind: str = kind, tokens=tokens, pixels=pixels):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
            return one.texts(tokens) if kind == "text" else one.pictures(pixels)

        exact = run(contenders[0])
        for one in contenders:
            cosines[one.name] = min(cosines[one.name], float((exact * run(one)).sum(1).min()))
        medians = in_turns(
            {one.name: (lambda one=one: run(one)) for one in contenders},  # type: ignore[misc]
            rounds=rounds if count < 32 else max(3, rounds // 3),
        )
        for name, seconds in medians.items():
            milliseconds[name].append(1000 * seconds)
    base = milliseconds[contenders[0].name]
    rows: list[list[object]] = [
        [name, *values, f"{cosines[name]:.5f}"] for name, values in milliseconds.items()
    ]
    ours_ms = milliseconds[served]
    rows.append(
        [
            f"**{served}: times faster than clip**",
            *(f"**{was / now:.1f}×**" for was, now in zip(base, ours_ms, strict=True)),
            "",
        ]
    )
    bandwidth, peak = roof(precision, torch.get_num_threads(), rounds)
    width = WEIGHT_BYTES[precision]
    text_floor = 1000 * TEXT_WEIGHTS * width / bandwidth
    image_floor = 1000 * 32 * image_flop() / peak
    heads = [f"{kind} {count}" for kind, count in CASES]
    return (
        "### Engines, milliseconds a batch\n\n"
        + table(["engine", *heads, "least cosine to clip"], rows)
        + f"\n\nThe floor: this machine reads {bandwidth / 1e9:.0f} GB/s, and multiplies "
        f"{peak / 1e12:.2f} TFLOP/s in that precision (products of the image tower's shape and "
        f"nothing else). One text must read {TEXT_WEIGHTS * width / 1e6:.0f} MB of weights: "
        f"{text_floor:.1f} ms; it takes {ours_ms[0] / text_floor:.1f} times that. 32 pictures are "
        f"{32 * image_flop() / 1e9:.0f} GFLOP: {image_floor:.0f} ms; they take "
        f"{ours_ms[-1] / image_floor:.2f} times that."
    )


def _jpeg(baseline: Contender, served: Contender, rounds: int) -> str:
    random = np.random.default_rng(1)
    coarse = Image.fromarray(random.integers(0, 256, (60, 60, 3), np.uint8))
    buffer = io.BytesIO()
    coarse.resize((1000, 1000), Image.Resampling.BICUBIC).save(buffer, "JPEG", quality=90)
    data = buffer.getvalue()

    def clip_way() -> object:
        picture = Image.open(io.BytesIO(data)).resize((SIZE, SIZE), Image.Resampling.BICUBIC)
        return baseline.pictures([np.asarray(picture.convert("RGB"))])

    def our_way() -> object:
        return served.pictures([read_picture(data, SIZE, 50_000_000)])

    contenders: dict[str, Callable[[], object]] = {"clip": clip_way, "ours": our_way}
    seconds = in_turns(contenders, rounds=rounds)
    return (
        f"A 1000×1000 JPEG ({len(data) // 1000} kB) from bytes to vector: `clip`'s way "
        f"{1000 * seconds['clip']:.1f} ms, ours {1000 * seconds['ours']:.1f} ms, "
        f"**{seconds['clip'] / seconds['ours']:.1f}×** faster."
    )


if __name__ == "__main__":
    started = time.perf_counter()
    main()
    print(f"\n({time.perf_counter() - started:.0f} s)")
