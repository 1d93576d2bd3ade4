"""Benchmarks `encoder` and `service`: the engine beside others, and as it is served."""
