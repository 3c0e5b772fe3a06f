"""Docks, map tools and layers, in QGIS and with the real engine."""
