"""Matches as a layer: outlines coloured by rank, with what is known about each."""

from __future__ import annotations

from typing import Any

from qgis.core import NULL, Qgis, QgsFeature, QgsField, QgsFields, QgsVectorLayer
from qgis.PyQt.QtCore import QCoreApplication, QDateTime, QMetaType, Qt

from . import places
from .metadata import document
from .results_style import style

translate = QCoreApplication.translate

_TYPES = {bool: QMetaType.Type.Bool, int: QMetaType.Type.LongLong, float: QMetaType.Type.Double}
_OWN = {
    "rank": QMetaType.Type.Int,
    "score": QMetaType.Type.Double,
    "distance_m": QMetaType.Type.Double,
    "label": QMetaType.Type.QString,
    "id": QMetaType.Type.QString,
    "lon": QMetaType.Type.Double,
    "lat": QMetaType.Type.Double,
    "time": QMetaType.Type.QDateTime,
}


def aliases() -> dict[str, str]:
    """What the fields of every layer of matches are called for people."""
    return {
        "rank": translate("Layers", "Rank"),
        "score": translate("Layers", "Score (cosine, at most 1)"),
        "distance_m": translate("Layers", "Distance from the nearest example (m)"),
        "label": translate("Layers", "Label (right, wrong)"),
        "id": translate("Layers", "Patch"),
        "lon": translate("Layers", "Longitude of the centre (°)"),
        "lat": translate("Layers", "Latitude of the centre (°)"),
        "time": translate("Layers", "Time (UTC)"),
    }


def make_layer(
    name: str, matches: list[dict[str, Any]], store: dict[str, Any], request: dict[str, Any]
) -> QgsVectorLayer:
    """A styled and documented layer of matches; each is a match of ``similarity.search`` with its ``label`` added."""
    layer = QgsVectorLayer("MultiPolygon?crs=EPSG:4326", name, "memory")
    # The dock keeps what the project needs to fill it again, so closing QGIS loses nothing to warn about.
    layer.setCustomProperty("skipMemoryLayersCheck", 1)
    layer.dataProvider().addAttributes(_fields(matches))
    layer.updateFields()
    for field, alias in aliases().items():
        layer.setFieldAlias(layer.fields().indexOf(field), alias)
    layer.setDisplayExpression('"rank" || \' · \' || format_number("score", 3)')
    fill(layer, matches, store)
    describe(layer, matches, store, request)
    return layer


def fill(
    layer: QgsVectorLayer, matches: list[dict[str, Any]], store: dict[str, Any], restyle: bool = True
) -> dict[str, int]:
    """Puts matches in place of what a layer holds, and returns the feature id of each match's id.

    The style follows the number of matches; as long as that stays the same, what the user made of it stays too.
    """
    provider = layer.dataProvider()
    restyle = restyle and layer.featureCount() != len(matches)
    missing = [field for field in _fields(matches) if layer.fields().indexOf(field.name()) < 0]
    if missing:
        provider.addAttributes(missing)
        layer.updateFields()
    provider.truncate()
    added, features = provider.addFeatures([_feature(layer.fields(), match) for match in matches])
    if not added:
        raise RuntimeError(provider.error().message())
    layer.updateExtents()
    if restyle:
        style(layer, len(matches), float(store.get("patch_size_m") or 0))
    _set_time(layer, any(match.get("time") for match in matches))
    layer.triggerRepaint()
    return {match["id"]: feature.id() for match, feature in zip(matches, features)}


def is_ours(layer: QgsVectorLayer) -> bool:
    """Whether what a layer holds may be replaced: not when the user edits it or has made it permanent."""
    return layer.providerType() == "memory" and not layer.isEditable()


def feature_ids(layer: QgsVectorLayer) -> dict[str, int]:
    """The feature id of each match's id in a layer that was made earlier."""
    return {str(feature["id"]): feature.id() for feature in layer.getFeatures()}


def describe(
    layer: QgsVectorLayer, matches: list[dict[str, Any]], store: dict[str, Any], request: dict[str, Any]
) -> None:
    """Writes what the layer is and how it was made into its metadata."""
    abstract = translate(
        "Layers",
        "{count} places that look similar to the examples in this embedding ({encoder}). Likeness in an embedding is "
        "not proof that two places are the same kind of thing.",
    ).format(count=len(matches), encoder=store.get("encoder", ""))
    document(layer, layer.name(), abstract, store, "similarity.search", request)


def set_labels(layer: QgsVectorLayer, feature_ids: dict[str, int], labels: dict[str, str]) -> None:
    """Writes the verdicts of matches, by their ids, into a layer."""
    field = layer.fields().indexOf("label")
    layer.dataProvider().changeAttributeValues(
        {feature_ids[id_]: {field: label} for id_, label in labels.items() if id_ in feature_ids}
    )
    layer.triggerRepaint()


def parse_time(text: str | None) -> QDateTime | None:
    """A time of the engine (ISO 8601, UTC)."""
    if not text:
        return None
    found = QDateTime.fromString(text, Qt.DateFormat.ISODateWithMs)
    if not found.isValid():
        return None
    found.setTimeSpec(Qt.TimeSpec.UTC)
    return found


def _fields(matches: list[dict[str, Any]]) -> QgsFields:
    fields = QgsFields()
    for name, kind in _OWN.items():
        fields.append(QgsField(name, kind))
    for match in matches:
        for name, value in (match.get("attributes") or {}).items():
            if fields.indexOf(name) < 0 and value is not None:
                fields.append(QgsField(name, _TYPES.get(type(value), QMetaType.Type.QString)))
    return fields


def _feature(fields: QgsFields, match: dict[str, Any]) -> QgsFeature:
    feature = QgsFeature(fields)
    values = {**(match.get("attributes") or {}), **match, "time": parse_time(match.get("time"))}
    feature.setAttributes([_value(values.get(field.name()), field) for field in fields])
    shape = places.polygon(match["footprint"])
    shape.convertToMultiType()
    feature.setGeometry(shape)
    return feature


def _value(value: Any, field: QgsField) -> Any:
    if value is None:
        return NULL
    if field.type() == QMetaType.Type.QString and not isinstance(value, str):
        return str(value)
    return value


def _set_time(layer: QgsVectorLayer, has_time: bool) -> None:
    """Lets the temporal controller show the matches of a time, where they have one."""
    temporal = layer.temporalProperties()
    temporal.setMode(Qgis.VectorTemporalMode.FeatureDateTimeInstantFromField)
    temporal.setStartField("time")
    temporal.setIsActive(has_time)
