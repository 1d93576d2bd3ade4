"""Evaluation: golden queries through the retriever, compared, reported and plotted."""
