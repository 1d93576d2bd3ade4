"""The encoder: words and pictures to CLIP's unit vectors. It knows nothing of products."""

import sys

# OpenVINO tells its makers of every import, by this package where there is one: not from here.
sys.modules.setdefault("openvino_telemetry", None)  # type: ignore[arg-type]
