"""Benchmark of suggestions, and the made-up shop that it shares with the one of words."""
