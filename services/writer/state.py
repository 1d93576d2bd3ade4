"""State of the writer: everything that lives as long as the app runs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends

from services.common.state import state_dependency
from services.writer.batches import Batches
from services.writer.writer import LiveWriter


@dataclass(frozen=True, slots=True)
class WriterState:
    """Made in the app's lifespan."""

    writer: LiveWriter
    batches: Batches


State = Annotated[WriterState, Depends(state_dependency(WriterState))]
