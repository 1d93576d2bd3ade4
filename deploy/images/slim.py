"""Take out of an environment what no service of ours ever loads: `slim.py /opt/venv`.

Runs once while an image is built, with the standard library alone. Each entry says why it may go;
`make test-compose` proves that what is left still works, since it is what runs there.
"""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

UNUSED: dict[str, tuple[str, ...]] = {
    "tests that packages bring": (
        "*/tests",
        "*/*/tests",
        "*/*/*/tests",
    ),
    "headers, and what is compiled against them": (
        "numpy/_core/include",
        "numpy/_core/lib/*.a",
        "numpy/random/lib/*.a",
        "pyarrow/include",
        "pyarrow/includes",
        "pyarrow/src",
        "pyarrow/*.pyx",
        "pyarrow/*.pxi",
        "pyarrow/*.pxd",
        "openvino/include",
        "openvino/cmake",
        "faiss/*.cpp",
        "uvloop/*.pyx",
        "uvloop/*.c",
        "uvloop/includes",
        "uvloop/handles",
    ),
    "the type checker that SQLAlchemy's extra brings Feast": (
        "mypy",
        "mypyc",
        "mypy-*.dist-info",
        "*__mypyc.cpython-*.so",
        "ast_serialize*",
        "librt*",
    ),
    # The encoder downloads models by itself, over HTTP.
    "huggingface_hub's own downloader": ("hf_xet",),
    # Arrow's remote protocol; Feast reads Parquet files. (Substrait stays: the core links to it.)
    "pyarrow's Flight": (
        "pyarrow/libarrow_flight.so*",
        "pyarrow/libarrow_python_flight.so*",
        "pyarrow/_flight.*",
    ),
    # The graph is made in memory and run on a processor: no file format is read, no GPU used.
    "openvino's other devices and its readers of other frameworks": (
        "openvino/libs/libopenvino_intel_gpu_plugin.so*",
        "openvino/libs/libopenvino_intel_npu_*.so*",
        "openvino/libs/libopenvino_auto_*.so*",
        "openvino/libs/libopenvino_hetero_plugin.so*",
        "openvino/libs/cache.json",
        "openvino/libs/libopenvino_onnx_frontend.so*",
        "openvino/libs/libopenvino_tensorflow_frontend.so*",
        "openvino/libs/libopenvino_tensorflow_lite_frontend.so*",
        "openvino/libs/libopenvino_pytorch_frontend.so*",
        "openvino/libs/libopenvino_paddle_frontend.so*",
        "openvino/libs/libopenvino_gguf_frontend.so*",
        "openvino/libs/libopenvino_jax_frontend.so*",
    ),
    "copies of one library, under the names that linkers look for": (
        "pyarrow/libarrow_python*.so",
        "pyarrow/libarrow_python*.so.*.*",
    ),
    "what tells OpenVINO's makers of each start": ("openvino_telemetry*",),
    "Feast's own web page, its locks, and the projects that `feast init` starts": (
        "feast/ui",
        "feast/templates",
        "requirements/py3.*requirements.txt",
    ),
    "what tests SQLAlchemy's dialects": ("sqlalchemy/testing",),
}


def unused(site_packages: Path) -> Iterator[Path]:
    for patterns in UNUSED.values():
        for pattern in patterns:
            yield from sorted(site_packages.glob(pattern))


def size(path: Path) -> int:
    """Bytes of a file, or of all that a folder holds."""
    if not path.is_dir():
        return path.lstat().st_size
    return sum(one.lstat().st_size for one in path.rglob("*") if not one.is_dir())


def main() -> int:
    (site_packages,) = Path(sys.argv[1]).glob("lib/python3.*/site-packages")
    removed = 0
    for path in unused(site_packages):
        removed += size(path)
        shutil.rmtree(path) if path.is_dir() else path.unlink()
    sys.stdout.write(f"removed {removed / 1e6:.0f} MB from {site_packages}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
