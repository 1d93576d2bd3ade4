"""How good the search is: golden queries, metrics, comparisons, and the gate before publishing."""
