"""Setting up the engine's own Python environment, on request only and never in QGIS's Python."""
