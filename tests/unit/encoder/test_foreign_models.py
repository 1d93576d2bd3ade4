"""Configurations of other libraries: what they may say, and what is refused by its name."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import save_file

from services.encoder import folders
from services.encoder.architecture import OPENAI_DEVIATION, OPENAI_MEAN
from services.encoder.folders import INDEX, WEIGHTS, read_folder
from services.encoder.graph_files import prepare_graphs
from services.encoder.source import ModelSource
from services.encoder.weights import UnusableWeights, load_state_dict
from tests.models.recipe import filled

GOLDENS = Path("tests/models/goldens")
Values = dict[str, Any]

# `config.json` of openai/clip-vit-base-patch32, whose tower sections name each default of an old
# version of the library. The sizes are the golden's.
OLD_SECTION: Values = {
    "_name_or_path": "", "add_cross_attention": False, "architectures": None,
    "attention_dropout": 0.0, "bad_words_ids": None, "bos_token_id": 0,
    "chunk_size_feed_forward": 0, "cross_attention_hidden_size": None,
    "decoder_start_token_id": None, "diversity_penalty": 0.0, "do_sample": False, "dropout": 0.0,
    "early_stopping": False,
    "encoder_no_repeat_ngram_size": 0, "eos_token_id": 2, "finetuning_task": None,
    "forced_bos_token_id": None, "forced_eos_token_id": None, "id2label": {"0": "LABEL_0"},
    "initializer_factor": 1.0, "initializer_range": 0.02, "is_decoder": False,
    "is_encoder_decoder": False, "label2id": {"LABEL_0": 0}, "length_penalty": 1.0,
    "max_length": 20, "min_length": 0, "no_repeat_ngram_size": 0, "num_beam_groups": 1,
    "num_beams": 1, "num_return_sequences": 1, "output_attentions": False,
    "output_hidden_states": False, "output_scores": False, "pad_token_id": 1, "prefix": None,
    "problem_type": None, "projection_dim": 32, "pruned_heads": {}, "remove_invalid_values": False,
    "repetition_penalty": 1.0, "return_dict": True, "return_dict_in_generate": False,
    "sep_token_id": None, "task_specific_params": None, "temperature": 1.0,
    "tie_encoder_decoder": False, "tie_word_embeddings": True, "tokenizer_class": None, "top_k": 50,
    "top_p": 1.0, "torch_dtype": None, "torchscript": False, "transformers_version": "4.16.0.dev0",
    "use_bfloat16": False,
}  # fmt: skip


def copy_of(family: str, folder: Path) -> Path:
    """A folder that needs no true weights, because they are not read yet."""
    shutil.copytree(GOLDENS / family, folder)
    name = "open_clip_model.safetensors" if family.startswith("open-clip") else WEIGHTS
    save_file({"some": np.zeros(3, np.float32)}, folder / name)
    return folder


def change(path: Path, act: Callable[[Values], object]) -> None:
    values = json.loads(path.read_text())
    act(values)
    path.write_text(json.dumps(values))


def put(*keys: str | int, value: object) -> Callable[[Values], None]:
    def act(values: Any) -> None:  # noqa: ANN401
        for key in keys[:-1]:
            values = values[key]
        values[keys[-1]] = value

    return act


@pytest.mark.parametrize(
    ("family", "file", "keys", "value", "named"),
    [
        ("hugging-face-clip", "config.json", ("moe_experts",), 8, "moe_experts"),
        ("hugging-face-clip", "config.json", ("model_type",), "chinese_clip", "model_type"),
        (
            "hugging-face-clip",
            "config.json",
            ("text_config", "rope_theta"),
            1e4,
            "text_config: rope",
        ),
        ("hugging-face-clip", "config.json", ("text_config", "hidden_act"), "relu", "hidden_act"),
        ("hugging-face-clip", "config.json", ("text_config", "eos_token_id"), 7, "token 7"),
        ("hugging-face-clip", "config.json", ("text_config", "vocab_size"), 500, "vocab|tokens"),
        (
            "hugging-face-clip",
            "tokenizer.json",
            ("post_processor", "cls"),
            ["<|endoftext|>", 813],
            "the same token",
        ),
        ("hugging-face-clip", "config.json", ("vision_config", "num_channels"), 4, "num_channels"),
        ("hugging-face-clip", "config.json", ("vision_config", "image_size"), 64, "64×64"),
        (
            "hugging-face-clip",
            "config.json",
            ("text_config", "max_position_embeddings"),
            10**30,
            "max_position_embeddings",
        ),
        (
            "hugging-face-clip",
            "config.json",
            ("text_config", "layer_norm_eps"),
            float("inf"),
            "layer_norm_eps",
        ),
        ("hugging-face-clip", "preprocessor_config.json", ("image_std",), [0, 1, 1], "image_std"),
        (
            "hugging-face-clip",
            "preprocessor_config.json",
            ("image_mean",),
            [float("nan")] * 3,
            "image_mean",
        ),
        ("hugging-face-clip", "preprocessor_config.json", ("resample",), 1, "resample"),
        ("hugging-face-clip", "preprocessor_config.json", ("do_pad",), True, "do_pad"),
        ("hugging-face-clip", "preprocessor_config.json", ("do_rescale",), False, "do_rescale"),
        ("hugging-face-clip", "preprocessor_config.json", ("gamma",), 2.2, "gamma"),
        ("siglip", "config.json", ("model_type",), "siglip2", "model_type"),
        ("siglip", "config.json", ("vision_config", "vision_use_head"), False, "vision_use_head"),
        ("siglip", "config.json", ("vision_config", "num_patches"), 256, "num_patches"),
        ("siglip", "tokenizer_config.json", ("pad_token",), "<no such>", "pad_token"),
        ("siglip", "tokenizer_config.json", ("padding_side",), "middle", "padding_side"),
        (
            "open-clip",
            "open_clip_config.json",
            ("model_cfg", "multimodal_cfg"),
            {},
            "multimodal_cfg",
        ),
        (
            "open-clip",
            "open_clip_config.json",
            ("model_cfg", "vision_cfg", "timm_model_name"),
            "vit_base_patch16_siglip_224",
            "timm_model_name",
        ),
        (
            "open-clip",
            "open_clip_config.json",
            ("model_cfg", "text_cfg", "hf_model_name"),
            "xlm-roberta-base",
            "hf_model_name",
        ),
        (
            "open-clip",
            "open_clip_config.json",
            ("model_cfg", "vision_cfg", "ls_init_value"),
            1e-5,
            "ls_init_value",
        ),
        (
            "open-clip",
            "open_clip_config.json",
            ("preprocess_cfg", "resize_mode"),
            "longest",
            "resize_mode",
        ),
        ("open-clip", "open_clip_config.json", ("preprocess_cfg", "size"), 64, "size"),
        (
            "open-clip-resnet",
            "open_clip_config.json",
            ("model_cfg", "vision_cfg", "head_width"),
            32,
            "head_width",
        ),
    ],
)
def test_what_is_unknown_or_unsupported_is_refused_by_its_name(
    tmp_path: Path, family: str, file: str, keys: tuple[str, ...], value: object, named: str
) -> None:
    folder = copy_of(family, tmp_path / "model")
    read_folder(folder)  # as it is, it is read
    change(folder / file, put(*keys, value=value))
    with pytest.raises(UnusableWeights, match=named) as refused:
        read_folder(folder)
    assert str(folder) in str(refused.value)


def test_an_old_configuration_that_names_every_default_is_read(tmp_path: Path) -> None:
    folder = copy_of("hugging-face-clip", tmp_path / "model")
    plain = read_folder(folder)

    def age(values: Values) -> None:
        for section in ("text_config", "vision_config"):
            values[section] = (
                OLD_SECTION
                | {"model_type": f"clip_{section[:-7]}_model"}
                | {key: one for key, one in values[section].items() if key not in ("eos_token_id",)}
            )
        del values["vision_config"]["eos_token_id"]
        values |= {"text_config_dict": None, "vision_config_dict": None}

    change(folder / "config.json", age)
    assert read_folder(folder).description == plain.description


def test_a_section_that_ends_in_dict_replaces_the_other(tmp_path: Path) -> None:
    """As `transformers` does for configurations of before its version 4.18."""
    folder = copy_of("hugging-face-clip", tmp_path / "model")

    def age(values: Values) -> None:
        values["text_config_dict"] = values["text_config"]
        values["text_config"] = {"hidden_act": "gelu"}

    change(folder / "config.json", age)
    assert read_folder(folder).description.architecture.text.activation == "quick_gelu"


def test_defaults_stand_where_a_configuration_is_silent(tmp_path: Path) -> None:
    folder = copy_of("siglip", tmp_path / "model")

    def silence(values: Values) -> None:
        values["text_config"] = {
            key: values["text_config"][key] for key in ("vocab_size", "max_position_embeddings")
        }

    change(folder / "config.json", silence)
    text = read_folder(folder).description.architecture.text
    assert (text.heads, text.activation, text.epsilon) == (12, "gelu_tanh", 1e-6)


def test_an_old_picture_processor_with_plain_sizes_is_read(tmp_path: Path) -> None:
    folder = copy_of("hugging-face-clip", tmp_path / "model")
    plain = read_folder(folder)
    old = {
        "crop_size": 32, "do_center_crop": True, "do_normalize": True, "do_resize": True,
        "feature_extractor_type": "CLIPFeatureExtractor", "image_mean": OPENAI_MEAN,
        "image_std": OPENAI_DEVIATION, "resample": 3, "size": 32,
    }  # fmt: skip
    (folder / "preprocessor_config.json").write_text(json.dumps(old))
    assert read_folder(folder).description == plain.description


@pytest.mark.parametrize(
    ("family", "file"),
    [
        ("hugging-face-clip", "tokenizer.json"),
        ("hugging-face-clip", "preprocessor_config.json"),
        ("siglip", "spiece.model"),
    ],
)
@pytest.mark.parametrize("damage", ["missing", "empty", "nonsense"])
def test_a_missing_or_damaged_file_is_named(
    tmp_path: Path, family: str, file: str, damage: str
) -> None:
    folder = copy_of(family, tmp_path / "model")
    if damage == "missing":
        (folder / file).unlink()
    else:
        (folder / file).write_bytes(b"" if damage == "empty" else b"\x0a\xff\x01nonsense")
    with pytest.raises(UnusableWeights, match=str(tmp_path)):
        read_folder(folder)


@pytest.mark.parametrize("text", ["[" * 100_000, '{"a":' * 100_000])
def test_a_configuration_nested_too_deeply_is_refused(tmp_path: Path, text: str) -> None:
    folder = copy_of("hugging-face-clip", tmp_path / "model")
    (folder / "config.json").write_text(text)
    with pytest.raises(UnusableWeights, match=r"config\.json cannot be read"):
        read_folder(folder)


def test_a_picture_processor_that_is_no_object_is_refused(tmp_path: Path) -> None:
    folder = copy_of("siglip", tmp_path / "model")
    (folder / "preprocessor_config.json").unlink()
    (folder / "processor_config.json").write_text('{"image_processor": 5}')
    with pytest.raises(UnusableWeights, match="image_processor"):
        read_folder(folder)


@pytest.mark.parametrize("damage", [b"\xff" * 100_000, b"\x10" + b"\xff" * 20 + b"\x01"])
def test_a_sentence_piece_model_with_an_endless_number_is_refused(
    tmp_path: Path, damage: bytes
) -> None:
    folder = copy_of("siglip", tmp_path / "model")
    with (folder / "spiece.model").open("ab") as file:
        file.write(damage)
    with pytest.raises(UnusableWeights, match="number is too long"):
        read_folder(folder)


def test_a_sentence_piece_model_with_damaged_normalisation_is_refused(tmp_path: Path) -> None:
    folder = copy_of("siglip", tmp_path / "model")
    path = folder / "spiece.model"
    data = bytearray(path.read_bytes())
    at = data.index(b"nmt_nfkc\x12") + len(b"nmt_nfkc\x12") + 3
    data[at : at + 4] = b"\xff" * 4  # length of the trie
    path.write_bytes(data)
    with pytest.raises(UnusableWeights, match=str(path)):
        read_folder(folder)


def test_pickles_are_never_read(tmp_path: Path) -> None:
    folder = copy_of("hugging-face-clip", tmp_path / "model")
    (folder / WEIGHTS).rename(folder / "pytorch_model.bin")
    with pytest.raises(UnusableWeights, match=r"pytorch_model\.bin is a pickle"):
        read_folder(folder)


def test_weights_in_several_files_are_read_together(tmp_path: Path) -> None:
    folder = copy_of("hugging-face-clip", tmp_path / "model")
    (folder / WEIGHTS).unlink()
    parts = {"a-1.safetensors": {"one": np.ones(2)}, "a-2.safetensors": {"two": np.zeros(3)}}
    for file, tensors in parts.items():
        save_file(tensors, folder / file)
    index = {name: file for file, tensors in parts.items() for name in tensors}
    (folder / INDEX).write_text(json.dumps({"metadata": {}, "weight_map": index}))
    source: ModelSource = read_folder(folder)
    assert [file.name for file in source.files] == list(parts)
    assert sorted(source.load()) == ["one", "two"]
    (folder / INDEX).write_text(json.dumps({"weight_map": {"one": "../elsewhere.safetensors"}}))
    with pytest.raises(UnusableWeights, match="of its folder"):
        read_folder(folder)


@pytest.mark.parametrize(
    "listed", [{"a": ".."}, {"a": ""}, {"a": 5}, {"a": ["b"]}, {"a": "x\0.safetensors"}, {}, [], 3]
)
def test_an_index_that_names_no_safetensors_is_refused(tmp_path: Path, listed: object) -> None:
    folder = copy_of("hugging-face-clip", tmp_path / "model")
    (folder / WEIGHTS).unlink()
    (folder / INDEX).write_text(json.dumps({"weight_map": listed}))
    with pytest.raises(UnusableWeights, match="of its folder"):
        read_folder(folder)


def test_a_file_that_the_index_lists_and_nobody_has_is_named(tmp_path: Path) -> None:
    folder = copy_of("hugging-face-clip", tmp_path / "model")
    (folder / WEIGHTS).unlink()
    (folder / INDEX).write_text(json.dumps({"weight_map": {"a": "gone.safetensors"}}))
    with pytest.raises(UnusableWeights, match=r"gone\.safetensors"):
        read_folder(folder)


@pytest.mark.parametrize(
    ("family", "file", "keys", "value", "reason"),
    [
        (
            "hugging-face-clip",
            "config.json",
            ("text_config", "max_position_embeddings"),
            40,
            "configuration for 40",
        ),
        (
            "open-clip",
            "open_clip_config.json",
            ("model_cfg", "text_cfg", "context_length"),
            40,
            "configuration for 40",
        ),
        (
            "open-clip",
            "open_clip_config.json",
            ("model_cfg", "vision_cfg", "head_width"),
            128,
            "0 attention heads",
        ),
    ],
)
def test_a_size_that_does_not_fit_the_weights_is_refused(
    tmp_path: Path, family: str, file: str, keys: tuple[str, ...], value: int, reason: str
) -> None:
    """A text of more tokens would read positions that the weights do not have."""
    folder = copy_of(family, tmp_path / "model")
    shapes = json.loads((folder / "shapes.json").read_text())
    name = "open_clip_model.safetensors" if family == "open-clip" else WEIGHTS
    save_file(filled(shapes), folder / name)
    change(folder / file, put(*keys, value=value))
    with pytest.raises(UnusableWeights, match=reason):
        prepare_graphs(read_folder(folder), tmp_path / "cache", "fp32")


def test_bfloat16_is_read_as_float32(tmp_path: Path) -> None:
    """NumPy has no such type; its numbers are the first half of float32's bytes."""
    values = np.array([[1.5, -2.0, 3.140625]], np.float32)
    header = {"x": {"dtype": "BF16", "shape": [1, 3], "data_offsets": [0, 6]}}
    written = json.dumps(header).encode()
    halves = (values.view(np.uint32) >> 16).astype(np.uint16).tobytes()
    path = tmp_path / "bf16.safetensors"
    path.write_bytes(len(written).to_bytes(8, "little") + written + halves)
    read = load_state_dict(path)["x"]
    assert read.dtype == np.float32
    np.testing.assert_array_equal(read, values)


def test_open_clip_is_read_where_a_folder_has_both_layouts(tmp_path: Path) -> None:
    folder = copy_of("hugging-face-clip", tmp_path / "model")
    for path in copy_of("open-clip", tmp_path / "other").iterdir():
        if path.name.startswith("open_clip"):
            shutil.copy(path, folder)
    assert folders.read_folder(folder).layout == "open_clip"


@pytest.mark.parametrize(
    ("tensor", "shape"),
    [
        ("text_projection.weight", (32 * 48,)),
        ("text_model.encoder.layers.0.self_attn.k_proj.weight", (48, 47)),
        ("vision_model.embeddings.patch_embedding.weight", (64, 3, 8)),
        ("text_model.encoder.layers.1.mlp.fc2.weight", (48, 99)),
    ],
)
def test_a_tensor_of_another_shape_is_refused(
    tmp_path: Path, tensor: str, shape: tuple[int, ...]
) -> None:
    folder = copy_of("hugging-face-clip", tmp_path / "model")
    tensors = filled(json.loads((folder / "shapes.json").read_text()))
    assert tensor in tensors
    save_file(tensors | {tensor: np.ones(shape, np.float32)}, folder / WEIGHTS)
    with pytest.raises(UnusableWeights, match="do not fit together"):
        prepare_graphs(read_folder(folder), tmp_path / "cache", "fp32")
