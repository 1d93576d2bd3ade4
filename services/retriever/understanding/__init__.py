"""Understanding: typos corrected, and limits and negations taken out of a query in words."""
