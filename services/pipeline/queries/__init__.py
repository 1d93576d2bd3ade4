"""Export of the query log to Parquet, and reports on it."""
