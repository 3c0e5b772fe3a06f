"""From the toolbox: the store to look in, and examples as points picked on the map, of a layer, or written as text."""

from __future__ import annotations

import re
from typing import Any

from qgis.core import (
    Qgis,
    QgsCoordinateReferenceSystem,
    QgsPointXY,
    QgsProcessingAlgorithm,
    QgsProcessingContext,
    QgsProcessingParameterFeatureSource,
    QgsProcessingParameterFile,
    QgsProcessingParameterPoint,
    QgsProcessingParameterString,
)
from qgis.PyQt.QtCore import QCoreApplication

from ..layers import places
from .base import BadInput, advanced, with_help
from .store_made import STORE

translate = QCoreApplication.translate

LIKE, UNLIKE = "LIKE", "UNLIKE"
_POINT, _TEXT = "_POINT", "_TEXT"
_NUMBER = r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?"
_PAIR = re.compile(rf"\s*({_NUMBER})\s*[,\s]\s*({_NUMBER})\s*")
_CRS = re.compile(r"\[\s*([^\]]+?)\s*\]\s*$")


def add_store(algorithm: QgsProcessingAlgorithm) -> None:
    """Adds the parameter for the store to look in."""
    store = QgsProcessingParameterFile(
        STORE, translate("Examples", "Embedding store"), Qgis.ProcessingFileParameterBehavior.Folder
    )
    made_by = translate("Examples", "The folder that “Encode image” or “Import embeddings” made.")
    algorithm.addParameter(with_help(store, made_by))


def add_examples(algorithm: QgsProcessingAlgorithm) -> None:
    """Adds the parameters for places like and unlike what is sought, three ways each."""
    names = {
        LIKE: (
            translate("Examples", "Point that is like what you look for"),
            translate("Examples", "Points that are like what you look for"),
        ),
        UNLIKE: (
            translate("Examples", "Point that is not like it"),
            translate("Examples", "Points that are not like it"),
        ),
    }
    point_help = translate("Examples", "Pick it on the map, or write x,y [EPSG:code]. The patch there is the example.")
    layer_help = translate("Examples", "Every point of the layer, or every selected one, is an example.")
    text_help = translate(
        "Examples", "Longitude,latitude pairs with semicolons between them; for another CRS end with [EPSG:code]."
    )
    for kind, (one, many) in names.items():
        point = QgsProcessingParameterPoint(kind + _POINT, one, optional=True)
        layer = QgsProcessingParameterFeatureSource(kind, many, [Qgis.ProcessingSourceType.VectorPoint], optional=True)
        text = QgsProcessingParameterString(
            kind + _TEXT, translate("Examples", "{points}, as text").format(points=many), optional=True
        )
        algorithm.addParameter(with_help(point, point_help))
        algorithm.addParameter(with_help(layer, layer_help))
        algorithm.addParameter(advanced(with_help(text, text_help)))


def read_examples(
    algorithm: QgsProcessingAlgorithm, parameters: dict[str, Any], context: QgsProcessingContext
) -> dict[str, list[list[float]]]:
    """The arguments ``like`` and ``unlike`` as [[lon, lat], …]; raises BadInput or NoPlace."""
    found = {}
    for kind in (LIKE, UNLIKE):
        found[kind.lower()] = [
            *_of_point(algorithm, parameters, kind + _POINT, context),
            *_of_layer(algorithm, parameters, kind, context),
            *parse_points(algorithm.parameterAsString(parameters, kind + _TEXT, context)),
        ]
    if not found["like"]:
        raise BadInput(
            translate(
                "Examples",
                "No example was given. Pick a point that is like what you look for, choose a point layer, or write "
                "points as text.",
            )
        )
    return found


def _of_point(
    algorithm: QgsProcessingAlgorithm, parameters: dict[str, Any], name: str, context: QgsProcessingContext
) -> list[list[float]]:
    if parameters.get(name) in (None, ""):
        return []
    point = algorithm.parameterAsPoint(parameters, name, context)
    return [_lonlat(point, algorithm.parameterAsPointCrs(parameters, name, context))]


def _of_layer(
    algorithm: QgsProcessingAlgorithm, parameters: dict[str, Any], name: str, context: QgsProcessingContext
) -> list[list[float]]:
    if not parameters.get(name):
        return []
    source = algorithm.parameterAsSource(parameters, name, context)
    if source is None:
        raise BadInput(algorithm.invalidSourceError(parameters, name))
    if not source.sourceCrs().isValid():
        raise BadInput(
            translate(
                "Examples", "“{name}” has no coordinate reference system. Assign one to it, then try again."
            ).format(name=source.sourceName())
        )
    found = []
    for feature in source.getFeatures():
        for vertex in feature.geometry().vertices():
            found.append(_lonlat(QgsPointXY(vertex), source.sourceCrs()))
    if not found:
        raise BadInput(
            translate("Examples", "“{name}” holds no point. Choose another layer, or leave it out.").format(
                name=source.sourceName()
            )
        )
    return found


def parse_points(text: str) -> list[list[float]]:
    """Points as [[lon, lat], …] from ``4.35,50.85; 4.36,50.86`` with an optional ``[EPSG:code]`` at the end.

    Raises BadInput for text that cannot be read and NoPlace for points that are nowhere on Earth.
    """
    text = text.strip()
    if not text:
        return []
    crs = places.wgs84()
    named = _CRS.search(text)
    if named:
        crs = QgsCoordinateReferenceSystem(named[1])
        if not crs.isValid():
            raise BadInput(
                translate(
                    "Examples", "“{name}” is no coordinate reference system that QGIS knows. Write it like EPSG:4326."
                ).format(name=named[1])
            )
        text = text[: named.start()]
    found = []
    for part in text.split(";"):
        if not part.strip():
            continue
        pair = _PAIR.fullmatch(part)
        if not pair:
            raise BadInput(
                translate(
                    "Examples",
                    "“{part}” is not a point. Write longitude,latitude with points as decimal signs, and semicolons "
                    "between points: 4.35,50.85; 4.36,50.86",
                ).format(part=part.strip())
            )
        found.append(_lonlat(QgsPointXY(float(pair[1]), float(pair[2])), crs))
    return found


def _lonlat(point: QgsPointXY, crs: QgsCoordinateReferenceSystem) -> list[float]:
    # Without a project there is no CRS to fall back on; degrees are what a script means.
    return list(places.to_lonlat(point, crs if crs.isValid() else places.wgs84()))
