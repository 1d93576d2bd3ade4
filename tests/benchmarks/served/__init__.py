"""Benchmark `served`: the encoder over HTTP beside another server of the same model."""
