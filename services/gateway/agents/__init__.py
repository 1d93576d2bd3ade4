"""Agents: the catalogue as the Universal Commerce Protocol defines it; knows no HTTP."""
