"""Requests to the encoder: batches of texts and pictures in, unit vectors out."""
