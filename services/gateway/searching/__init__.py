"""One search: rewrite, encode, retrieve, report."""
