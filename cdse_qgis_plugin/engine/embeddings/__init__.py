"""Embeddings: sources, encoders, and the local store."""
