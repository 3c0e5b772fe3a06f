"""Runs inside QGIS and answers where things are, so that whoever drives the mouse can look before clicking.

QGIS starts it with ``--code``. It only looks: every click and every key comes from outside, through the window system.
Questions and answers are JSON files in the folder named by CDSE_DEMO_EYES.
"""

from __future__ import annotations

import json
import os
from pathlib import Path

from qgis.core import (
    QgsApplication,
    QgsCoordinateReferenceSystem,
    QgsCoordinateTransform,
    QgsPointXY,
    QgsProject,
)
from qgis.PyQt.QtCore import QObject, QPoint, QRect, Qt, QTimer
from qgis.PyQt.QtWidgets import QAbstractItemView, QApplication, QMenu, QScrollArea, QTabBar, QWidget
from qgis.utils import active_plugins, iface

FOLDER = Path(os.environ["CDSE_DEMO_EYES"])


class Eyes(QObject):
    """Answers questions about what is on the screen."""

    def __init__(self):
        super().__init__()
        self._timer = QTimer(self)
        self._timer.timeout.connect(self._look)
        self._timer.start(40)

    def _look(self) -> None:
        asked = FOLDER / "question.json"
        if not asked.exists():
            return
        question = json.loads(asked.read_text(encoding="utf-8"))
        asked.unlink()
        kind = question.pop("kind")
        try:
            answer = getattr(self, f"see_{kind}")(**question)
        except Exception as error:  # noqa: BLE001 - the driver prints it
            answer = {"error": f"{type(error).__name__}: {error}"}
        partial = FOLDER / "answer.partial"
        partial.write_text(json.dumps(answer), encoding="utf-8")
        partial.rename(FOLDER / "answer.json")

    def see_ready(self) -> dict:
        """Whether the main window is up, and which plugins are active."""
        busy = QgsApplication.taskManager().countActiveTasks()
        return {
            "visible": iface.mainWindow().isVisible(),
            "plugins": list(active_plugins),
            "layers": [layer.name() for layer in QgsProject.instance().mapLayers().values()],
            "drawing": iface.mapCanvas().isDrawing(),
            "tasks": busy,
        }

    def see_widget(self, name: str) -> dict:
        """A visible widget by its object name; scrolled into view as a person would."""
        widget = _widget(name)
        _scroll_to(widget)
        return {**_middle(widget, widget.rect()), **_told(widget)}

    def see_action(self, name: str) -> dict:
        """The button that stands for an action in a toolbar."""
        action = iface.mainWindow().findChild(QObject, name)
        for widget in (
            action.associatedObjects() if hasattr(action, "associatedObjects") else action.associatedWidgets()
        ):
            for button in widget.children() if widget.isWidgetType() else ():
                if isinstance(button, QWidget) and action in button.actions() and button.isVisible():
                    return {**_middle(button, button.rect()), "checked": action.isChecked()}
        raise LookupError(f"no visible button for {name}")

    def see_row(self, name: str, row: int, column: int = 0) -> dict:
        """A cell of a table."""
        view = _widget(name)
        _scroll_to(view)
        index = view.model().index(row, column, view.rootIndex())
        view.scrollTo(index, QAbstractItemView.ScrollHint.EnsureVisible)
        return {**_middle(view.viewport(), view.visualRect(index)), "text": index.data(Qt.ItemDataRole.DisplayRole)}

    def see_table(self, name: str) -> dict:
        """Every cell of a table as text."""
        model = _widget(name).model()
        columns = range(model.columnCount())
        horizontal = Qt.Orientation.Horizontal
        return {
            "header": [str(model.headerData(c, horizontal, Qt.ItemDataRole.DisplayRole) or "") for c in columns],
            "rows": [
                [str(model.index(r, c).data(Qt.ItemDataRole.DisplayRole) or "") for c in columns]
                for r in range(model.rowCount())
            ],
        }

    def see_menu(self, text: str) -> dict:
        """An entry of the menu that is open."""
        for menu in QApplication.topLevelWidgets():
            if isinstance(menu, QMenu) and menu.isVisible():
                for action in menu.actions():
                    if action.text().replace("&", "").startswith(text):
                        return _middle(menu, menu.actionGeometry(action))
        raise LookupError(f"no open menu has an entry {text}")

    def see_tab(self, text: str) -> dict:
        """A tab of docks that share a place."""
        for bar in iface.mainWindow().findChildren(QTabBar):
            for number in range(bar.count()):
                if bar.isVisible() and bar.tabText(number).replace("&", "") == text:
                    return _middle(bar, bar.tabRect(number))
        raise LookupError(f"no tab {text}")

    def see_place(self, lon: float, lat: float) -> dict:
        """The pixel of a place on the canvas."""
        canvas = iface.mapCanvas()
        transform = QgsCoordinateTransform(
            QgsCoordinateReferenceSystem("EPSG:4326"), canvas.mapSettings().destinationCrs(), QgsProject.instance()
        )
        pixel = canvas.getCoordinateTransform().transform(transform.transform(QgsPointXY(lon, lat)))
        spot = QPoint(round(pixel.x()), round(pixel.y()))
        return {**_middle(canvas, QRect(spot, spot)), "inside": canvas.rect().contains(spot)}

    def see_tool(self) -> dict:
        """The map tool in use."""
        tool = iface.mapCanvas().mapTool()
        return {"tool": type(tool).__name__ if tool else ""}

    def see_layers(self) -> dict:
        """The layers of the project with their number of features."""
        layers = QgsProject.instance().mapLayers().values()
        return {
            "layers": [
                {"name": layer.name(), "features": layer.featureCount() if hasattr(layer, "featureCount") else None}
                for layer in layers
            ]
        }

    def see_dialogs(self) -> dict:
        """Titles of the dialogs that are open."""
        return {
            "titles": [
                window.windowTitle()
                for window in QApplication.topLevelWidgets()
                if window.isVisible() and window.inherits("QDialog")
            ]
        }


def _widget(name: str) -> QWidget:
    found = [w for top in QApplication.topLevelWidgets() for w in top.findChildren(QWidget, name)]
    found += [top for top in QApplication.topLevelWidgets() if top.objectName() == name]
    visible = [widget for widget in found if widget.isVisible()]
    if not visible:
        raise LookupError(f"no visible widget {name}" + (" (there is a hidden one)" if found else ""))
    return visible[0]


def _scroll_to(widget: QWidget) -> None:
    parent = widget.parentWidget()
    while parent is not None:
        if isinstance(parent, QScrollArea):
            parent.ensureWidgetVisible(widget)
        parent = parent.parentWidget()


def _middle(widget: QWidget, rect: QRect) -> dict:
    spot = widget.mapToGlobal(rect.center())
    return {"x": spot.x(), "y": spot.y(), "width": rect.width(), "height": rect.height()}


def _told(widget: QWidget) -> dict:
    told = {"enabled": widget.isEnabled()}
    for name in ("text", "value", "isChecked"):
        if callable(getattr(widget, name, None)):
            told[name] = getattr(widget, name)()
    return told


eyes = Eyes()
