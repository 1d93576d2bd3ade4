"""Writes tiny models in their libraries' own formats, and what the libraries make of inputs.

    python tests/models/write_goldens.py FOLDER

It runs in an environment of its own (`make test-models`), with torch, transformers and open_clip.
The values of the tensors come from `recipe.filled`, so a folder needs only their names and shapes.
"""

# ruff: noqa: ANN401 - the libraries have no types here

from __future__ import annotations

import importlib.util
import io
import json
import sys
import types
from collections.abc import Callable, Sequence
from importlib.machinery import ModuleSpec
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[2]))

import numpy as np
import torch
from PIL import Image

from tests.models.recipe import ODD_TEXTS, filled, pictures


def write_all(folder: Path) -> None:
    torch.manual_seed(0)
    for name, write in FAMILIES.items():
        to = folder / name
        to.mkdir(parents=True, exist_ok=True)
        write(to)


def _fill(model: Any, to: Path) -> None:
    state = model.state_dict()
    shapes = {name: list(value.shape) for name, value in state.items() if value.is_floating_point()}
    values = filled(shapes)
    state |= {name: torch.from_numpy(value) for name, value in values.items()}
    model.load_state_dict(state)
    model.eval()
    (to / "shapes.json").write_text(json.dumps(shapes, indent=0))


def _expect(
    to: Path,
    tokens: Sequence[Sequence[int]],
    texts: torch.Tensor,
    images: torch.Tensor,
) -> None:
    """tokens: without the padding of a CLIP; texts, images: vectors of any length."""
    unit = torch.nn.functional.normalize
    (to / "expected.json").write_text(
        json.dumps(
            {
                "tokens": [list(map(int, row)) for row in tokens],
                "texts": np.round(unit(texts, dim=-1).tolist(), 6).tolist(),
                "images": np.round(unit(images, dim=-1).tolist(), 6).tolist(),
            }
        )
    )


# --- Hugging Face


def _small_clip_tokenizer() -> Any:
    from transformers import CLIPTokenizer

    merges = _clip_merges()[:300]
    letters = _clip_letters()
    words = [*letters, *(f"{letter}</w>" for letter in letters)]
    words += ["".join(pair) for pair in merges]
    words += ["<|startoftext|>", "<|endoftext|>"]
    vocabulary = {word: number for number, word in enumerate(words)}
    return CLIPTokenizer(vocab=vocabulary, merges=merges)


def _clip_letters() -> list[str]:
    from open_clip.tokenizer import bytes_to_unicode

    return list(bytes_to_unicode().values())


def _clip_merges() -> list[tuple[str, str]]:
    import gzip

    from open_clip.tokenizer import default_bpe

    lines = gzip.decompress(Path(default_bpe()).read_bytes()).decode().split("\n")
    return [(first, second) for first, second in map(str.split, lines[1 : 49152 - 256 - 2 + 1])]


def _hugging_face_clip(activation: str, *, heads: int, epsilon: float) -> Callable[[Path], None]:
    def write(to: Path) -> None:
        from transformers import CLIPConfig, CLIPModel
        from transformers.models.clip.image_processing_pil_clip import CLIPImageProcessorPil

        tokenizer = _small_clip_tokenizer()
        shared = {"hidden_act": activation, "layer_norm_eps": epsilon, "num_hidden_layers": 2}
        text = {
            **shared,
            "vocab_size": len(tokenizer),
            "hidden_size": 48,
            "intermediate_size": 100,
            "num_attention_heads": 3,
            "max_position_embeddings": 24,
            "bos_token_id": tokenizer.bos_token_id,
            "eos_token_id": tokenizer.eos_token_id,
            "projection_dim": 32,
        }
        image = {
            **shared,
            "hidden_size": 64,
            "intermediate_size": 128,
            "num_attention_heads": heads,
            "image_size": 32,
            "patch_size": 8,
            "projection_dim": 32,
        }
        model = CLIPModel(CLIPConfig(text_config=text, vision_config=image, projection_dim=32))
        processor = CLIPImageProcessorPil(
            size={"shortest_edge": 32}, crop_size={"height": 32, "width": 32}
        )
        _write_hugging_face(to, model, tokenizer, processor, length=24, padded=False)

    return write


def _siglip(to: Path) -> None:
    import sentencepiece
    from transformers import SiglipTokenizer
    from transformers.models.siglip.image_processing_pil_siglip import SiglipImageProcessorPil

    words = ["".join(pair)[: -len("</w>")] for pair in _clip_merges()[:3_000]]
    words = [word for word in words if word.isascii()] + ["café", "naïve", "红色的跑鞋", "4", "2"]
    sentences = [" ".join(words[at : at + 6]) for at in range(0, len(words), 6)]
    trained = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(sentences),
        model_writer=trained,
        vocab_size=160,
        model_type="unigram",
        character_coverage=1.0,
        normalization_rule_name="nmt_nfkc",
        pad_id=0, eos_id=1, unk_id=2, bos_id=-1,
        minloglevel=2,
    )  # fmt: skip
    pieces = to / "spiece.model"
    pieces.write_bytes(trained.getvalue())
    tokenizer = SiglipTokenizer(str(pieces), model_max_length=16)
    processor = SiglipImageProcessorPil(size={"height": 35, "width": 35})
    model = _siglip_model(vocabulary=160, length=16, side=35, patch=8, projection=48)
    _write_hugging_face(to, model, tokenizer, processor, length=16, padded=True)


def _siglip2(to: Path) -> None:
    from transformers.models.siglip.image_processing_pil_siglip import SiglipImageProcessorPil
    from transformers.models.siglip2.tokenization_siglip2 import Siglip2Tokenizer

    words = ["<pad>", "<eos>", "<bos>", "<unk>", "<mask>"]
    words += [f"<0x{byte:02X}>" for byte in range(256)]
    letters = [*"abcdefghijklmnopqrstuvwxyzABCDE0123456789.,'", "▁", "é", "红", "的"]
    merges = [("s", "h"), ("o", "e"), ("r", "e"), ("▁", "a"), ("sh", "oe"), ("re", "d"), ("i", "n")]
    vocabulary = {w: n for n, w in enumerate([*words, *letters, *("".join(m) for m in merges)])}
    tokenizer = Siglip2Tokenizer(
        vocab=vocabulary, merges=merges, add_bos_token=False, add_eos_token=True,
        padding_side="right", model_max_length=20,
    )  # fmt: skip
    processor = SiglipImageProcessorPil(size={"height": 32, "width": 32}, resample=2)
    model = _siglip_model(vocabulary=len(vocabulary), length=20, side=32, patch=16, projection=64)
    _write_hugging_face(to, model, tokenizer, processor, length=20, padded=True)


def _siglip_model(*, vocabulary: int, length: int, side: int, patch: int, projection: int) -> Any:
    from transformers import SiglipConfig, SiglipModel

    text = {
        "vocab_size": vocabulary,
        "hidden_size": 48,
        "intermediate_size": 100,
        "num_attention_heads": 4,
        "num_hidden_layers": 2,
        "max_position_embeddings": length,
        "projection_size": projection,
    }
    image = {
        "hidden_size": projection,
        "intermediate_size": 144,
        "num_attention_heads": 4,
        "num_hidden_layers": 2,
        "image_size": side,
        "patch_size": patch,
    }
    return SiglipModel(SiglipConfig(text_config=text, vision_config=image))


def _write_hugging_face(
    to: Path, model: Any, tokenizer: Any, processor: Any, *, length: int, padded: bool
) -> None:
    _fill(model, to)
    model.config.save_pretrained(to)
    tokenizer.save_pretrained(to)
    processor.save_pretrained(to)
    rows = tokenizer(
        ODD_TEXTS,
        padding="max_length",
        truncation=True,
        max_length=length,
        return_tensors="pt",
    )
    with torch.no_grad():
        made = model(
            input_ids=rows["input_ids"],
            pixel_values=processor(images=pictures(), return_tensors="pt")["pixel_values"],
            attention_mask=None if padded else rows["attention_mask"],
        )
    masks = torch.ones_like(rows["input_ids"]) if padded else rows["attention_mask"]
    tokens = [row[mask.bool()].tolist() for row, mask in zip(rows["input_ids"], masks, strict=True)]
    _expect(to, tokens, made.text_embeds, made.image_embeds)


# --- open_clip


def _open_clip(config: dict[str, Any], pictures_config: dict[str, Any]) -> Callable[[Path], None]:
    def write(to: Path) -> None:
        from open_clip.model import CLIP, CustomTextCLIP
        from open_clip.tokenizer import SimpleTokenizer

        given = {key: value for key, value in config.items() if key != "custom_text"}
        model = (CustomTextCLIP if config.get("custom_text") else CLIP)(**given)
        _fill(model, to)
        file = {"model_cfg": config, "preprocess_cfg": pictures_config}
        (to / "open_clip_config.json").write_text(json.dumps(file, indent=2))
        length = config["text_cfg"].get("context_length", 77)
        rows = SimpleTokenizer(context_length=length)(ODD_TEXTS)
        with torch.no_grad():
            texts = model.encode_text(rows)
            images = model.encode_image(_for_open_clip(config, pictures_config))
        ends = [row.argmax() for row in rows.flip(1)]
        tokens = [row[: length - int(end)].tolist() for row, end in zip(rows, ends, strict=True)]
        _expect(to, tokens, texts, images)

    return write


def _for_open_clip(config: dict[str, Any], pictures_config: dict[str, Any]) -> torch.Tensor:
    """`image_transform` of open_clip, in Pillow: torchvision's operations on a Pillow image."""
    size = config["vision_cfg"]["image_size"]
    squash = pictures_config.get("resize_mode") == "squash"
    bilinear = pictures_config.get("interpolation") == "bilinear"
    resampling = Image.Resampling.BILINEAR if bilinear else Image.Resampling.BICUBIC
    mean, std = (np.array(pictures_config[key], np.float32) for key in ("mean", "std"))
    rows = []
    for picture in pictures():
        width, height = picture.size
        if squash:
            square = picture.resize((size, size), resampling)
        else:
            if width <= height:
                scaled = (size, int(size * height / width))
            else:
                scaled = (int(size * width / height), size)
            left, top = (round((side - size) / 2.0) for side in scaled)
            square = picture.resize(scaled, resampling)
            square = square.crop((left, top, left + size, top + size))
        values = (np.asarray(square, np.float32) / 255 - mean) / std
        rows.append(torch.from_numpy(values.transpose(2, 0, 1)))
    return torch.stack(rows)


def _stub_torchvision() -> None:
    """Replace torchvision where it is missing or does not fit torch, as in some builds.

    open_clip imports it for training, for preprocessing and for one layer that no CLIP here has;
    transformers does without.
    """
    try:
        import torchvision  # noqa: F401
    except Exception:  # noqa: BLE001 - whatever it is, it cannot be used
        for name in [name for name in sys.modules if name.partition(".")[0] == "torchvision"]:
            del sys.modules[name]
        find_spec = importlib.util.find_spec

        def without(name: str, package: str | None = None) -> ModuleSpec | None:
            return None if name == "torchvision" else find_spec(name, package)

        importlib.util.find_spec = without
        import transformers  # noqa: F401 - first, since it looks whether there is a torchvision

        for name in _TORCHVISION:
            sys.modules[name] = module = _Anything(name)
            parent, _, child = name.rpartition(".")
            if parent:
                setattr(sys.modules[parent], child, module)


class _Anything(types.ModuleType):
    """A module with a class of every name."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return type(name, (torch.nn.Module,), {"BICUBIC": 3, "BILINEAR": 2})


_TORCHVISION = (
    "torchvision",
    "torchvision.ops",
    "torchvision.ops.misc",
    "torchvision.transforms",
    "torchvision.transforms.functional",
)
_IMAGENET = {"mean": [0.485, 0.456, 0.406], "std": [0.229, 0.224, 0.225]}
_OPENAI = {
    "mean": [0.48145466, 0.4578275, 0.40821073],
    "std": [0.26862954, 0.26130258, 0.27577711],
}
_VIT = {"image_size": 32, "layers": 2, "width": 64, "patch_size": 8, "head_width": 16}
_TEXT = {"context_length": 30, "vocab_size": 49408, "width": 32, "heads": 2, "layers": 2}

FAMILIES: dict[str, Callable[[Path], None]] = {
    "hugging-face-clip": _hugging_face_clip("quick_gelu", heads=4, epsilon=1e-5),
    "hugging-face-clip-gelu": _hugging_face_clip("gelu", heads=2, epsilon=1e-6),
    "siglip": _siglip,
    "siglip2": _siglip2,
    "open-clip": _open_clip({"embed_dim": 24, "vision_cfg": _VIT, "text_cfg": _TEXT}, {**_OPENAI}),
    "open-clip-quick-gelu": _open_clip(
        {
            "embed_dim": 24,
            "quick_gelu": True,
            "custom_text": True,
            "vision_cfg": {**_VIT, "head_width": 32, "mlp_ratio": 4.9231},
            "text_cfg": {**_TEXT, "norm_kwargs": {"eps": 1e-6}},
        },
        {**_IMAGENET, "interpolation": "bilinear", "resize_mode": "squash"},
    ),
    "open-clip-resnet": _open_clip(
        {
            "embed_dim": 24,
            "quick_gelu": True,
            "vision_cfg": {"image_size": 64, "layers": [1, 2, 1, 1], "width": 16},
            "text_cfg": _TEXT,
        },
        {**_OPENAI},
    ),
}

if __name__ == "__main__":
    _stub_torchvision()
    write_all(Path(sys.argv[1]))
