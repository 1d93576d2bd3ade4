"""Drawings of products as SVG, and as pixels."""
