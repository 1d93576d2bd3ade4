"""The encoder: turns texts and pictures into CLIP's unit vectors. It knows nothing of products."""

import sys

# If this package is installed, OpenVINO reports every import to its makers. Ours are not reported.
sys.modules.setdefault("openvino_telemetry", None)  # type: ignore[arg-type]
