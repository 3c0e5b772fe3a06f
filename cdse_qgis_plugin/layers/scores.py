"""Scores of every place as a layer: coloured by class, the best on top, nothing below a threshold."""

from __future__ import annotations

import contextlib
import sqlite3
from pathlib import Path
from typing import Any

import numpy as np
from qgis.core import (
    QgsFeatureRequest,
    QgsFillSymbol,
    QgsGraduatedSymbolRenderer,
    QgsRendererRange,
    QgsVectorLayer,
)
from qgis.PyQt.QtCore import QCoreApplication, QLocale
from qgis.PyQt.QtGui import QColor

from .metadata import document
from .ramp import colour
from .score_levels import ScoreLevels

translate = QCoreApplication.translate

MARK = "copernicus/scores"
"""Custom property of layers of scores; holds the path of their file."""

_TABLE = "likeness"
_OPACITY = 0.75


def open_scores(
    path: str, name: str, levels: ScoreLevels, threshold: float, store: dict[str, Any], request: dict[str, Any]
) -> QgsVectorLayer:
    """The styled and documented layer of a GeoPackage that ``similarity.score`` wrote."""
    layer = QgsVectorLayer(f"{path}|layername={_TABLE}", name, "ogr")
    layer.setCustomProperty(MARK, path)
    dress(layer, levels, threshold, store, request)
    return layer


def dress(
    layer: QgsVectorLayer, levels: ScoreLevels, threshold: float, store: dict[str, Any], request: dict[str, Any]
) -> None:
    """Gives a layer of scores, in whatever file, its style, its legend and its metadata."""
    for field, alias in (
        ("score", translate("Layers", "Score (cosine, at most 1)")),
        ("id", translate("Layers", "Patch")),
        ("lon", translate("Layers", "Longitude of the centre (°)")),
        ("lat", translate("Layers", "Latitude of the centre (°)")),
    ):
        layer.setFieldAlias(layer.fields().indexOf(field), alias)
    layer.setDisplayExpression('format_number("score", 3)')
    layer.setOpacity(_OPACITY)
    set_threshold(layer, levels, threshold)
    abstract = translate(
        "Layers",
        "How similar every place of the store looks to the examples in this embedding ({encoder}). The colours are "
        "shares of all places, not probabilities.",
    ).format(encoder=store.get("encoder", ""))
    document(layer, layer.name(), abstract, store, "similarity.score", request)


def read_scores(path: str) -> np.ndarray:
    """All scores of a file that ``similarity.score`` wrote; callable on any thread. Raises sqlite3.Error."""
    address = f"{Path(path).resolve().as_uri()}?mode=ro"
    with contextlib.closing(sqlite3.connect(address, uri=True)) as file:
        return np.fromiter((row[0] for row in file.execute("SELECT score FROM likeness")), dtype=np.float64)


def set_threshold(layer: QgsVectorLayer, levels: ScoreLevels, threshold: float) -> None:
    """Shows only places with at least this score."""
    layer.setRenderer(graduated(classes(levels, threshold)))
    layer.triggerRepaint()


def classes(levels: ScoreLevels, threshold: float) -> list[tuple[float, float, QColor, str]]:
    """What the legend lists, best first: lowest score, upper end, colour, name."""
    found = []
    bounds = levels.class_bounds()
    upper = levels.best + 1e-9
    for position, (share, lowest) in enumerate(bounds):
        if upper <= threshold:
            break
        lower = max(lowest, threshold)
        found.append((lower, upper, class_colour(position, len(bounds)), _name(share, lower)))
        upper = lower
    return found


def class_colour(position: int, count: int) -> QColor:
    """The colour of a class among so many."""
    return colour(position / max(1, count - 1))


def graduated(ranges: list[tuple[float, float, QColor, str]]) -> QgsGraduatedSymbolRenderer:
    """A renderer of filled patches by score, the best drawn last."""
    made = []
    for lower, upper, fill, name in ranges:
        # The outline keeps a patch visible where it is smaller than a pixel.
        symbol = QgsFillSymbol.createSimple(
            {"color": fill.name(), "outline_color": fill.name(), "outline_width": "0.1", "style": "solid"}
        )
        made.append(QgsRendererRange(lower, upper, symbol, name))
    renderer = QgsGraduatedSymbolRenderer("score", made)
    renderer.setOrderBy(QgsFeatureRequest.OrderBy([QgsFeatureRequest.OrderByClause("score", True)]))
    renderer.setOrderByEnabled(True)
    return renderer


def _name(share: float, lowest: float) -> str:
    number = QLocale().toString
    if share >= 1:
        return translate("Layers", "the others (≥ {score})").format(score=number(lowest, "f", 4))
    percent = number(share * 100, "g", 2)
    return translate("Layers", "best {percent} % (≥ {score})").format(percent=percent, score=number(lowest, "f", 4))
