"""Benchmark `limits`: each stage beside the limits of the machine."""
