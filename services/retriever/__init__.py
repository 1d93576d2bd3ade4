"""The catalogue in memory: read from the feature store, kept current, searched by vector."""
