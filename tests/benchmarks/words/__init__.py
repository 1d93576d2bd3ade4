"""Benchmark of searches by vectors and words together."""
