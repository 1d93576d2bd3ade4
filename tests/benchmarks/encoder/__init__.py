"""`make bench-encoder`, `make bench-service`: the engine beside others, and as it is served."""
