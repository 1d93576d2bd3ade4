"""Benchmark `features`: Feast as its documentation asks it, beside how it is read here."""
