"""What a result says about itself: title, source, licence, citation, and how it was made."""

from __future__ import annotations

import json
from typing import Any

from qgis.core import Qgis, QgsAbstractMetadataBase, QgsBox3d, QgsLayerMetadata, QgsMapLayer
from qgis.PyQt.QtCore import QCoreApplication, QDateTime, Qt

translate = QCoreApplication.translate


def document(
    layer: QgsMapLayer, title: str, abstract: str, store: dict[str, Any], operation: str, request: dict[str, Any]
) -> None:
    """Writes a layer's metadata from the description of its store and the request that made it."""
    found = QgsLayerMetadata()
    found.setType("dataset")
    found.setTitle(title)
    found.setAbstract(abstract)
    found.setIdentifier(f"{store.get('dataset') or store.get('store', '')} · {operation}")
    found.setParentIdentifier(str(store.get("store", "")))
    found.setLanguage("ENG")
    found.setCrs(layer.crs())
    found.setKeywords({"gmd:topicCategory": ["imageryBaseMapsEarthCover"], "cdse": ["similarity", "embeddings"]})
    if store.get("licence"):
        found.setLicenses([str(store["licence"])])
    if store.get("citation"):
        found.setRights([str(store["citation"])])
    found.setLinks([_source_link(store)] if store.get("source") else [])
    found.setExtent(_extent(layer))
    for line in history(store, operation, request):
        found.addHistoryItem(line)
    layer.setMetadata(found)


def history(store: dict[str, Any], operation: str, request: dict[str, Any]) -> list[str]:
    """How a result was made, a line a step: source, store, operation with its parameters, versions."""
    now = QDateTime.currentDateTimeUtc().toString(Qt.DateFormat.ISODate)
    details = store.get("details") or {}
    made = translate(
        "Layers", "Embedding store “{name}” made {when} from {source} with encoder {encoder}, engine {engine}"
    )
    return [
        made.format(
            name=store.get("dataset", ""),
            when=store.get("created", ""),
            source=store.get("source", ""),
            encoder=store.get("encoder", ""),
            engine=details.get("engine", ""),
        ),
        f"{now} {operation} {json.dumps(request, ensure_ascii=False, sort_keys=True)}",
        f"QGIS {Qgis.version()}",
    ]


def _source_link(store: dict[str, Any]) -> QgsAbstractMetadataBase.Link:
    link = QgsAbstractMetadataBase.Link()
    link.name = translate("Layers", "Source of the embeddings")
    link.type = "WWW:LINK" if str(store["source"]).startswith("http") else "FILE"
    link.url = str(store["source"])
    return link


def _extent(layer: QgsMapLayer) -> QgsLayerMetadata.Extent:
    spatial = QgsLayerMetadata.SpatialExtent()
    spatial.extentCrs = layer.crs()
    box = layer.extent()
    spatial.bounds = QgsBox3d(box.xMinimum(), box.yMinimum(), 0, box.xMaximum(), box.yMaximum(), 0)
    extent = QgsLayerMetadata.Extent()
    extent.setSpatialExtents([spatial])
    return extent
