"""Which store is searched: the context line, and the stores used lately with the ways to get another one."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from qgis.PyQt.QtCore import Qt, pyqtSignal
from qgis.PyQt.QtGui import QAction
from qgis.PyQt.QtWidgets import QComboBox, QFileDialog, QHBoxLayout, QLabel, QMenu, QSizePolicy, QToolButton, QWidget

from ...folders import stores_folder
from ...resources import icon
from ...settings import Settings
from . import words

_KEPT = 12


class ContextLine(QLabel):
    """One line that says what is being searched and what a result means."""

    def __init__(self, parent: QWidget | None = None):
        super().__init__(parent)
        self.setObjectName("contextLine")
        self.setWordWrap(True)
        self.setTextFormat(Qt.TextFormat.RichText)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Minimum)
        self.show_store("", {})

    def show_store(self, name: str, description: dict[str, Any]) -> None:
        """Says which store is open."""
        if not description:
            self.setText(self.tr("Places that look alike (embedding search)"))
            self.setToolTip("")
            return
        self.setText(
            self.tr(
                "<b>{name}</b> · {count} places of {size} · encoder “{encoder}”<br>"
                "<small>“Similar” means: looks similar in this embedding</small>"
            ).format(
                name=_escaped(name),
                count=words.number(description["count"]),
                size=words.distance(description.get("patch_size_m") or 0),
                encoder=_escaped(description.get("encoder") or "?"),
            )
        )
        lines = [
            (self.tr("Folder"), description.get("store")),
            (self.tr("Made from"), description.get("source")),
            (
                self.tr("Dates"),
                " – ".join(filter(None, ((description.get(key) or "")[:10] for key in ("start", "end")))),
            ),
            (self.tr("Numbers in an embedding"), description.get("dim")),
            (self.tr("Licence"), description.get("licence")),
            (self.tr("Please cite"), description.get("citation")),
            *((self.tr("Note"), note) for note in description.get("notes") or []),
        ]
        self.setToolTip("<br>".join(f"<b>{what}</b>: {_escaped(str(said))}" for what, said in lines if said))


class StoreChooser(QWidget):
    """A combo box of the stores used lately and a button with everything else one can do about stores."""

    chosen = pyqtSignal(str)
    """The folder of a store to open."""
    make_asked = pyqtSignal()
    import_asked = pyqtSignal()
    offline_asked = pyqtSignal()
    zoom_asked = pyqtSignal()

    def __init__(self, parent: QWidget | None = None):
        super().__init__(parent)
        self._combo = QComboBox(self)
        self._combo.setObjectName("storeChooser")
        self._combo.setAccessibleName(self.tr("Embedding store"))
        self._combo.setToolTip(self.tr("The embedding store to search in"))
        self._combo.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self._combo.activated.connect(self._on_activated)
        self._button = QToolButton(self)
        self._button.setObjectName("storeMenuButton")
        self._button.setText(self.tr("Stores"))
        self._button.setIcon(icon("store"))
        self._button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self._button.setToolTip(self.tr("Open or make an embedding store"))
        self._button.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self._button.setMenu(self._make_menu())
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(4)
        row.addWidget(self._combo, 1)
        row.addStretch(0)
        row.addWidget(self._button)
        self.show_store("")

    def show_store(self, path: str) -> None:
        """Shows which store is open and remembers it as the latest."""
        recent = Settings().recent_stores
        if path:
            recent = [path, *(other for other in recent if other != path)][:_KEPT]
            Settings().recent_stores = recent
        self._combo.clear()
        for other in recent:
            self._combo.addItem(icon("store"), Path(other).name, other)
            self._combo.setItemData(self._combo.count() - 1, other, Qt.ItemDataRole.ToolTipRole)
        if not path:
            self._combo.insertItem(0, self.tr("Choose an embedding store"), "")
        self._combo.setCurrentIndex(max(0, self._combo.findData(path)))
        self._combo.setVisible(bool(recent))
        self._forget.setEnabled(bool(path))
        self._zoom.setEnabled(bool(path))

    def open_folder(self) -> None:
        """Has a person point to the folder of a store."""
        latest = next(iter(Settings().recent_stores), "")
        start = str(Path(latest).parent) if latest else str(stores_folder())
        folder = QFileDialog.getExistingDirectory(self, self.tr("Folder of an embedding store"), start)
        if folder:
            self.chosen.emit(folder)

    def _make_menu(self) -> QMenu:
        menu = QMenu(self)
        menu.setToolTipsVisible(True)
        self._entry(
            menu,
            "store",
            self.tr("Open store…"),
            self.tr("Open the folder of a store that is there already"),
            self.open_folder,
        )
        self._entry(
            menu,
            "encoder",
            self.tr("Make from image…"),
            self.tr("Cut any raster into patches and encode them"),
            self.make_asked.emit,
        )
        self._entry(
            menu,
            "import",
            self.tr("Import embeddings…"),
            self.tr("Read a Parquet file with embeddings, such as Major TOM's"),
            self.import_asked.emit,
        )
        self._entry(
            menu,
            "example",
            self.tr("Try it offline now"),
            self.tr("Make a landscape, encode it, and click it"),
            self.offline_asked.emit,
        )
        menu.addSeparator()
        self._zoom = self._entry(
            menu, "", self.tr("Zoom to the store"), self.tr("Show where the store has data"), self.zoom_asked.emit
        )
        self._forget = self._entry(
            menu, "", self.tr("Remove from this list"), self.tr("The store itself stays where it is"), self._remove
        )
        return menu

    def _entry(self, menu: QMenu, picture: str, text: str, tip: str, function) -> QAction:
        action = QAction(text, menu)
        if picture:
            action.setIcon(icon(picture))
        action.setToolTip(tip)
        action.setStatusTip(tip)
        action.triggered.connect(lambda: function())
        menu.addAction(action)
        return action

    def _on_activated(self, row: int) -> None:
        path = self._combo.itemData(row)
        if path:
            self.chosen.emit(path)

    def _remove(self) -> None:
        gone = self._combo.currentData()
        Settings().recent_stores = [path for path in Settings().recent_stores if path != gone]
        self.show_store("")
        self.chosen.emit("")


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
