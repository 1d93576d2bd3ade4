"""Settings of `make run`, from the environment. They have no prefix: a person types them."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

from services.launcher.address import LOOPBACK, listening_address


class LauncherSettings(BaseSettings):
    """Settings of `make run` and of the Space's image."""

    model_config = SettingsConfigDict(frozen=True, extra="ignore", env_ignore_empty=True)

    host: str = Field(
        default=LOOPBACK,
        description="IP address that the gateway listens on; `0.0.0.0` or `::` for every address.",
    )
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
        default=Path(".state"), description="Folder of the store, the pictures and the logs."
    )
    admin_key_sha256: str = Field(
        default="",
        validation_alias="GATEWAY_ADMIN_KEY_SHA256",
        description="SHA-256 of the administrator's key; with it a writer runs too.",
    )

    @property
    def address(self) -> str:
        """The IP address to listen on."""
        return listening_address(self.host)[0]

    @property
    def address_note(self) -> str | None:
        """Why the address is not HOST, for a person."""
        return listening_address(self.host)[1]
