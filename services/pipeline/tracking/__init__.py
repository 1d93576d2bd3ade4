"""Runs in MLflow, with their data versions and results."""
