"""Settings of `make run`, from the environment, without a prefix: they are what a person types."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict


class LauncherSettings(BaseSettings):
    """What may be set for `make run` and the Space image."""

    model_config = SettingsConfigDict(frozen=True, extra="ignore", env_ignore_empty=True)

    host: str = Field(default="127.0.0.1", description="Address that the gateway listens on.")
    port: int = Field(default=7860, ge=1, le=65535, description="Port that the gateway listens on.")
    catalog: Path = Field(
        default=Path("data/sample/products.csv"),
        description="Catalogue to load, a file or a folder (`docs/catalogue-format.md`).",
    )
    model: str = Field(
        default="data/models/mini-clip",
        description="CLIP to use: a published name such as `ViT-B/32`, or a path.",
    )
    state_dir: Path = Field(
        default=Path(".state"), description="Where the store, the pictures and the logs are kept."
    )
    admin_key_sha256: str = Field(
        default="",
        validation_alias="GATEWAY_ADMIN_KEY_SHA256",
        description="With it, products can be changed through the gateway: a writer runs too.",
    )
