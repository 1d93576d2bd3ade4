"""`make bench-encoder`: the encoder beside the `clip` package and other engines."""
