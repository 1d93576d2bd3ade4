"""Searching: one request over one catalogue."""
