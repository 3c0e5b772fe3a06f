"""Matches as a table model: sorted and filtered without copying them."""

from __future__ import annotations

from typing import Any, Callable

from qgis.PyQt.QtCore import QAbstractTableModel, QModelIndex, QObject, QSize, Qt, pyqtSignal

from . import words
from .answer import Match
from .examples import RIGHT, WRONG

PICTURE, RANK, SCORE, DISTANCE, LABEL = range(5)
MATCH_ROLE = Qt.ItemDataRole.UserRole + 1
SIDE = 64
"""Side of a picture in pixels of the screen's own unit."""

_KEYS: dict[int, Callable[[Match], Any]] = {
    PICTURE: lambda match: match["rank"],
    RANK: lambda match: match["rank"],
    SCORE: lambda match: -match["score"],
    DISTANCE: lambda match: match["distance_m"],
    LABEL: lambda match: ((RIGHT, WRONG, "").index(match.get("label") or ""), match["rank"]),
}


class ResultsModel(QAbstractTableModel):
    """The matches of one answer. ``picture_of`` gives a match's picture, or None while there is none."""

    judged = pyqtSignal(list, object)
    """Matches, and the verdict that a person gave them in the table: ``right``, ``wrong`` or None."""

    def __init__(self, picture_of: Callable[[Match], Any], parent: QObject | None = None):
        super().__init__(parent)
        self._picture_of = picture_of
        self._every: list[Match] = []
        self._shown: list[Match] = []
        self._sorted_by = (RANK, Qt.SortOrder.AscendingOrder)
        self._label: str | None = None

    def put(self, matches: list[Match]) -> None:
        """Shows these matches."""
        self.beginResetModel()
        self._every = list(matches)
        self._arrange()
        self.endResetModel()

    def show_label(self, label: str | None) -> None:
        """Shows only matches with a verdict: ``right``, ``wrong``, empty for those without, or None for all."""
        self.beginResetModel()
        self._label = label
        self._arrange()
        self.endResetModel()

    def match(self, row: int) -> Match:
        """The match in a row."""
        return self._shown[row]

    def row_of(self, id_: str) -> int:
        """The row of a match, or -1 when it is not shown."""
        return next((row for row, match in enumerate(self._shown) if match["id"] == id_), -1)

    @property
    def every(self) -> list[Match]:
        """All matches, also those that are filtered away, best first."""
        return self._every

    def pictures_changed(self) -> None:
        """Has all pictures drawn anew."""
        if self._shown:
            last = len(self._shown) - 1
            self.dataChanged.emit(self.index(0, PICTURE), self.index(last, PICTURE), [Qt.ItemDataRole.DecorationRole])

    def picture_ready(self, id_: str) -> None:
        """Has the picture of a match drawn."""
        row = self.row_of(id_)
        if row >= 0:
            index = self.index(row, PICTURE)
            self.dataChanged.emit(index, index, [Qt.ItemDataRole.DecorationRole])

    # ---- what Qt asks

    def rowCount(self, parent: QModelIndex = QModelIndex()) -> int:  # noqa: B008 - Qt's own default
        """Number of matches shown."""
        return 0 if parent.isValid() else len(self._shown)

    def columnCount(self, parent: QModelIndex = QModelIndex()) -> int:  # noqa: B008 - Qt's own default
        """Number of columns."""
        return 0 if parent.isValid() else len(_KEYS)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Titles of the columns and what they mean."""
        if orientation != Qt.Orientation.Horizontal:
            return None
        if role == Qt.ItemDataRole.DisplayRole:
            titles = (self.tr("Picture"), "#", self.tr("Score"), self.tr("Distance"), self.tr("Right?"))
            return titles[section]
        if role == Qt.ItemDataRole.ToolTipRole:
            return (
                self.tr("The place in the imagery that the map shows"),
                self.tr("Rank: 1 looks most similar"),
                self.tr("Cosine of the embeddings, at most 1; scores of different stores cannot be compared"),
                self.tr("From the nearest example"),
                self.tr("Mark a result right or wrong, and the ranking learns from it"),
            )[section]
        return None

    def data(self, index: QModelIndex, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """A cell."""
        if not index.isValid():
            return None
        match, column = self._shown[index.row()], index.column()
        if role == Qt.ItemDataRole.DisplayRole:
            return self._text(match, column)
        if role == Qt.ItemDataRole.DecorationRole and column == PICTURE:
            return self._picture_of(match)
        if role == Qt.ItemDataRole.TextAlignmentRole and column in (RANK, SCORE, DISTANCE):
            return Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        if role in (Qt.ItemDataRole.ToolTipRole, Qt.ItemDataRole.AccessibleTextRole):
            return self._in_words(match, column)
        if role == Qt.ItemDataRole.SizeHintRole and column == PICTURE:
            return QSize(SIDE + 6, SIDE + 6)
        if role == MATCH_ROLE:
            return match
        return None

    def sort(self, column: int, order: Qt.SortOrder = Qt.SortOrder.AscendingOrder) -> None:
        """Sorts; the selection stays on the same matches."""
        self.layoutAboutToBeChanged.emit()
        before = self._shown
        self._sorted_by = (column, order)
        self._arrange()
        rows = {match["id"]: row for row, match in enumerate(self._shown)}
        old = self.persistentIndexList()
        self.changePersistentIndexList(
            old, [self.index(rows[before[index.row()]["id"]], index.column()) for index in old]
        )
        self.layoutChanged.emit()

    def _arrange(self) -> None:
        column, order = self._sorted_by
        kept = [match for match in self._every if self._label is None or (match.get("label") or "") == self._label]
        self._shown = sorted(kept, key=_KEYS.get(column, _KEYS[RANK]), reverse=order == Qt.SortOrder.DescendingOrder)

    def _text(self, match: Match, column: int) -> str:
        if column == RANK:
            return words.number(match["rank"])
        if column == SCORE:
            return words.number(match["score"], 4)
        if column == DISTANCE:
            return words.distance(match["distance_m"])
        if column == LABEL:
            return self._label_text(match)
        return ""

    def _label_text(self, match: Match) -> str:
        return {RIGHT: self.tr("right"), WRONG: self.tr("wrong")}.get(match.get("label") or "", "")

    def _in_words(self, match: Match, column: int) -> str:
        if column == LABEL:
            return self._label_text(match) or self.tr(
                "Click the tick if this is right, the cross if it is wrong (+ and − keys)"
            )
        said = [
            self.tr("Rank {rank}, score {score}, {distance} away").format(
                rank=words.number(match["rank"]),
                score=words.number(match["score"], 4),
                distance=words.distance(match["distance_m"]),
            ),
            words.place(match["lon"], match["lat"]),
            self.tr("Patch {id}").format(id=match["id"]),
        ]
        if match.get("time"):
            said.append(match["time"][:16].replace("T", " "))
        said += [f"{name}: {value}" for name, value in (match.get("attributes") or {}).items() if value is not None]
        return "\n".join(said)
