"""Each app keeps its state in one typed object, not in loose attributes."""

from __future__ import annotations

import re
from pathlib import Path

SERVICES = Path(__file__).parents[3] / "services"
_ALLOWED = {"common/state.py", "common/lifecycle.py"}


def test_no_service_hangs_loose_attributes_on_app_state() -> None:
    loose = [
        f"{path.relative_to(SERVICES)}: {line.strip()}"
        for path in SERVICES.rglob("*.py")
        if "node_modules" not in path.parts
        and path.relative_to(SERVICES).as_posix() not in _ALLOWED
        for line in path.read_text().splitlines()
        if re.search(r"\bapp\.state\.\w", line)
    ]
    assert loose == []
