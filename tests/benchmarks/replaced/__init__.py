"""Benchmark `replaced`: the simple service that projects start with, beside the whole stack."""
