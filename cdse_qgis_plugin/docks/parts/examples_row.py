"""The examples of a search: the button of the map tool, undo, redo, clear, and the list with what each one says."""

from __future__ import annotations

from qgis.core import QgsApplication
from qgis.PyQt.QtCore import QSize, Qt, pyqtSignal
from qgis.PyQt.QtGui import QKeySequence
from qgis.PyQt.QtWidgets import (
    QAction,
    QHBoxLayout,
    QLabel,
    QListWidget,
    QListWidgetItem,
    QSizePolicy,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from ...resources import icon
from . import words
from .examples import CLICKED, RIGHT, WRONG, Examples

_ROWS_SHOWN = 3


class ExamplesRow(QWidget):
    """Says which examples there are and lets a person change them."""

    tool_wanted = pyqtSignal(bool)
    """The map tool is switched on or off."""
    removed = pyqtSignal(list)
    """Positions of examples to take away."""
    cleared = pyqtSignal()
    undone = pyqtSignal()
    redone = pyqtSignal()
    zoom_asked = pyqtSignal(int)
    """The position of an example."""

    def __init__(self, parent: QWidget | None = None):
        super().__init__(parent)
        self.tool = QToolButton(self)
        self.tool.setObjectName("exampleToolButton")
        self.tool.setText(self.tr("Click the map"))
        self.tool.setIcon(icon("example"))
        self.tool.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.tool.setCheckable(True)
        self.tool.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.tool.setToolTip(
            self.tr("Click a place on the map to find similar ones; Shift adds a right example, Ctrl a wrong one")
        )
        self.tool.clicked.connect(self.tool_wanted)
        self.undo = self._small("undoButton", self.tr("Undo"), "mActionUndo", QKeySequence.StandardKey.Undo)
        self.redo = self._small("redoButton", self.tr("Redo"), "mActionRedo", QKeySequence.StandardKey.Redo)
        self.clear = self._small("clearButton", self.tr("Clear the examples"), "", None)
        self.undo.clicked.connect(lambda: self.undone.emit())
        self.redo.clicked.connect(lambda: self.redone.emit())
        self.clear.clicked.connect(lambda: self.cleared.emit())
        buttons = QHBoxLayout()
        buttons.setSpacing(2)
        for button in (self.tool, self.undo, self.redo, self.clear):
            buttons.addWidget(button)
        self._hint = QLabel(self.tr("Click a place on the map. We look for places that look like it."), self)
        self._hint.setWordWrap(True)
        self._list = self._make_list()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        column.addLayout(buttons)
        column.addWidget(self._hint)
        column.addWidget(self._list)
        self.show_examples(Examples())

    def show_examples(self, examples: Examples) -> None:
        """Shows the present examples."""
        names = {
            CLICKED: self.tr("Clicked place"),
            RIGHT: self.tr("Right"),
            WRONG: self.tr("Wrong"),
        }
        self._list.clear()
        for example in examples.now.examples:
            where = f"{words.number(example.lat, 4)}°, {words.number(example.lon, 4)}°"
            item = QListWidgetItem(icon(example.kind), f"{names[example.kind]}  {where}")
            place = words.place(example.lon, example.lat)
            patch = self.tr("Patch {id}").format(id=example.id) if example.id else ""
            item.setToolTip("\n".join(filter(None, (names[example.kind], place, patch))))
            self._list.addItem(item)
        count = self._list.count()
        row = max(18, self._list.sizeHintForRow(0)) if count else 0
        self._list.setFixedHeight(row * min(count, _ROWS_SHOWN) + 2 * self._list.frameWidth() + 2)
        self._list.setVisible(count > 0)
        self._hint.setVisible(count == 0)
        self.undo.setEnabled(examples.can_undo)
        self.redo.setEnabled(examples.can_redo)
        self.clear.setEnabled(count > 0)

    def _make_list(self) -> QListWidget:
        made = QListWidget(self)
        made.setObjectName("examplesList")
        made.setAccessibleName(self.tr("Examples"))
        made.setToolTip(self.tr("Double-click zooms to an example, Delete takes it away"))
        made.setIconSize(QSize(14, 14))
        made.setUniformItemSizes(True)
        made.setTextElideMode(Qt.TextElideMode.ElideRight)
        made.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        made.setSelectionMode(QListWidget.SelectionMode.ExtendedSelection)
        made.itemDoubleClicked.connect(lambda item: self.zoom_asked.emit(made.row(item)))
        made.setContextMenuPolicy(Qt.ContextMenuPolicy.ActionsContextMenu)
        remove = QAction(self.tr("Take away"), made)
        remove.setShortcut(QKeySequence(QKeySequence.StandardKey.Delete))
        remove.setShortcutContext(Qt.ShortcutContext.WidgetShortcut)
        remove.triggered.connect(self._remove_selected)
        made.addAction(remove)
        return made

    def _remove_selected(self) -> None:
        rows = [index.row() for index in self._list.selectedIndexes()]
        if rows:
            self.removed.emit(rows)

    def _small(self, name: str, text: str, theme: str, key: QKeySequence.StandardKey | None) -> QToolButton:
        button = QToolButton(self)
        button.setObjectName(name)
        button.setIcon(QgsApplication.getThemeIcon(f"/{theme}.svg") if theme else icon("clear"))
        keys = f" ({QKeySequence(key).toString(QKeySequence.SequenceFormat.NativeText)})" if key else ""
        button.setToolTip(text + keys)
        button.setAccessibleName(text)
        button.setAutoRaise(True)
        return button
