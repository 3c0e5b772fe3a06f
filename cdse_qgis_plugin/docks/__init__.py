"""Docks: widgets only, one dock a file."""
