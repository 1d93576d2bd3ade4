"""The public API: validation, orchestration, and the built web page. Owns no model and no data."""
