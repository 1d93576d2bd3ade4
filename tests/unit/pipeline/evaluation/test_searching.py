"""A retriever that evaluates: what is said when it cannot be reached."""

from __future__ import annotations

import pytest

from services.pipeline.errors import DependencyAway
from services.pipeline.evaluation.searching import Retriever
from services.pipeline.settings import PipelineSettings
from tests.support.ports import free_port


def test_a_retriever_that_cannot_be_reached_is_named_with_its_setting() -> None:
    url = f"http://127.0.0.1:{free_port()}"
    retriever = Retriever(PipelineSettings(retriever_url=url))
    with pytest.raises(DependencyAway, match=rf"{url} \(PIPELINE_RETRIEVER_URL\)"):
        retriever.understand(["mug"])
