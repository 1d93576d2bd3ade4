"""The catalogue in memory: products by column, filter fields, vectors and their moments."""
