"""Where results go in the layer tree: groups "Copernicus / what / name"."""

from __future__ import annotations

from qgis.core import QgsLayerTreeGroup, QgsMapLayer, QgsProject
from qgis.PyQt.QtCore import QCoreApplication

translate = QCoreApplication.translate

_TOP = "Copernicus"


def add_to_group(layer: QgsMapLayer, what: str, name: str, at_end: bool = False) -> None:
    """Adds a layer to the project, in the group of its kind and name, which is made when missing.

    It goes on top of its group, or below everything in it with ``at_end``.
    """
    QgsProject.instance().addMapLayer(layer, False)
    group = group_of(what, name)
    if at_end:
        group.addLayer(layer)
    else:
        group.insertLayer(0, layer)
    group.setExpanded(True)


def group_of(what: str, name: str) -> QgsLayerTreeGroup:
    """The group for a kind of result and a name; made when missing."""
    group = QgsProject.instance().layerTreeRoot()
    for depth, part in enumerate((_TOP, what, name)):
        found = next((child for child in group.children() if _is_group(child) and child.name() == part), None)
        if found is None:
            found = group.insertGroup(0, part) if depth != 1 else group.addGroup(part)
        group = found
    return group


def similar_places() -> str:
    """The kind of results that searches make."""
    return translate("Layers", "Similar places")


def show_only(layer: QgsMapLayer, others: list[str]) -> None:
    """Shows a layer and hides the others, given by their ids: of several searches one is on the map at a time."""
    root = QgsProject.instance().layerTreeRoot()
    for layer_id in others:
        node = root.findLayer(layer_id)
        if node is not None and layer_id != layer.id():
            node.setItemVisibilityChecked(False)
            node.setExpanded(False)
    node = root.findLayer(layer.id())
    if node is not None:
        node.setItemVisibilityCheckedParentRecursive(True)


def _is_group(node) -> bool:
    return isinstance(node, QgsLayerTreeGroup)
