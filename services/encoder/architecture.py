"""Facts about a model that its weights do not show. A configuration file states them."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, PositiveFloat

Activation = Literal["quick_gelu", "gelu", "gelu_tanh"]
Family = Literal["clip", "siglip"]
Channels = tuple[float, float, float]
Deviation = tuple[PositiveFloat, PositiveFloat, PositiveFloat]

OPENAI_MEAN: Channels = (0.48145466, 0.4578275, 0.40821073)
OPENAI_DEVIATION: Channels = (0.26862954, 0.26130258, 0.27577711)
OPENAI_VOCABULARY = 49_408
OPENAI_START_TOKEN = OPENAI_VOCABULARY - 2


class _Fact(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Tower(_Fact):
    """A transformer's settings. The defaults are those of OpenAI's models."""

    heads: int | None = None
    """None: one for each 64 channels."""
    activation: Activation = "quick_gelu"
    epsilon: float = 1e-5
    """Added to the variance in layer normalisations."""


class Architecture(_Fact):
    """The use of the weights. Together with them it determines every vector."""

    family: Family = "clip"
    """`siglip`: no causal mask, texts padded to one length, and pictures pooled by attention."""
    text: Tower = Tower()
    image: Tower = Tower()
    image_size: int | None = None
    """Side of the pictures in pixels. None: as many whole patches as there are positions."""
    start_token: int = OPENAI_START_TOKEN
    """Every text of a `clip` starts with it."""
    mean: Channels = OPENAI_MEAN
    deviation: Channels = OPENAI_DEVIATION


class Preprocessing(_Fact):
    """The way from a picture to a square. The defaults are those of OpenAI's models."""

    fit: Literal["crop", "squash"] = "crop"
    """`crop`: scale the shorter side, cut the centre. `squash`: scale each side by itself."""
    filter: Literal["bicubic", "bilinear"] = "bicubic"
    odd_margin: Literal["round", "floor"] = "round"
    """Where the centre begins if the margins differ by a pixel: torchvision rounds half to even,
    Hugging Face rounds down."""

    @property
    def version(self) -> str:
        """A part of cache keys: empty for the defaults, which were the only ones at first."""
        default = Preprocessing()
        return "" if self == default else f":{self.fit}-{self.filter}-{self.odd_margin}"


class TokenizerFacts(_Fact):
    """The tokenizer. The defaults are those of OpenAI's models."""

    kind: Literal["clip", "open_clip", "file"] = "clip"
    """`clip` and `open_clip` differ in the spelling of their special tokens; `file` is a
    `tokenizer.json` beside the graphs."""
    vocabulary: int = OPENAI_VOCABULARY
    context_length: int | None = None
    """Tokens of the longest text. None: as many as the weights have positions."""
    end_token: int = OPENAI_VOCABULARY - 1
    pad_token: int | None = None
    """Texts are padded with it to the context length; None: they are not padded."""
    canonical: bool = False
    """Texts are lower-cased and lose their ASCII punctuation first, as for SigLIP."""


class Description(_Fact):
    """All facts about a model beside its weights."""

    architecture: Architecture = Architecture()
    preprocessing: Preprocessing = Preprocessing()
    tokenizer: TokenizerFacts = TokenizerFacts()


OPENAI = Description()
