"""Options of a feed from the environment, prefix `FEED_`.

They reach a load from every starter: `make run`, compose, the image, TFX.
"""

from __future__ import annotations

import codecs

from pydantic import Field, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from services.pipeline.feeds.files import is_text_encoding
from services.pipeline.feeds.opening import FORMATS, FeedOptions


class FeedSettings(BaseSettings):
    """Feed options; options of the command line override them."""

    model_config = SettingsConfigDict(
        env_prefix="FEED_", frozen=True, extra="ignore", env_ignore_empty=True
    )

    format: str = Field(
        default="",
        description=f"Feed format: {', '.join(FORMATS)}; detected when empty.",
    )
    encoding: str = Field(
        default="",
        description="Encoding of a text file that names none and is not UTF-8, such as `cp1252`.",
    )
    currency: str = Field(
        default="",
        pattern=r"^([A-Za-z]{3})?$",
        description="Currency of prices without one, such as `EUR`.",
    )
    locale: str = Field(default="us", description="ESCI locale.")
    vectors: bool = Field(
        default=True,
        description="Use the vectors that a feed brings; otherwise encode words and pictures.",
    )

    @field_validator("format")
    @classmethod
    def _known(cls, value: str) -> str:
        if value and value not in FORMATS:
            raise ValueError(f"{value!r} is none of {', '.join(FORMATS)}")
        return value

    @field_validator("encoding")
    @classmethod
    def _encoding(cls, value: str) -> str:
        if value and not is_text_encoding(value):
            raise ValueError(f"there is no encoding {value!r}")
        return codecs.lookup(value).name if value else ""

    def options(self) -> FeedOptions:
        return FeedOptions(
            format=self.format,
            encoding=self.encoding,
            locale=self.locale,
            currency=self.currency.upper(),
            with_vectors=self.vectors,
        )
