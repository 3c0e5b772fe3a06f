"""Results become styled, documented QGIS layers."""
