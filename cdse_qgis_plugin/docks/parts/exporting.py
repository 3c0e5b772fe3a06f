"""Writing results to a file."""

from __future__ import annotations

from pathlib import Path

from qgis.PyQt.QtCore import QObject, pyqtSignal
from qgis.PyQt.QtWidgets import QFileDialog, QWidget

from ...engine_link.call import Call
from ...engine_link.link import EngineLink
from ...settings import Settings
from . import words
from .asking import Asking
from .search_session import SearchSession

_GEOPACKAGE, _GEOPARQUET = ".gpkg", ".parquet"


class Exporting(QObject):
    """Asks where to, has the engine write the file, and says that it is there."""

    done = pyqtSignal(str)
    failed = pyqtSignal(object)

    def __init__(self, link: EngineLink, window: QWidget, parent: QObject | None = None):
        super().__init__(parent)
        self._link = link
        self._window = window
        self.asking = Asking(self)

    def export(self, session: SearchSession) -> None:
        """Asks for a file and writes the present results to it, with their verdicts."""
        if session.answer is None or not session.answer.matches:
            return
        start = Path(Settings().export_folder or Path.home()) / f"{session.store_name} similar places"
        path, chosen = QFileDialog.getSaveFileName(
            self._window,
            self.tr("Export results"),
            str(start) + _GEOPACKAGE,
            self.tr("GeoPackage (*.gpkg);;GeoParquet (*.parquet)"),
        )
        if path:
            self.write(session, _with_ending(path, chosen))

    def write(self, session: SearchSession, path: str) -> None:
        """Writes the present results to a file; what it should be is told by its ending."""
        Settings().export_folder = str(Path(path).parent)
        answer, now = session.answer, session.now
        arguments = {
            "store": session.store,
            "output": path,
            "matches": [
                {"id": m["id"], "score": m["score"], "rank": m["rank"], "label": m.get("label") or ""}
                for m in answer.matches
            ],
            "query": {"like": now.like, "unlike": now.unlike, **answer.request},
        }
        self.asking.ask(
            lambda: self._link.click(Call("similarity.export", arguments, self.tr("Exporting results"))),
            self.tr("Writing {count} places…").format(count=words.number(len(answer.matches))),
            lambda value: self._done(value["count"], path),
            self.failed.emit,
        )

    def _done(self, count: int, path: str) -> None:
        self.done.emit(self.tr("{count} places are in “{path}”.").format(count=words.number(count), path=path))


def _with_ending(path: str, chosen: str) -> str:
    """The path with the ending of the chosen format, where a person typed none that we write."""
    if Path(path).suffix.lower() in (_GEOPACKAGE, _GEOPARQUET):
        return path
    return path + (_GEOPARQUET if _GEOPARQUET in chosen else _GEOPACKAGE)
