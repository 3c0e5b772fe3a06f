"""Imagery in natural colours."""

from __future__ import annotations

import re

from qgis.core import (
    QgsContrastEnhancement,
    QgsMultiBandColorRenderer,
    QgsRasterLayer,
    QgsRasterMinMaxOrigin,
    QgsRectangle,
)

_NAMES = (
    re.compile(r"\b(b0?4|red)\b", re.IGNORECASE),
    re.compile(r"\b(b0?3|green)\b", re.IGNORECASE),
    re.compile(r"\b(b0?2|blue)\b", re.IGNORECASE),
)
"""What the bands of red, green and blue are called, in Sentinel-2's numbers and in words."""

_SAMPLE = 62_500


def style_imagery(layer: QgsRasterLayer) -> None:
    """Shows a raster of several bands in red, green and blue, stretched to what most of its pixels have.

    Bands are told by their names; where they have none, QGIS's own choice stays and is only stretched.
    """
    if layer.bandCount() >= 3:
        bands = natural_bands([layer.bandName(number) for number in range(1, layer.bandCount() + 1)])
        if bands:
            layer.setRenderer(QgsMultiBandColorRenderer(layer.dataProvider(), *bands))
    layer.setContrastEnhancement(
        QgsContrastEnhancement.ContrastEnhancementAlgorithm.StretchToMinimumMaximum,
        QgsRasterMinMaxOrigin.Limits.CumulativeCut,
        QgsRectangle(),
        _SAMPLE,
    )


def natural_bands(names: list[str]) -> tuple[int, int, int] | None:
    """The numbers, from 1, of the red, green and blue band, or None when the names do not say."""
    found = []
    for pattern in _NAMES:
        position = next((i for i, name in enumerate(names, 1) if pattern.search(name)), None)
        if position is None:
            return None
        found.append(position)
    return tuple(found)
