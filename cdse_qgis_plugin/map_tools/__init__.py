"""Clicking and drawing on the map."""
