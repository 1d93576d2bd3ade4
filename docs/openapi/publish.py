"""`python -m docs.openapi.publish` writes each service's schema beside this file, with no server.

Here and not in a service, since no service may import another.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

from fastapi import FastAPI

from services.encoder.app import create_app as create_encoder
from services.encoder.settings import EncoderSettings
from services.gateway.app import create_app as create_gateway
from services.gateway.settings import GatewaySettings
from services.pipeline.settings import PipelineSettings
from services.retriever.app import create_app as create_retriever
from services.retriever.settings import RetrieverSettings
from services.rewriter.app import create_app as create_rewriter
from services.rewriter.settings import RewriterSettings
from services.writer.app import create_app as create_writer
from services.writer.settings import WriterSettings

FOLDER = Path(__file__).parent


def _no_engine() -> NoReturn:
    raise AssertionError("an app that is only described loads no model")


APPS: dict[str, Callable[[], FastAPI]] = {
    "encoder": lambda: create_encoder(EncoderSettings(), _no_engine),
    "gateway": lambda: create_gateway(GatewaySettings()),
    "retriever": lambda: create_retriever(RetrieverSettings()),
    "rewriter": lambda: create_rewriter(RewriterSettings()),
    "writer": lambda: create_writer(WriterSettings(), PipelineSettings()),
}


def schema_text(name: str) -> str:
    """The content of a service's file."""
    return json.dumps(APPS[name]().openapi(), indent=2, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    for name in APPS:
        (FOLDER / f"{name}.json").write_text(schema_text(name), encoding="utf-8")
