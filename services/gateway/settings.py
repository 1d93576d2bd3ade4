"""Settings of the gateway: `GATEWAY_*` in the environment."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import (
    Field,
    HttpUrl,
    IPvAnyNetwork,
    RedisDsn,
    SecretStr,
    field_validator,
    model_validator,
)
from pydantic_settings import SettingsConfigDict

from services.common.settings import Commas, ServiceSettings

KeyHashes = Commas[Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]]


class GatewaySettings(ServiceSettings):
    """Where the other services are, how long they may take, and what is served beside the API."""

    # A key put where its hash belongs must not be printed with the complaint.
    model_config = SettingsConfigDict(env_prefix="GATEWAY_", hide_input_in_errors=True)

    port: int = Field(default=7860, ge=0, le=65535, description="Port to listen on.")

    encoder_url: HttpUrl = Field(
        default=HttpUrl("http://127.0.0.1:8001"), description="Address of the encoder."
    )
    rewriter_url: HttpUrl = Field(
        default=HttpUrl("http://127.0.0.1:8002"), description="Address of the rewriter."
    )
    retriever_url: HttpUrl = Field(
        default=HttpUrl("http://127.0.0.1:8003"), description="Address of the retriever."
    )
    encoder_timeout_ms: int = Field(
        default=3_000, ge=1, description="Encoder timeout in milliseconds."
    )
    rewriter_timeout_ms: int = Field(
        default=500,
        ge=1,
        description="Rewriter timeout in milliseconds; the search then uses the original query.",
    )
    retriever_timeout_ms: int = Field(
        default=3_000, ge=1, description="Retriever timeout in milliseconds."
    )

    writer_url: HttpUrl | None = Field(
        default=None,
        description="URL of the writer; without it, products can't be changed over HTTP.",
    )
    writer_timeout_ms: int = Field(
        default=10_000, ge=1, description="Writer timeout in milliseconds."
    )

    max_image_bytes: int = Field(
        default=10_000_000, ge=1, description="Maximum size of one picture in bytes."
    )

    picture_ttl_s: int = Field(
        default=604_800, ge=1, description="Lifetime of a picture id in seconds."
    )

    media_dir: Path | None = Field(
        default=None, description="Folder of the local pictures; without it no pictures are served."
    )
    web_dir: Path | None = Field(
        default=None, description="Folder of the built web page; without it a plain page is served."
    )
    cors_origins: Commas[str] = Field(
        default=(),
        description="Origins whose pages may call the API, separated by commas.",
    )
    root_path: str = Field(
        default="",
        pattern=r"^(/[A-Za-z0-9._~-]+)*$",
        description="Path prefix below which a proxy serves the gateway, such as `/shop`. The "
        "proxy may remove it from requests or not.",
    )
    frame_ancestors: Commas[str] = Field(
        default=(),
        description="Origins whose pages may show this one in a frame, separated by commas. "
        "Hugging Face Spaces needs `https://huggingface.co`.",
    )

    search_key_sha256: KeyHashes = Field(
        default=(),
        description="SHA-256 in hex of each key that may search, separated by commas; without "
        "one, everybody may search.",
    )
    admin_key_sha256: KeyHashes = Field(
        default=(),
        description="SHA-256 in hex of each key that may also change products, separated by "
        "commas; without one, nobody may.",
    )

    rate_per_minute: int = Field(
        default=6_000,
        ge=1,
        description="Limit of requests per minute of one key, or of one address without a key, all "
        "replicas together. Searches, suggestions and products count; pictures and the page do "
        "not.",
    )
    rate_burst: int = Field(
        default=300, ge=1, description="Requests at once before that limit applies."
    )
    max_concurrent: int = Field(
        default=64, ge=1, description="Maximum concurrent requests of one key or address."
    )
    max_in_flight: int = Field(
        default=128,
        ge=1,
        description="Maximum concurrent requests of one process; more are refused, with a time to "
        "retry.",
    )
    trusted_proxies: Commas[IPvAnyNetwork] = Field(
        default=(),
        description="Addresses or networks of proxies whose `X-Forwarded-For` is trusted, "
        "separated by commas. A client with an address in one of them can name any other, and so "
        "escapes the limits.",
    )
    redis_url: RedisDsn | None = Field(
        default=None,
        description="Redis that counts requests for the limits; without it, each process counts "
        "its own. A cluster: one of its nodes, with `?cluster=true`.",
    )
    redis_timeout_ms: int = Field(
        default=50,
        ge=1,
        description="Redis timeout in milliseconds; the service then continues without it.",
    )

    agents_url: HttpUrl | None = Field(
        default=None,
        description="Public URL of the gateway, such as `https://shop.example`; it opens the "
        "gateway to agents: UCP at `/.well-known/ucp` and `/ucp/v1`, MCP at `/mcp` "
        "([agents](agents.md)).",
    )
    agent_key_sha256: KeyHashes = Field(
        default=(),
        description="SHA-256 in hex of each key with which an agent may use UCP and MCP, and "
        "nothing else, separated by commas; without one, the keys that may search may do so.",
    )
    agents_platforms: Path | None = Field(
        default=None,
        description="JSON file of the profiles of approved UCP platforms by their URLs; without "
        "it, every platform is served.",
    )
    agents_rate_per_minute: int = Field(
        default=120,
        ge=1,
        description="Limit of an agent's requests per minute, counted like the other limits.",
    )
    agents_burst: int = Field(
        default=30, ge=1, description="An agent's requests at once before that limit applies."
    )
    agents_max_concurrent: int = Field(
        default=8, ge=1, description="Maximum concurrent requests of one agent."
    )
    agents_budget_per_hour: int = Field(
        default=2_000,
        ge=1,
        description="Budget of one agent's requests; it refills evenly within an hour.",
    )

    query_log: Literal["off", "hashed", "plain"] = Field(
        default="off",
        description="Log of searches in a Redis stream, for `make report`: with a keyed hash of "
        "their words, or with the words. It never contains pictures or callers.",
    )
    query_log_key: Annotated[SecretStr, Field(min_length=32)] | None = Field(
        default=None,
        description="Key of that hash, 32 characters or more, the same for all replicas; its owner "
        "can check whether given words were searched.",
    )
    query_log_kept_s: int = Field(
        default=604_800, ge=60, description="Lifetime of a log entry in seconds."
    )
    query_log_entries: int = Field(
        default=100_000,
        ge=1,
        description="Maximum entries of the log; the oldest are removed (100,000 take 37 MB).",
    )

    @model_validator(mode="after")
    def _log_can_be_written(self) -> Self:
        if self.query_log != "off" and self.redis_url is None:
            raise ValueError(
                "GATEWAY_QUERY_LOG needs GATEWAY_REDIS_URL, because Redis holds the log"
            )
        if self.query_log == "hashed" and self.query_log_key is None:
            raise ValueError("GATEWAY_QUERY_LOG=hashed needs GATEWAY_QUERY_LOG_KEY")
        return self

    @field_validator("root_path", mode="before")
    @classmethod
    def _without_last_slash(cls, value: object) -> object:
        return value.rstrip("/") if isinstance(value, str) else value
