"""How matches look: outlines that never hide the imagery, coloured by rank, with ranks where there is room."""

from __future__ import annotations

from qgis.core import (
    Qgis,
    QgsCentroidFillSymbolLayer,
    QgsFeatureRequest,
    QgsFillSymbol,
    QgsGraduatedSymbolRenderer,
    QgsMarkerSymbol,
    QgsPalLayerSettings,
    QgsProperty,
    QgsRendererRange,
    QgsSimpleLineSymbolLayer,
    QgsSymbolLayer,
    QgsTextBufferSettings,
    QgsTextFormat,
    QgsUnitTypes,
    QgsVectorLayer,
    QgsVectorLayerSimpleLabeling,
)
from qgis.PyQt.QtCore import QCoreApplication, QLocale
from qgis.PyQt.QtGui import QColor

from .ramp import colour

translate = QCoreApplication.translate

_OPACITY = 0.6
_CASING = QColor(20, 22, 30)
_CLASSES = 5
_SMALL_MM, _ROOMY_MM = 2.5, 7.0
"""Sides on the map below which a footprint gets a dot, and above which it gets its rank."""


def style(layer: QgsVectorLayer, count: int, patch_size_m: float) -> None:
    """Styles a layer of so many matches."""
    layer.setRenderer(_renderer(count, patch_size_m))
    layer.setLabeling(QgsVectorLayerSimpleLabeling(_labels(patch_size_m)))
    layer.setLabelsEnabled(True)


def class_bounds(count: int) -> list[tuple[int, int]]:
    """The ranks of each class of the legend, as (first, last)."""
    classes = min(_CLASSES, max(1, count))
    edges = [round(count * i / classes) for i in range(classes + 1)]
    return [(edges[i] + 1, max(edges[i + 1], edges[i] + 1)) for i in range(classes)]


def _renderer(count: int, patch_size_m: float) -> QgsGraduatedSymbolRenderer:
    ranges = []
    bounds = class_bounds(count)
    for position, (first, last) in enumerate(bounds):
        symbol = _symbol(colour(position / max(1, len(bounds) - 1)), patch_size_m)
        ranges.append(QgsRendererRange(first - 0.5, last + 0.5, symbol, _class_name(first, last)))
    renderer = QgsGraduatedSymbolRenderer("rank", ranges)
    # The best are drawn last, on top.
    renderer.setOrderBy(QgsFeatureRequest.OrderBy([QgsFeatureRequest.OrderByClause("rank", False)]))
    renderer.setOrderByEnabled(True)
    return renderer


def _class_name(first: int, last: int) -> str:
    number = QLocale().toString
    if first == last:
        return translate("Layers", "rank {first}").format(first=number(first))
    return translate("Layers", "rank {first} to {last}").format(first=number(first), last=number(last))


def _symbol(line_colour: QColor, patch_size_m: float) -> QgsFillSymbol:
    symbol = QgsFillSymbol()
    casing, line = QgsSimpleLineSymbolLayer(_CASING, 1.3), QgsSimpleLineSymbolLayer(line_colour, 0.7)
    layers: list[QgsSymbolLayer] = [casing, line]
    if patch_size_m > 0:
        layers.append(_dot(line_colour, patch_size_m))
    for added in layers:
        symbol.appendSymbolLayer(added)
    symbol.deleteSymbolLayer(0)
    symbol.setOpacity(_OPACITY)
    return symbol


def _dot(dot_colour: QColor, patch_size_m: float) -> QgsCentroidFillSymbolLayer:
    """A dot for scales at which the footprint itself is too small to see."""
    dot = QgsCentroidFillSymbolLayer()
    dot.setSubSymbol(
        QgsMarkerSymbol.createSimple(
            {
                "name": "circle",
                "size": "2.8",
                "color": dot_colour.name(),
                "outline_color": _CASING.name(),
                "outline_width": "0.3",
            }
        )
    )
    dot.setDataDefinedProperty(
        QgsSymbolLayer.Property.LayerEnabled,
        QgsProperty.fromExpression(f"@map_scale > {_scale_of(patch_size_m, _SMALL_MM)}"),
    )
    return dot


def _labels(patch_size_m: float) -> QgsPalLayerSettings:
    settings = QgsPalLayerSettings()
    settings.fieldName = "rank"
    settings.placement = Qgis.LabelPlacement.OverPoint
    settings.centroidInside = True
    if patch_size_m > 0:
        settings.scaleVisibility = True
        settings.minimumScale = _scale_of(patch_size_m, _ROOMY_MM)
        settings.maximumScale = 0
    text = QgsTextFormat()
    text.setSize(9)
    text.setSizeUnit(QgsUnitTypes.RenderUnit.RenderPoints)
    text.setColor(QColor(255, 255, 255))
    buffer = QgsTextBufferSettings()
    buffer.setEnabled(True)
    buffer.setSize(0.9)
    buffer.setColor(_CASING)
    text.setBuffer(buffer)
    settings.setFormat(text)
    return settings


def _scale_of(patch_size_m: float, side_mm: float) -> float:
    """The scale denominator at which a patch has a side of so many millimetres."""
    return patch_size_m * 1000 / side_mm
