"""The encoder sends no telemetry."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path


def test_loading_the_engine_leaves_no_trace_of_openvinos_telemetry(tmp_path: Path) -> None:
    script = (
        "import sys, services.encoder.engine, openvino.tools.ovc as ovc;"
        "assert ovc.telemetry_utils.tm.__name__ == 'openvino.tools.ovc.telemetry_stub'"
    )
    outside = {name: value for name, value in os.environ.items() if name not in ("CI", "TF_BUILD")}
    done = subprocess.run(
        [sys.executable, "-c", script],
        env={**outside, "HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert list(tmp_path.iterdir()) == []
