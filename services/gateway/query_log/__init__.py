"""The query log: searches written to a Redis stream."""
