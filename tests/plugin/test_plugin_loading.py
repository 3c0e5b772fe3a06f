"""The plugin in QGIS: load, unload, load again, and nothing is left behind."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from qgis.core import QgsApplication, QgsProject
from qgis.gui import QgsDockWidget, QgsMapTool
from qgis.PyQt.QtCore import QCoreApplication, QEvent, QObject, Qt
from qgis.PyQt.QtWidgets import QMainWindow, QMenu

import cdse_qgis_plugin

from .waiting import until

ROOT = Path(__file__).resolve().parents[2]


class Window:
    """As much of QGIS's interface as the plugin uses, on a real main window that counts what it is given."""

    def __init__(self, canvas):
        self._window = QMainWindow()
        self._canvas = canvas
        self._menu = QMenu(self._window)
        self.factories: list = []

    def mainWindow(self):
        return self._window

    def mapCanvas(self):
        return self._canvas

    def pluginMenu(self):
        return self._menu

    def statusBarIface(self):
        return self._window.statusBar()

    def addToolBar(self, title):
        return self._window.addToolBar(title)

    def addTabifiedDockWidget(self, area, dock, _with, _raised):
        self._window.addDockWidget(area, dock)

    def removeDockWidget(self, dock):
        self._window.removeDockWidget(dock)

    def registerOptionsWidgetFactory(self, factory):
        self.factories.append(factory)

    def unregisterOptionsWidgetFactory(self, factory):
        self.factories.remove(factory)

    def everything(self) -> list[str]:
        """What hangs on the window now, deferred deletions done."""
        QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
        QCoreApplication.processEvents()
        named = [f"{type(o).__name__} {o.objectName()}" for o in self._window.findChildren(QObject)]
        return sorted(name for name in named if "Copernicus" in name or "copernicus" in name)


@pytest.fixture
def window(qgis_app, qgis_canvas):
    QgsProject.instance().clear()
    made = Window(qgis_canvas)
    yield made
    made.mainWindow().deleteLater()
    QgsProject.instance().clear()


def providers() -> int:
    return sum(provider.id() == "cdse" for provider in QgsApplication.processingRegistry().providers())


def test_load_unload_load_leaves_nothing(window, qgis_processing):
    canvas = window.mapCanvas()
    at_first = (window.everything(), providers(), len(canvas.scene().items()), len(window.pluginMenu().actions()))
    tool_at_first = canvas.mapTool()
    for _ in range(2):
        plugin = cdse_qgis_plugin.classFactory(window)
        plugin.initGui()
        assert providers() == 1 and len(window.factories) == 1 and len(window.pluginMenu().actions()) == 1
        actions = plugin._actions
        actions["similarity"].trigger()
        window.mainWindow().show()
        until(lambda dock=plugin._dock: dock.is_made, what="the dock's content")
        actions["example"].trigger()
        assert type(canvas.mapTool()).__name__ == "ExampleTool"
        actions["about"].trigger()
        actions["engine"].trigger()
        plugin.unload()
        left = (window.everything(), providers(), len(canvas.scene().items()), len(window.pluginMenu().actions()))
        assert left == at_first
        assert window.factories == [] and canvas.mapTool() is tool_at_first


def test_unloading_in_the_middle_of_a_job_ends_its_process(window, qgis_processing, tmp_path, settings):
    settings.cache_folder = str(tmp_path)
    plugin = cdse_qgis_plugin.classFactory(window)
    plugin.initGui()
    before = set(_engines())
    content = plugin._dock.content()
    content.guide.jobs._run("landscape.generate", {"folder": str(tmp_path / "l"), "size": 16384}, "making", print)
    until(lambda: set(_engines()) - before, what="the engine's process")
    plugin.unload()
    until(lambda: not set(_engines()) - before, 10, "the end of the engine's process")
    until(lambda: QgsApplication.taskManager().countActiveTasks() == 0, 10, "the end of the task")


def test_nothing_is_made_before_it_is_needed(window, qgis_processing):
    plugin = cdse_qgis_plugin.classFactory(window)
    plugin.initGui()
    assert not plugin._dock.is_made and plugin._link.state().kind in ("idle", "missing")
    plugin.unload()


def test_a_saved_search_is_restored_while_the_dock_is_closed(window, qgis_processing, tmp_path):
    from cdse_qgis_plugin.docks.parts.project_state import remember_store

    plugin = cdse_qgis_plugin.classFactory(window)
    plugin.initGui()
    remember_store(QgsProject.instance(), str(tmp_path / "no store"))
    path = str(tmp_path / "p.qgz")
    QgsProject.instance().write(path)
    QgsProject.instance().clear()
    assert not plugin._dock.is_made
    QgsProject.instance().read(path)
    assert plugin._dock.is_made
    plugin.unload()


def test_the_tool_opens_the_dock(window, qgis_processing):
    plugin = cdse_qgis_plugin.classFactory(window)
    plugin.initGui()
    window.mainWindow().show()
    plugin._actions["example"].trigger()
    assert isinstance(window.mapCanvas().mapTool(), QgsMapTool) and plugin._dock.isVisible()
    assert isinstance(plugin._dock, QgsDockWidget)
    plugin._actions["example"].trigger()
    assert type(window.mapCanvas().mapTool()).__name__ != "ExampleTool"
    assert window.mainWindow().dockWidgetArea(plugin._dock) == Qt.DockWidgetArea.RightDockWidgetArea
    plugin.unload()


def test_processing_alone_needs_no_window(qgis_app, qgis_processing):
    plugin = cdse_qgis_plugin.classFactory(None)
    plugin.initProcessing()
    assert providers() == 1
    plugin.unload()
    assert providers() == 0


def test_starting_loads_neither_dock_nor_pages():
    """In a fresh process: what is imported when QGIS starts is what every user pays for."""
    code = (
        "import sys\n"
        "from qgis.core import QgsApplication\n"
        "application = QgsApplication([], False)\n"
        "import cdse_qgis_plugin.plugin\n"
        "import cdse_qgis_plugin.processing.provider\n"
        "names = [n for n in sys.modules if n.startswith('cdse_qgis_plugin.')]\n"
        "print([n for n in names if 'conductor' in n or 'parts' in n or 'options_page' in n or 'setup_page' in n])\n"
        "print([n for n in ('pandas', 'pyarrow', 'pydantic', 'rasterio', 'shapely') if n in sys.modules])\n"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert done.stdout.splitlines() == ["[]", "[]"], done.stdout + done.stderr


def _engines() -> list[int]:
    """Engine processes that this process started."""
    found = []
    for entry in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = entry.read_text(errors="replace").rpartition(")")[2].split()
            is_ours = int(fields[1]) == os.getpid() and fields[0] not in ("Z", "X")
            if is_ours and b"engine" in (entry.parent / "cmdline").read_bytes():
                found.append(int(entry.parent.name))
        except (OSError, ValueError):
            continue
    return found
