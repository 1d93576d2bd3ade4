"""Search in Milvus: rows lie in a cluster, on as many machines as they need; see docs/scaling.md.

The embedded Milvus Lite, at a path instead of an address, does the same for tests.

A row is named after its content: product, vectors, fields. So a row never changes, and replicas
with the same products put the same rows there. Each knows which rows it serves and ignores all
others: a replica that is a change ahead or behind has some of its own.
"""

from services.retriever.index.milvus.engine import MilvusEngine
from services.retriever.index.milvus.index import MilvusIndex

__all__ = ["MilvusEngine", "MilvusIndex"]
