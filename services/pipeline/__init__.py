"""Batch work: read a product feed, validate, embed, write features, publish, evaluate."""
