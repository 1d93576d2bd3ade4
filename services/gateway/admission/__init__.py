"""Admission: API keys, rate limits and security headers."""
