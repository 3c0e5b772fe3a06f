"""What the Similarity dock shows, top to bottom: widgets only; the conductor makes them work."""

from __future__ import annotations

from collections.abc import Callable

from qgis.gui import QgsMapCanvas
from qgis.PyQt.QtCore import QEvent, QSize, Qt, pyqtSignal
from qgis.PyQt.QtGui import QKeyEvent, QKeySequence
from qgis.PyQt.QtWidgets import (
    QComboBox,
    QFrame,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QScrollArea,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from ..resources import icon
from .parts.examples import RIGHT, WRONG
from .parts.examples_row import ExamplesRow
from .parts.message_line import MessageLine
from .parts.options import SearchOptions
from .parts.progress_row import ProgressRow
from .parts.results_model import ResultsModel
from .parts.results_table import ResultsTable
from .parts.score_panel import ScorePanel
from .parts.store_chooser import ContextLine, StoreChooser

_WIDTH, _HEIGHT = 360, 700
_UNDO, _REDO = QKeySequence.StandardKey.Undo, QKeySequence.StandardKey.Redo


class SimilarityPanel(QWidget):
    """The parts of the dock in their order, also for the Tab key."""

    undo_asked = pyqtSignal()
    redo_asked = pyqtSignal()

    def __init__(self, canvas: QgsMapCanvas, picture_of: Callable, parent: QWidget | None = None):
        super().__init__(parent)
        self.setObjectName("similarityPanel")
        self.context = ContextLine(self)
        self.messages = MessageLine(self)
        self.stores = StoreChooser(self)
        self.progress = ProgressRow(self)
        self.start = StartPage(self)
        self.examples = ExamplesRow(self)
        self.options = SearchOptions(canvas, self)
        self.find = QPushButton(icon("similarity"), self.tr("Find similar places"), self)
        self.find.setObjectName("findButton")
        self.find.setToolTip(self.tr("Search with these examples and options; a click on the map does so by itself"))
        self.find.setDefault(True)
        font = self.find.font()
        font.setBold(True)
        self.find.setFont(font)
        self.results = ResultsSection(ResultsModel(picture_of, self), self)
        self.scores = ScorePanel(self)
        self._work = QWidget(self)
        work = _column(self._work)
        for part in (self.examples, self.options, self.find):
            work.addWidget(part)
        work.addWidget(self.results, 1)
        work.addWidget(self.scores)
        self._room_below = QWidget(self._work)
        work.addWidget(self._room_below, 1)
        inner = QWidget(self)
        column = _column(inner)
        column.setContentsMargins(6, 4, 6, 6)
        for part in (self.context, self.messages, self.stores, self.progress, self.start):
            column.addWidget(part)
        column.addWidget(self._work, 1)
        scroll = QScrollArea(self)
        scroll.setObjectName("similarityScroll")
        scroll.setWidgetResizable(True)
        scroll.setFrameShape(QFrame.Shape.NoFrame)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll.setWidget(inner)
        outer = _column(self)
        outer.addWidget(scroll)
        self.show_store(False)
        self.show_results(False)

    def show_store(self, is_open: bool) -> None:
        """Shows the work, or what to begin with while no store is open."""
        self.start.setVisible(not is_open)
        self._work.setVisible(is_open)

    def show_results(self, are_there: bool) -> None:
        """Shows the results, once there have been any."""
        self.results.setVisible(are_there)
        self.scores.setVisible(are_there)
        self._room_below.setVisible(not are_there)

    def event(self, event: QEvent) -> bool:
        """Claims the keys of undo and redo, which otherwise go to QGIS's own undo of edits."""
        if event.type() == QEvent.Type.ShortcutOverride and (event.matches(_UNDO) or event.matches(_REDO)):
            event.accept()
            return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Undoes and redoes."""
        if event.matches(_UNDO):
            self.undo_asked.emit()
        elif event.matches(_REDO):
            self.redo_asked.emit()
        else:
            super().keyPressEvent(event)

    def sizeHint(self) -> QSize:
        """The size it is made for."""
        return QSize(_WIDTH, _HEIGHT)

    def minimumSizeHint(self) -> QSize:
        """What it can be squeezed to; the rest scrolls."""
        return QSize(320, 240)


class StartPage(QWidget):
    """What to begin with: three lines and the ways to get a store."""

    offline_asked = pyqtSignal()
    make_asked = pyqtSignal()
    open_asked = pyqtSignal()
    import_asked = pyqtSignal()

    def __init__(self, parent: QWidget | None = None):
        super().__init__(parent)
        self.setObjectName("startPage")
        column = _column(self)
        column.setSpacing(8)
        words = QLabel(
            self.tr(
                "<p><b>Click a place on the map and see where else looks like it.</b></p>"
                "<p>That needs an embedding store: it describes every place of an image by numbers, so that places "
                "can be compared. It is made once.</p>"
                "<p>No network, no account and no graphics card are needed.</p>"
            ),
            self,
        )
        words.setWordWrap(True)
        words.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Minimum)
        column.addWidget(words)
        for name, picture, text, tip, signal in (
            (
                "tryOfflineButton",
                "example",
                self.tr("Try it offline now"),
                self.tr("Makes up a landscape, encodes it and shows it on the map, ready to be clicked"),
                self.offline_asked,
            ),
            (
                "makeFromImageButton",
                "encoder",
                self.tr("Make from image…"),
                self.tr("Make a store from any raster: a layer of the project or a file"),
                self.make_asked,
            ),
            (
                "importEmbeddingsButton",
                "import",
                self.tr("Import embeddings…"),
                self.tr("Make a store from a Parquet file with embeddings, such as Major TOM's"),
                self.import_asked,
            ),
            (
                "openStoreButton",
                "store",
                self.tr("Open store…"),
                self.tr("Open the folder of a store that is there already"),
                self.open_asked,
            ),
        ):
            button = QPushButton(icon(picture), text, self)
            button.setObjectName(name)
            button.setToolTip(tip)
            button.clicked.connect(signal)
            column.addWidget(button)
        column.addStretch(1)


class ResultsSection(QWidget):
    """The table of results with what stands above and below it."""

    judge_asked = pyqtSignal(object)
    """The selected results are right or wrong."""
    export_asked = pyqtSignal()

    def __init__(self, model: ResultsModel, parent: QWidget | None = None):
        super().__init__(parent)
        self.model = model
        self.said = QLabel(self)
        self.said.setObjectName("resultsSentence")
        self.said.setWordWrap(True)
        self.said.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Minimum)
        self.filter = QComboBox(self)
        self.filter.setObjectName("resultsFilter")
        self.filter.setAccessibleName(self.tr("Which results are listed"))
        self.filter.setToolTip(self.tr("Which results are listed"))
        for text, label in (
            (self.tr("All"), None),
            (self.tr("Not judged"), ""),
            (self.tr("Right"), RIGHT),
            (self.tr("Wrong"), WRONG),
        ):
            self.filter.addItem(text, label)
        self.filter.currentIndexChanged.connect(lambda _: model.show_label(self.filter.currentData()))
        self.table = ResultsTable(model, self)
        self.right = self._button("right", self.tr("Right"), self.tr("Mark the selected results right (+)"))
        self.wrong = self._button("wrong", self.tr("Wrong"), self.tr("Mark the selected results wrong (−)"))
        self.export = self._button("export", self.tr("Export…"), self.tr("Write a GeoPackage or GeoParquet file"))
        self.right.clicked.connect(lambda: self.judge_asked.emit(RIGHT))
        self.wrong.clicked.connect(lambda: self.judge_asked.emit(WRONG))
        self.export.clicked.connect(lambda: self.export_asked.emit())
        top = QHBoxLayout()
        top.addWidget(self.said, 1)
        top.addWidget(self.filter)
        buttons = QHBoxLayout()
        buttons.setSpacing(4)
        for button in (self.right, self.wrong, self.export):
            buttons.addWidget(button)
        column = _column(self)
        column.addLayout(top)
        column.addWidget(self.table, 1)
        column.addLayout(buttons)
        self.table.selectionModel().selectionChanged.connect(lambda *_: self._selection_changed())
        model.modelReset.connect(self._selection_changed)
        self._selection_changed()

    def _button(self, name: str, text: str, tip: str) -> QPushButton:
        button = QPushButton(icon(name), text, self)
        button.setObjectName(f"{name}Button")
        button.setToolTip(tip)
        button.setMinimumWidth(40)
        return button

    def _selection_changed(self) -> None:
        has_any = self.table.selectionModel().hasSelection()
        self.right.setEnabled(has_any)
        self.wrong.setEnabled(has_any)
        self.export.setEnabled(bool(self.model.every))


def _column(widget: QWidget) -> QVBoxLayout:
    column = QVBoxLayout(widget)
    column.setContentsMargins(0, 0, 0, 0)
    column.setSpacing(6)
    return column
