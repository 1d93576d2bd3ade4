"""Products as feature rows: fingerprints, both stores, publication and live changes."""
