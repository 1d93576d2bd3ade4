"""Where the time of a request goes, from what the services count of themselves."""

from __future__ import annotations

from dataclasses import dataclass

import httpx
from prometheus_client.parser import text_string_to_metric_families

from tests.support.whole_stack import SERVICES, WholeStack

_REQUEST = "http_request_duration_seconds"
_STAGE = "gateway_stage_duration_seconds"
PARTS = (
    "client and its hop",
    "gateway",
    "rewriter and hop",
    "hop to the encoder",
    "encoder, around the pass",
    "forward pass",
    "hop to the retriever",
    "retriever, around the search",
    "search",
)


@dataclass(frozen=True, slots=True)
class Asked:
    """Routes and passes that one kind of question uses."""

    gateway: str
    encoder: str
    modality: str


WORDS = Asked("/predict", "/embed/texts", "text")
PICTURE = Asked("/predict-image", "/embed/images", "image")

Sums = dict[str, tuple[float, float]]
"""Durations by name: total seconds and number, since the service started."""


def read(stack: WholeStack, asked: Asked) -> Sums:
    """The services' counters."""
    samples: dict[tuple[str, str], float] = {}
    for service in SERVICES:
        text = httpx.get(f"{stack.url_of(service)}/metrics", trust_env=False).text
        for family in text_string_to_metric_families(text):
            for sample in family.samples:
                told = sample.labels.get("route") or sample.labels.get("stage")
                told = told or sample.labels.get("modality") or ""
                samples[f"{service} {sample.name}", told] = sample.value

    def of(name: str, told: str = "") -> tuple[float, float]:
        return samples.get((f"{name}_sum", told), 0.0), samples.get((f"{name}_count", told), 0.0)

    return {
        "gateway": of(f"gateway {_REQUEST}", asked.gateway),
        "rewrite": of(f"gateway {_STAGE}", "rewrite"),
        "encode": of(f"gateway {_STAGE}", "encode"),
        "search": of(f"gateway {_STAGE}", "search"),
        "encoder": of(f"encoder {_REQUEST}", asked.encoder),
        "pass": of("encoder encoder_forward_seconds", asked.modality),
        "retriever": of(f"retriever {_REQUEST}", "/search"),
        "index": of("retriever retriever_search_seconds"),
    }


def parts_ms(before: Sums, after: Sums, client_ms: float) -> dict[str, float]:
    """Mean milliseconds of a request by `PARTS`; they add up to `client_ms`.

    A pass is shared by those who wait for it, so it counts for each of them as long as it takes,
    and not at all for what was cached.
    """
    mean = {name: _mean_ms(before[name], after[name]) for name in after}
    asked = after["encoder"][1] - before["encoder"][1]
    passes = after["pass"][1] - before["pass"][1]
    own = mean["pass"] if passes >= 0.1 * asked else 0.0
    values = (
        client_ms - mean["gateway"],
        mean["gateway"] - mean["rewrite"] - mean["encode"] - mean["search"],
        mean["rewrite"],
        mean["encode"] - mean["encoder"],
        mean["encoder"] - own,
        own,
        mean["search"] - mean["retriever"],
        mean["retriever"] - mean["index"],
        mean["index"],
    )
    return dict(zip(PARTS, values, strict=True))


def _mean_ms(before: tuple[float, float], after: tuple[float, float]) -> float:
    count = after[1] - before[1]
    return 1000 * (after[0] - before[0]) / count if count else 0.0
