"""Parts of `make bench`: a module each, in environments that the bootstrap makes."""

from __future__ import annotations

from dataclasses import dataclass

SERVICES = (".venv", "test")
ENCODER = (".venv-bench", "bench-encoder")
RETRIEVER = (".venv-bench-retriever", "bench-retriever")


@dataclass(frozen=True, slots=True)
class Part:
    """`environments`: (folder, dependency group) each; the part itself runs in the last."""

    name: str
    module: str
    environments: tuple[tuple[str, str], ...]
    has_section: bool = True
    """True if the part takes `--write`, and so has a section in docs/benchmarks.md."""


PARTS = (
    Part("encoder", "tests.benchmarks.encoder", (ENCODER,)),
    Part("service", "tests.benchmarks.encoder.serving", (ENCODER,)),
    Part("served", "tests.benchmarks.served", ((".venv-infinity", "infinity"), ENCODER)),
    Part("features", "tests.benchmarks.features", (SERVICES,)),
    Part("retriever", "tests.benchmarks.retriever", (RETRIEVER,)),
    Part("pictures", "tests.benchmarks.pictures", (RETRIEVER,)),
    Part("suggest", "tests.benchmarks.suggest", (SERVICES,)),
    Part("words", "tests.benchmarks.words", (SERVICES,)),
    Part("peers", "tests.benchmarks.peers", (RETRIEVER,)),
    Part(
        "replaced",
        "tests.benchmarks.replaced",
        ((".venv-bench-replaced", "bench-replaced"), SERVICES),
    ),
    Part("whole", "tests.benchmarks.whole", (SERVICES,)),
    Part("floor", "tests.benchmarks.floor", (SERVICES,)),
    Part("limits", "tests.benchmarks.limits", (SERVICES,)),
    Part("load", "tests.benchmarks.loading", (SERVICES,)),
    Part("milvus-memory", "tests.benchmarks.retriever.milvus_memory", (SERVICES,)),
    Part("milvus", "tests.benchmarks.retriever.milvus", (SERVICES,), has_section=False),
    Part("feeds", "tests.benchmarks.feeds", (SERVICES,), has_section=False),
)
