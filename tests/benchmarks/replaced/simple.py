"""The path replaced: torch CLIP in the request handler, scikit-learn, and a pandas copy a request.

`python -m tests.benchmarks.replaced.simple WEIGHTS VECTORS PORT`, in an environment of its own.
"""

from __future__ import annotations

import sys
from typing import Any

import numpy as np
import pandas as pd
import torch
import uvicorn
from fastapi import FastAPI
from sklearn.metrics.pairwise import cosine_similarity

from demo.clip_package import ClipTokenizer, clip_module


def simple_app(weights: str, vectors: str) -> FastAPI:
    """`vectors`: (n, 512) of the products' words."""
    state = torch.load(weights, weights_only=True)
    model: Any = clip_module("model").CLIP(512, 224, 12, 768, 32, 77, 49_408, 512, 8, 12)
    model.load_state_dict(state)
    model = model.float().eval()
    tokenize = ClipTokenizer()
    rows = np.load(vectors)
    products = pd.DataFrame(
        {
            "product_id": [f"p-{number:07}" for number in range(len(rows))],
            "title": [f"Product {number}, striped, in red" for number in range(len(rows))],
            "price": np.arange(len(rows)) % 1000 / 10,
        }
    )
    app = FastAPI()

    @app.post("/predict")
    def predict(body: dict[str, Any]) -> list[dict[str, Any]]:
        with torch.inference_mode():
            query = model.encode_text(tokenize([body["query"]])).numpy()
        found = products.copy()
        found["score"] = cosine_similarity(query, rows)[0]
        found = found[found["price"] >= 0]
        best = found.sort_values("score", ascending=False).head(body["k"])
        return best.to_dict("records")  # type: ignore[return-value]

    return app


if __name__ == "__main__":
    uvicorn.run(simple_app(*sys.argv[1:3]), port=int(sys.argv[3]), log_level="warning")
