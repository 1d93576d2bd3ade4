"""One random ViT-B/32 under several engines. Random weights take the time of trained ones."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import onnxruntime
import torch
from onnxruntime.quantization import QuantType, quantize_dynamic

from demo.clip_package import CONTEXT_LENGTH, clip_module
from services.encoder.engine import OpenVinoEngine
from services.encoder.graph_files import GraphFiles
from services.encoder.preprocess import Pixels
from services.encoder.tokenizer import Tokens

Vectors = npt.NDArray[np.float32]
MEAN = torch.tensor([0.48145466, 0.4578275, 0.40821073]).view(3, 1, 1)
DEVIATION = torch.tensor([0.26862954, 0.26130258, 0.27577711]).view(3, 1, 1)


@dataclass(frozen=True, slots=True)
class Contender:
    """Unit vectors of tokenized texts and of cut pictures, by one engine."""

    name: str
    texts: Callable[[list[Tokens]], Vectors]
    pictures: Callable[[list[Pixels]], Vectors]


def clip_b32() -> Any:  # noqa: ANN401 - the clip package has no types
    """ViT-B/32 of the clip package with its own initialisation, rounded as its archives are."""
    torch.manual_seed(0)
    model = clip_module("model").CLIP(512, 224, 12, 768, 32, CONTEXT_LENGTH, 49_408, 512, 8, 12)
    return model.half().float().eval()


def save_weights(model: Any, path: Path) -> None:  # noqa: ANN401
    """As OpenAI's archives are: half precision, by their names."""
    torch.save({name: value.half() for name, value in model.state_dict().items()}, path)


def padded(tokens: list[Tokens]) -> torch.Tensor:
    """(n, 77) as `clip.tokenize` gives."""
    rows = torch.zeros(len(tokens), CONTEXT_LENGTH, dtype=torch.long)
    for row, ids in zip(rows, tokens, strict=True):
        row[: len(ids)] = torch.from_numpy(ids.astype(np.int64))
    return rows


def pixels_of(pictures: list[Pixels]) -> torch.Tensor:
    """(n, 3, 224, 224) as CLIP's `ToTensor` and `Normalize` give."""
    scaled = torch.from_numpy(np.stack(pictures)).permute(0, 3, 1, 2).float() / 255
    return (scaled - MEAN) / DEVIATION


def unit(vectors: torch.Tensor) -> Vectors:
    as_rows: Vectors = (vectors.float() / vectors.float().norm(dim=1, keepdim=True)).numpy()
    return as_rows


def clip_package(model: Any, name: str = "clip package") -> Contender:  # noqa: ANN401
    """As it comes."""

    def texts(tokens: list[Tokens]) -> Vectors:
        with torch.inference_mode():
            return unit(model.encode_text(padded(tokens)))

    def pictures(pixels: list[Pixels]) -> Vectors:
        with torch.inference_mode():
            return unit(model.encode_image(pixels_of(pixels)))

    return Contender(name, texts, pictures)


def torch_bfloat16(model: Any) -> Contender:  # noqa: ANN401
    """The clip package under autocast: what one line of torch buys."""
    plain = clip_package(model)

    def under(run: Callable[[Any], Vectors]) -> Callable[[Any], Vectors]:
        def cast(items: list[Any]) -> Vectors:
            with torch.autocast("cpu", torch.bfloat16):
                return run(items)

        return cast

    return Contender("clip package, bf16 autocast", under(plain.texts), under(plain.pictures))


def onnx_runtime(model: Any, folder: Path, *, int8: bool, threads: int) -> Contender:  # noqa: ANN401
    """Both towers exported as they are; int8 by dynamic quantisation of the weights."""
    folder.mkdir(exist_ok=True)

    class Text(torch.nn.Module):  # type: ignore[misc]
        def forward(self, tokens: torch.Tensor) -> Any:  # noqa: ANN401
            return model.encode_text(tokens)

    class Image(torch.nn.Module):  # type: ignore[misc]
        def forward(self, pixels: torch.Tensor) -> Any:  # noqa: ANN401
            return model.encode_image(pixels)

    examples: dict[str, tuple[Any, torch.Tensor]] = {
        "text": (Text(), torch.ones(2, CONTEXT_LENGTH, dtype=torch.long)),
        "image": (Image(), torch.zeros(2, 3, 224, 224)),
    }
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    sessions = {}
    for name, (tower, example) in examples.items():
        path = folder / f"{name}.onnx"
        if not path.exists():
            tower.clip = model
            torch.onnx.export(
                tower.eval(),
                (example,),
                path,
                input_names=["input"],
                output_names=["vectors"],
                dynamic_axes={"input": {0: "batch"}, "vectors": {0: "batch"}},
                dynamo=False,
            )
        if int8:
            small = folder / f"{name}-int8.onnx"
            if not small.exists():
                quantize_dynamic(path, small, weight_type=QuantType.QInt8)
            path = small
        sessions[name] = onnxruntime.InferenceSession(path, options, ["CPUExecutionProvider"])

    def run(name: str, values: torch.Tensor) -> Vectors:
        return unit(torch.from_numpy(sessions[name].run(None, {"input": values.numpy()})[0]))

    return Contender(
        f"ONNX Runtime {'int8' if int8 else 'fp32'}",
        lambda tokens: run("text", padded(tokens)),
        lambda pixels: run("image", pixels_of(pixels)),
    )


def ours(files: GraphFiles, threads: int) -> Contender:
    """The engine that serves."""
    engine = OpenVinoEngine(files, threads=threads)
    return Contender(f"ours (OpenVINO), {files.precision}", engine.texts, engine.pictures)
