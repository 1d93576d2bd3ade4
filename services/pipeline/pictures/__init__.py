"""Product pictures: files and links become stored pictures."""
