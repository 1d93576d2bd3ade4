"""Benchmark `peers`: the retriever beside the vector searches that others would use."""
