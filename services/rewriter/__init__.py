"""The rewriter: a better query, or the same one; never an error, never late."""
