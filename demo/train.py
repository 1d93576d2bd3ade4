"""Train the bundled CLIP: `python -m demo.train --output data/models/mini-clip`.

OpenAI's own model class at a small size, on drawings of the combinations that are not held out.
Seed fixed; on two cores it takes under half an hour, of which a few minutes are drawing.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import math
import os
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import torch
import torch.nn.functional as functional
from safetensors.torch import save_file
from torch import Tensor

from demo.clip_package import ClipTokenizer, clip_module
from demo.losses import caption_fits, symmetric
from demo.plurals import read_plurals
from demo.taxonomy import CATEGORIES, COLOURS, PATTERNS
from demo.training_set import MARGIN, TrainingSet, draw_training_set
from demo.wording import product_text, training_caption

MODEL_ID = "mini-clip"
SEED = 20_261_124
MEAN = torch.tensor([0.48145466, 0.4578275, 0.40821073]).view(1, 3, 1, 1)
DEVIATION = torch.tensor([0.26862954, 0.26130258, 0.27577711]).view(1, 3, 1, 1)


@dataclass(frozen=True, slots=True)
class Size:
    """Arguments of `clip.model.CLIP`; both widths are multiples of 64, the width of a head."""

    embed_dim: int = 256
    image_resolution: int = 112
    vision_layers: int = 5
    vision_width: int = 192
    vision_patch_size: int = 16
    context_length: int = 77
    vocab_size: int = 49_408
    transformer_width: int = 128
    transformer_heads: int = 2
    transformer_layers: int = 3


@dataclass(frozen=True, slots=True)
class Plan:
    """Length and learning rates of the training."""

    steps: int = 1_000
    combinations_a_step: int = 128
    drawings_a_combination: int = 14
    peak_rate: float = 1.2e-3
    warm_up_steps: int = 100
    weight_decay: float = 0.05
    report_every_s: float = 20.0


def train(plan: Plan, size: Size, cache: Path) -> torch.nn.Module:
    """Draw, learn, and return the trained model."""
    torch.manual_seed(SEED)
    training = draw_training_set(
        plan.drawings_a_combination, size.image_resolution, os.cpu_count() or 1, cache
    )
    model = clip_module("model").CLIP(**asdict(size))
    tokenizer = ClipTokenizer()
    # The unused rows of CLIP's vocabulary stay at nothing: a word never learned says nothing.
    with torch.no_grad():
        model.token_embedding.weight.zero_()
        used = tokens_in_use(tokenizer, training)
        model.token_embedding.weight[used] = torch.randn(len(used), size.transformer_width) * 0.02
    optimiser, schedule = _optimiser(model, plan)
    batches = Batches(training, tokenizer, plan, size)
    started = said = time.monotonic()
    for step in range(1, plan.steps + 1):
        loss = _loss(model, *batches.draw())
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimiser.step()
        schedule.step()
        with torch.no_grad():
            model.logit_scale.clamp_(0, math.log(100))
        if time.monotonic() - said > plan.report_every_s or step == plan.steps:
            said = time.monotonic()
            left = (said - started) / step * (plan.steps - step)
            rate = step * 2 * plan.combinations_a_step / (said - started)
            print(
                f"step {step}/{plan.steps}  loss {loss.item():.3f}  {rate:.0f} drawings/s  "
                f"{left / 60:.1f} minutes left",
                flush=True,
            )
    with torch.no_grad():
        read_plurals(model.token_embedding.weight, tokenizer.encode)
    return model.eval()


class Batches:
    """Random batches: some combinations, two drawings each, a question and a shop text each."""

    def __init__(
        self, training: TrainingSet, tokenizer: ClipTokenizer, plan: Plan, size: Size
    ) -> None:
        self._training = training
        self._tokenizer = tokenizer
        self._count = plan.combinations_a_step
        self._side = size.image_resolution
        self._random = Random(SEED)
        self._numpy = np.random.default_rng(SEED)
        places = [
            {named.name: place for place, named in enumerate(kind)}
            for kind in (CATEGORIES, COLOURS, PATTERNS)
        ]
        self._attributes = torch.tensor(
            [
                [places[0][one.category], places[1][one.colour], places[2][one.pattern]]
                for one in training.combinations
            ]
        )

    def draw(self) -> tuple[Tensor, Tensor, Tensor, Tensor, Tensor]:
        """pictures (2n, 3, side, side), questions and shop texts (2n, 77), attributes (2n, 3),
        and which picture each question is true of (2n, 2n)."""
        chosen = self._numpy.choice(len(self._training.combinations), self._count, replace=False)
        drawings = np.stack(
            [
                self._numpy.choice(self._training.pixels.shape[1], 2, replace=False)
                for _ in range(self._count)
            ]
        )
        rows = np.repeat(chosen, 2).tolist()
        pictures = self._augment(self._training.pixels[rows, drawings.reshape(-1)])
        combinations = [self._training.combinations[row] for row in rows]
        captions = [training_caption(one, self._random) for one in combinations]
        texts = [product_text(one, self._random) for one in combinations]
        attributes = self._attributes[rows]
        return (
            pictures,
            self._tokenizer([caption.text for caption in captions]),
            self._tokenizer(texts),
            attributes,
            caption_fits(captions, attributes),
        )

    def _augment(self, pixels: np.ndarray[Any, np.dtype[np.uint8]]) -> Tensor:
        """Cut at random, turn half of them round, change the light a little; then normalise."""
        cut = np.empty((len(pixels), self._side, self._side, 3), np.uint8)
        for place, (x, y) in enumerate(self._numpy.integers(0, MARGIN + 1, (len(pixels), 2))):
            cut[place] = pixels[place, y : y + self._side, x : x + self._side]
        mirrored = self._numpy.random(len(pixels)) < 0.5
        cut[mirrored] = cut[mirrored, :, ::-1]
        light = torch.from_numpy(self._numpy.uniform(0.94, 1.06, (len(pixels), 1, 1, 1)))
        pictures = torch.from_numpy(cut).permute(0, 3, 1, 2).float() / 255 * light.float()
        return (pictures.clamp(0, 1) - MEAN) / DEVIATION


def _loss(
    model: Any,  # noqa: ANN401 - OpenAI's class has no types
    pictures: Tensor,
    questions: Tensor,
    texts: Tensor,
    attributes: Tensor,
    fits: Tensor,
) -> Tensor:
    """Questions to pictures, pictures to their like, questions to shop texts, texts to pictures."""
    with torch.autocast("cpu", torch.bfloat16):
        seen = functional.normalize(model.encode_image(pictures).float(), dim=1)
        read = functional.normalize(encode_text(model, torch.cat([questions, texts])), dim=1)
    asked, told = read.chunk(2)
    scale = model.logit_scale.exp()
    same = (attributes[:, None] == attributes[None]).all(dim=2)
    itself = torch.eye(len(seen), dtype=torch.bool)
    alike = (scale * seen @ seen.T).masked_fill(itself, -1e4)
    return (
        symmetric(scale * asked @ seen.T, fits)
        + 0.5 * symmetric(scale * told @ seen.T, same)
        + 0.5 * symmetric(scale * asked @ told.T, fits)
        + 0.5 * symmetric(alike, same & ~itself)
    )


def encode_text(model: Any, tokens: Tensor) -> Tensor:  # noqa: ANN401
    """`CLIP.encode_text`, cut at the batch's longest text: (n, 77) → (n, embed_dim).

    The text tower is causal, so places after the end-of-text token change nothing.
    """
    ends = tokens.argmax(dim=1)
    length = int(ends.max()) + 1
    state = model.token_embedding(tokens[:, :length]) + model.positional_embedding[:length]
    mask = torch.full((length, length), float("-inf")).triu_(1)
    for block in model.transformer.resblocks:
        block.attn_mask = mask
    state = model.transformer(state.permute(1, 0, 2)).permute(1, 0, 2)
    pooled = model.ln_final(state[torch.arange(len(state)), ends])
    return (pooled @ model.text_projection).float()


def tokens_in_use(tokenizer: ClipTokenizer, training: TrainingSet) -> Tensor:
    """Ids of every token that captions can have."""
    random = Random(SEED)
    used = {tokenizer.start, tokenizer.end}
    for combination in training.combinations:
        texts = [training_caption(combination, random).text for _ in range(40)]
        texts += [product_text(combination, random) for _ in range(20)]
        used.update(tokenizer(texts).unique().tolist())
    used.discard(0)
    return torch.tensor(sorted(used))


def _optimiser(
    model: torch.nn.Module, plan: Plan
) -> tuple[torch.optim.Optimizer, torch.optim.lr_scheduler.LRScheduler]:
    """AdamW with decay on matrices only, a linear start and a cosine end."""
    decayed: list[torch.nn.Parameter] = []
    free: list[torch.nn.Parameter] = []
    for name, parameter in model.named_parameters():
        matrix = parameter.ndim > 1 and "embedding" not in name
        (decayed if matrix else free).append(parameter)
    optimiser = torch.optim.AdamW(
        [
            {"params": decayed, "weight_decay": plan.weight_decay},
            {"params": free, "weight_decay": 0.0},
        ],
        lr=plan.peak_rate,
        betas=(0.9, 0.98),
    )

    def rate(step: int) -> float:
        if step < plan.warm_up_steps:
            return (step + 1) / plan.warm_up_steps
        done = (step - plan.warm_up_steps) / max(1, plan.steps - plan.warm_up_steps)
        return 0.01 + 0.99 * (1 + math.cos(math.pi * done)) / 2

    return optimiser, torch.optim.lr_scheduler.LambdaLR(optimiser, rate)


def save(model: torch.nn.Module, size: Size, folder: Path) -> None:
    """`model.safetensors` in float16 under OpenAI's names, and `config.json` beside it."""
    folder.mkdir(parents=True, exist_ok=True)
    tensors = {
        name: value.detach().half().contiguous() for name, value in model.state_dict().items()
    }
    weights = folder / "model.safetensors"
    save_file(tensors, weights)
    weights.chmod(0o644)  # safetensors leaves it to its owner alone; a server runs as another
    revision = hashlib.sha256(weights.read_bytes()).hexdigest()[:12]
    config = {
        "model_id": MODEL_ID,
        "revision": revision,
        "dimension": size.embed_dim,
        "input_resolution": size.image_resolution,
        "context_length": size.context_length,
        "format": "openai-clip-state-dict",
        "weights": weights.name,
    }
    (folder / "config.json").write_text(json.dumps(config, indent=2) + "\n")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--output", type=Path, required=True)
    parser.add_argument("--cache", type=Path, default=Path(".state/training-set.npy"))
    parser.add_argument("--steps", type=int, default=Plan().steps)
    arguments = parser.parse_args()
    started = time.monotonic()
    plan, size = Plan(steps=arguments.steps), Size()
    model = train(plan, size, arguments.cache)
    save(model, size, arguments.output)
    print(f"{arguments.output} in {(time.monotonic() - started) / 60:.1f} minutes")


if __name__ == "__main__":
    main()
