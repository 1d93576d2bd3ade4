"""What the search learns from judged queries: fusion weights, and what a score is worth."""
