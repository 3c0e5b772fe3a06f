"""Leads a person to a store: chooses, makes, imports one, and sees to it that the map shows what can be clicked."""

from __future__ import annotations

from typing import Any

from qgis.core import QgsProject
from qgis.gui import QgsMapCanvas
from qgis.PyQt.QtCore import QObject, QTimer, pyqtSignal

from ..engine_link.link import EngineLink
from ..layers.backdrop import world_map
from .parts.import_store import ImportStoreDialog
from .parts.make_store import MakeStoreDialog
from .parts.map_view import MapView
from .parts.search_session import SearchSession
from .parts.store_jobs import StoreJobs
from .similarity_panel import SimilarityPanel


class StoreGuide(QObject):
    """Everything about getting a store; what is then done with it is for others."""

    tool_wanted = pyqtSignal()
    """The map is ready to be clicked."""

    def __init__(
        self,
        canvas: QgsMapCanvas,
        link: EngineLink,
        session: SearchSession,
        panel: SimilarityPanel,
        view: MapView,
        parent: QObject | None = None,
    ):
        super().__init__(parent)
        self._canvas, self._session, self._panel, self._view = canvas, session, panel, view
        self._chosen = ""
        self.jobs = StoreJobs(link, self)
        panel.stores.chosen.connect(self._store_chosen)
        for asker in (panel.stores, panel.start):
            asker.make_asked.connect(self.make_store)
            asker.import_asked.connect(self.import_store)
            asker.offline_asked.connect(self.jobs.offline)
        panel.start.open_asked.connect(panel.stores.open_folder)
        panel.stores.zoom_asked.connect(self.zoom_to_store)
        panel.progress.follow(self.jobs.asking)
        self.jobs.asking.showing.connect(lambda _: panel.start.setEnabled(False))
        self.jobs.asking.over.connect(lambda: panel.start.setEnabled(True))
        self.jobs.stopped.connect(lambda: panel.messages.say(self.tr("Stopped. Nothing was left half made.")))
        self.jobs.made.connect(self._store_made)
        # The map takes the CRS of its first layer only once it has heard of the layer: do what follows a moment later.
        self._zoom_soon = self._soon(self.zoom_to_store)
        self._begin_soon = self._soon(self._begin_offline)
        self.jobs.offline_ready.connect(self._begin_soon.start)

    def make_store(self) -> None:
        """Asks what to make a store from, and makes it."""
        dialog = MakeStoreDialog(self._panel)
        if dialog.exec():
            self.jobs.encode(dialog.arguments())
        dialog.deleteLater()

    def import_store(self) -> None:
        """Asks which embeddings to make a store from, and makes it."""
        dialog = ImportStoreDialog(self._canvas, self._panel)
        if dialog.exec():
            self.jobs.read(dialog.arguments())
        dialog.deleteLater()

    def zoom_to_store(self) -> None:
        """Shows what the store covers."""
        self._view.zoom_to_store(self._session.description)

    def store_opened(self) -> None:
        """Leads to a store that a person has just chosen; one that came with a project is where the project left it."""
        chosen, self._chosen = self._chosen, ""
        if not self._session.store or self._session.store != chosen:
            return
        if not QgsProject.instance().mapLayers():
            world = world_map()
            if world is not None:
                QgsProject.instance().addMapLayer(world)
            self._zoom_soon.start()
        elif not self._view.shows_store(self._session.description):
            self._panel.messages.warn(
                self.tr("The map shows another part of the world than this store covers."),
                (self.tr("Zoom to the store"), self.zoom_to_store),
            )

    def remove(self) -> None:
        """Stops what is being made."""
        self.jobs.asking.drop()
        self._zoom_soon.stop()
        self._begin_soon.stop()

    def _store_chosen(self, path: str) -> None:
        if path:
            self._chosen = path
            self._session.open_store(path)
        else:
            self._session.close_store()

    def _store_made(self, path: str, description: dict[str, Any]) -> None:
        self._chosen = path
        self._session.take_store(path, description)

    def _begin_offline(self) -> None:
        self.zoom_to_store()
        self.tool_wanted.emit()
        ready = self.tr("The landscape is ready. Click a place on the map, such as a greenhouse.")
        self._panel.messages.say(ready, stays=True)

    def _soon(self, function) -> QTimer:
        timer = QTimer(self)
        timer.setSingleShot(True)
        timer.setInterval(0)
        timer.timeout.connect(function)
        return timer
