"""What was searched for: the query log as Parquet, and what it says."""
