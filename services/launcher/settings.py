"""Settings of `make run`, from the environment; without a prefix, because a person types them."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict


class LauncherSettings(BaseSettings):
    """Settings of `make run` and of the image of the Space."""

    model_config = SettingsConfigDict(frozen=True, extra="ignore", env_ignore_empty=True)

    host: str = Field(
        default="127.0.0.1",
        description="IP address that the gateway listens on; `0.0.0.0` or `::` for every address.",
    )
    port: int = Field(default=7860, ge=1, le=65535, description="Port that the gateway listens on.")
    catalog: str = Field(
        default="data/sample/products.csv",
        description="Catalogue to load: a file, a folder or an http(s) address "
        "(`docs/catalogue-format.md`).",
    )
    model: str = Field(
        default="data/models/mini-clip",
        description="CLIP or SigLIP to use: a published name such as `ViT-B/32`, "
        "`hf:OWNER/NAME` of a Hugging Face Hub, or a path.",
    )
    state_dir: Path = Field(
        default=Path(".state"), description="Folder for the feature store, pictures and logs."
    )
    admin_key_sha256: str = Field(
        default="",
        validation_alias="GATEWAY_ADMIN_KEY_SHA256",
        description="SHA-256 of the administrator's key. If set, a writer runs and products can be "
        "changed.",
    )

    @property
    def catalog_is_remote(self) -> bool:
        """True for a catalogue that is downloaded from an address."""
        return self.catalog.lower().startswith(("http://", "https://"))
