"""The table of results: linked to the map, worked by mouse and keyboard."""

from __future__ import annotations

from typing import Callable

from qgis.core import QgsApplication
from qgis.PyQt.QtCore import QEvent, QItemSelection, QItemSelectionModel, QModelIndex, QPoint, Qt, pyqtSignal
from qgis.PyQt.QtGui import QIcon, QKeyEvent, QKeySequence
from qgis.PyQt.QtWidgets import QAbstractItemView, QHeaderView, QMenu, QTableView, QWidget

from ...resources import icon
from .answer import Match
from .examples import RIGHT, WRONG
from .results_delegate import ResultsDelegate
from .results_model import LABEL, PICTURE, RANK, SIDE, ResultsModel

_JUDGE_KEYS = {
    Qt.Key.Key_Plus: RIGHT,
    Qt.Key.Key_Minus: WRONG,
    Qt.Key.Key_Delete: None,
    Qt.Key.Key_Backspace: None,
}


class ResultsTable(QTableView):
    """Shows matches, and says what a person does with them; what follows is for others to do."""

    hovered = pyqtSignal(list)
    """Matches under the mouse: one or none."""
    selected = pyqtSignal(list)
    """Ids of the matches that a person selected."""
    zoom_asked = pyqtSignal(list)
    flash_asked = pyqtSignal(list)
    judged = pyqtSignal(list, object)
    """Matches and their verdict: ``right``, ``wrong`` or None."""

    def __init__(self, model: ResultsModel, parent: QWidget | None = None):
        super().__init__(parent)
        self.setObjectName("resultsTable")
        self.setAccessibleName(self.tr("Results"))
        self.setAccessibleDescription(
            self.tr("Enter zooms to a place, plus marks it right, minus wrong, Delete takes the mark away")
        )
        self._model = model
        self._selecting = False
        self.setModel(model)
        self.setItemDelegate(ResultsDelegate(self))
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAsNeeded)
        self.setMouseTracking(True)
        self.setShowGrid(False)
        self.setWordWrap(False)
        self.setAlternatingRowColors(True)
        self.setSortingEnabled(True)
        self.setTabKeyNavigation(False)
        self.setMinimumHeight(round(2.6 * SIDE))
        self._set_up_headers()
        model.judged.connect(self.judged)
        self.entered.connect(lambda index: self.hovered.emit([self._model.match(index.row())]))
        self.doubleClicked.connect(self._on_double_click)
        self.selectionModel().selectionChanged.connect(self._on_selection)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.customContextMenuRequested.connect(self._show_menu)

    def selected_matches(self) -> list[Match]:
        """The matches that are selected, in the table's order."""
        return [self._model.match(row) for row in sorted({i.row() for i in self.selectionModel().selectedIndexes()})]

    def select_ids(self, ids: list[str]) -> None:
        """Selects matches because somebody selected them elsewhere."""
        chosen = QItemSelection()
        rows = sorted(row for row in map(self._model.row_of, ids) if row >= 0)
        for row in rows:
            chosen.select(self._model.index(row, 0), self._model.index(row, LABEL))
        self._selecting = True
        self.selectionModel().select(chosen, QItemSelectionModel.SelectionFlag.ClearAndSelect)
        self._selecting = False
        if rows:
            index = self._model.index(rows[0], RANK)
            self.selectionModel().setCurrentIndex(index, QItemSelectionModel.SelectionFlag.NoUpdate)
            self.scrollTo(index)

    def show_pictures(self, are_there: bool) -> None:
        """Makes room for pictures, or for more rows where there are none."""
        self.setColumnHidden(PICTURE, not are_there)
        self.verticalHeader().setDefaultSectionSize(SIDE + 8 if are_there else self.fontMetrics().height() + 12)

    def copy(self) -> None:
        """Copies the selected rows, or all, as text with tabs between."""
        matches = self.selected_matches() or self._model.every
        lines = ["rank\tscore\tdistance_m\tlabel\tid\tlon\tlat\ttime"]
        for m in matches:
            lines.append(
                f"{m['rank']}\t{m['score']:.6f}\t{m['distance_m']:.1f}\t{m.get('label') or ''}\t{m['id']}\t"
                f"{m['lon']:.6f}\t{m['lat']:.6f}\t{m.get('time') or ''}"
            )
        QgsApplication.clipboard().setText("\n".join(lines))

    # ---- what Qt calls

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Zooms, judges, copies."""
        matches = self.selected_matches()
        if event.matches(QKeySequence.StandardKey.Copy):
            self.copy()
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and matches:
            self.zoom_asked.emit(matches)
        elif event.key() in _JUDGE_KEYS and matches:
            self.judged.emit(matches, _JUDGE_KEYS[event.key()])
        else:
            super().keyPressEvent(event)
            return
        event.accept()

    def leaveEvent(self, event: QEvent) -> None:
        """Nothing is under the mouse any more."""
        self.hovered.emit([])
        super().leaveEvent(event)

    # ---- inside

    def _set_up_headers(self) -> None:
        self.verticalHeader().hide()
        self.verticalHeader().setDefaultSectionSize(SIDE + 8)
        self.verticalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        header = self.horizontalHeader()
        header.setHighlightSections(False)
        header.setMinimumSectionSize(24)
        header.setSectionResizeMode(QHeaderView.ResizeMode.Stretch)
        letters = self.fontMetrics().horizontalAdvance
        for column, width in (
            (PICTURE, SIDE + 6),
            (RANK, letters("0000") + 10),
            (LABEL, 52),
        ):
            header.setSectionResizeMode(column, QHeaderView.ResizeMode.Fixed)
            header.resizeSection(column, width)
        header.setSortIndicator(RANK, Qt.SortOrder.AscendingOrder)

    def _on_selection(self) -> None:
        if not self._selecting:
            self.selected.emit([match["id"] for match in self.selected_matches()])

    def _on_double_click(self, index: QModelIndex) -> None:
        if index.column() != LABEL:
            self.zoom_asked.emit([self._model.match(index.row())])

    def _show_menu(self, where: QPoint) -> None:
        matches = self.selected_matches()
        if not matches:
            return
        menu = QMenu(self)
        menu.setObjectName("resultsMenu")
        self._entry(menu, self.tr("Zoom to"), "", lambda: self.zoom_asked.emit(matches), self.tr("Enter"))
        self._entry(menu, self.tr("Flash on the map"), "", lambda: self.flash_asked.emit(matches))
        menu.addSeparator()
        self._entry(menu, self.tr("Mark as right"), "right", lambda: self.judged.emit(matches, RIGHT), "+")
        self._entry(menu, self.tr("Mark as wrong"), "wrong", lambda: self.judged.emit(matches, WRONG), "-")
        if any(match.get("label") for match in matches):
            self._entry(
                menu, self.tr("Take the mark away"), "", lambda: self.judged.emit(matches, None), self.tr("Del")
            )
        menu.addSeparator()
        self._entry(menu, self.tr("Copy coordinates"), "", lambda: _copy_places(matches))
        self._entry(menu, self.tr("Copy rows"), "", self.copy, QKeySequence(QKeySequence.StandardKey.Copy).toString())
        menu.exec(self.viewport().mapToGlobal(where))
        menu.deleteLater()

    @staticmethod
    def _entry(menu: QMenu, text: str, picture: str, function: Callable[[], None], keys: str = "") -> None:
        # The keys are told in the menu and heard by keyPressEvent: as shortcuts they would work all over QGIS.
        action = menu.addAction(icon(picture) if picture else QIcon(), f"{text}\t{keys}" if keys else text)
        action.triggered.connect(lambda: function())


def _copy_places(matches: list[Match]) -> None:
    QgsApplication.clipboard().setText("\n".join(f"{m['lat']:.6f}, {m['lon']:.6f}" for m in matches))
