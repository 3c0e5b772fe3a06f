"""Similarity: the index, search by example, scores."""
