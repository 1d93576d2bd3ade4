"""Deployment of the project. Nothing here runs in a serving process."""
