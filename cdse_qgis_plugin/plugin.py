"""Hands the rooms to QGIS and takes every one back on unload; the only file that sees ``iface``."""

from __future__ import annotations

from typing import Any

from qgis.core import QgsApplication, QgsProject
from qgis.gui import QgisInterface
from qgis.PyQt import sip
from qgis.PyQt.QtCore import QCoreApplication, Qt, QUrl
from qgis.PyQt.QtGui import QAction, QDesktopServices
from qgis.PyQt.QtWidgets import QMenu, QToolBar, QWidget

from .docks.lazy_dock import LazyDock
from .engine_link.link import EngineLink
from .pages.options_factory import OptionsFactory
from .resources import icon

translate = QCoreApplication.translate

_HELP = "https://github.com/eu-cdse/cdse-qgis-plugin/blob/main/docs/similarity.md"
_NEIGHBOURS = ["ProcessingToolbox", "LayerStyling", "CopernicusSimilarityDock"]
"""Docks that ours shares a place with, if they are there."""


class CopernicusPlugin:
    """The plugin as QGIS knows it."""

    def __init__(self, iface: QgisInterface | None):
        self._iface = iface
        self._provider: Any = None
        self._link: EngineLink | None = None
        self._dock: LazyDock | None = None
        self._toolbar: QToolBar | None = None
        self._menu: QMenu | None = None
        self._actions: dict[str, QAction] = {}
        self._options: Any = None
        self._windows: list[QWidget] = []

    def initProcessing(self) -> None:
        """Adds the algorithms; all that qgis_process asks for."""
        from .processing.provider import CopernicusProvider

        self._provider = CopernicusProvider()
        QgsApplication.processingRegistry().addProvider(self._provider)

    def initGui(self) -> None:
        """Adds everything else; what a dock shows is made when it is first opened."""
        self.initProcessing()
        window = self._iface.mainWindow()
        self._link = EngineLink(window)
        self._dock = LazyDock(
            translate("Copernicus", "Similar places"), "CopernicusSimilarityDock", self._make_similarity, window
        )
        self._dock.setWindowIcon(icon("similarity"))
        self._make_actions()
        self._make_toolbar_and_menu()
        self._iface.addTabifiedDockWidget(Qt.DockWidgetArea.RightDockWidgetArea, self._dock, _NEIGHBOURS, True)
        self._dock.hide()  # QGIS shows it again right after this if it was open last time
        self._options = OptionsFactory(self._link)
        self._iface.registerOptionsWidgetFactory(self._options)
        QgsProject.instance().readProject.connect(self._project_read)

    def unload(self) -> None:
        """Takes everything back."""
        if self._provider is not None:
            QgsApplication.processingRegistry().removeProvider(self._provider)
            self._provider = None
        if self._link is None:
            return
        QgsProject.instance().readProject.disconnect(self._project_read)
        self._iface.unregisterOptionsWidgetFactory(self._options)
        for window in self._windows:
            if not sip.isdeleted(window):
                window.close()
                window.deleteLater()
        self._dock.remove()
        self._iface.removeDockWidget(self._dock)
        self._link.close()
        self._iface.pluginMenu().removeAction(self._menu.menuAction())
        self._iface.mainWindow().removeToolBar(self._toolbar)
        for thing in (self._dock, self._menu, self._toolbar, *self._actions.values(), self._link):
            thing.deleteLater()
        self._dock = self._menu = self._toolbar = self._link = self._options = None
        self._windows.clear()
        self._actions.clear()

    # ---- inside

    def _make_actions(self) -> None:
        self._action(
            "similarity",
            translate("Copernicus", "Similar places"),
            translate("Copernicus", "Show or hide the dock that finds places which look alike"),
            checkable=True,
        )
        self._dock.setToggleVisibilityAction(self._actions["similarity"])
        self._action(
            "example",
            translate("Copernicus", "Click an example"),
            translate("Copernicus", "Click a place on the map to find similar ones"),
            self._use_tool,
            checkable=True,
        )
        self._action(
            "engine",
            translate("Copernicus", "Engine set-up…"),
            translate("Copernicus", "Set up, repair or remove the engine that does the computing"),
            self._open_setup,
        )
        self._action(
            "about",
            translate("Copernicus", "About Copernicus AI…"),
            translate("Copernicus", "Version, state of the engine, and diagnostics to copy"),
            self._open_about,
        )
        self._action(
            "help",
            translate("Copernicus", "Help"),
            translate("Copernicus", "Open the manual in your browser"),
            lambda: QDesktopServices.openUrl(QUrl(_HELP)),
        )

    def _action(self, name: str, text: str, tip: str, function=None, checkable: bool = False) -> None:
        pictures = {"help": QgsApplication.getThemeIcon("/mActionHelpContents.svg"), "about": icon("copernicus")}
        action = QAction(pictures.get(name) or icon(name), text, self._iface.mainWindow())
        action.setObjectName(f"copernicus_{name}")
        action.setToolTip(f"<b>{text}</b><br>{tip}")
        action.setStatusTip(tip)
        action.setCheckable(checkable)
        if function is not None:
            action.triggered.connect(lambda checked=False: function(checked) if checkable else function())
        self._actions[name] = action

    def _make_toolbar_and_menu(self) -> None:
        title = translate("Copernicus", "Copernicus")
        self._toolbar = self._iface.addToolBar(title)
        self._toolbar.setObjectName("CopernicusToolbar")
        self._menu = QMenu(title, self._iface.mainWindow())
        self._menu.setObjectName("CopernicusMenu")
        self._menu.setIcon(icon("copernicus"))
        for name in ("similarity", "example"):
            self._toolbar.addAction(self._actions[name])
        for name, action in self._actions.items():
            if name == "engine":
                self._menu.addSeparator()
            self._menu.addAction(action)
        self._iface.pluginMenu().addMenu(self._menu)

    def _make_similarity(self) -> Any:
        from .docks.similarity_conductor import SimilarityConductor

        made = SimilarityConductor(self._iface.mapCanvas(), self._link)
        made.status.connect(self._show_status)
        made.tool_switched.connect(self._actions["example"].setChecked)
        made.setup_asked.connect(self._open_setup)
        made.project.restore()
        return made

    def _open_setup(self) -> None:
        from .pages.setup_dialog import open_setup

        self._keep(open_setup(self._link, self._iface.mainWindow()))

    def _open_about(self) -> None:
        from .pages.about_dialog import AboutDialog

        dialog = AboutDialog(self._link, self._iface.mainWindow())
        self._keep(dialog)
        dialog.show()

    def _keep(self, window: QWidget) -> None:
        """Remembers a window that has to go when the plugin goes."""
        self._windows = [known for known in self._windows if not sip.isdeleted(known)]
        if window not in self._windows:
            self._windows.append(window)

    def _use_tool(self, is_wanted: bool) -> None:
        if is_wanted:
            self._dock.setUserVisible(True)
        self._dock.content().use_tool(is_wanted)

    def _project_read(self, *_: object) -> None:
        """Has a search that was saved with the project restored, also while the dock is closed."""
        from .docks.parts.project_state import has_state

        if not self._dock.is_made and has_state(QgsProject.instance()):
            self._dock.content()

    def _show_status(self, text: str) -> None:
        bar = self._iface.statusBarIface()
        if text:
            bar.showMessage(text)
        else:
            bar.clearMessage()
