"""The row that says what is being done, how far it is, and stops it."""

from __future__ import annotations

from qgis.PyQt.QtCore import pyqtSignal
from qgis.PyQt.QtWidgets import QHBoxLayout, QLabel, QProgressBar, QPushButton, QSizePolicy, QVBoxLayout, QWidget

from .asking import Asking


class ProgressRow(QWidget):
    """Words, a bar, and Cancel beside it; hidden while nothing is done."""

    cancelled = pyqtSignal()

    def __init__(self, parent: QWidget | None = None):
        super().__init__(parent)
        self.setObjectName("progressRow")
        self._words = QLabel(self)
        self._words.setObjectName("progressWords")
        self._words.setWordWrap(True)
        self._words.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Minimum)
        self._bar = QProgressBar(self)
        self._bar.setTextVisible(False)
        self._bar.setMaximumHeight(10)
        self._bar.setAccessibleName(self.tr("Progress"))
        self._button = QPushButton(self.tr("Cancel"), self)
        self._button.setObjectName("cancelButton")
        self._button.setToolTip(self.tr("Stop this; what was there before stays as it is"))
        self._button.clicked.connect(self._cancel)
        column = QVBoxLayout()
        column.setSpacing(2)
        column.addWidget(self._words)
        column.addWidget(self._bar)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 2, 0, 2)
        row.addLayout(column, 1)
        row.addWidget(self._button)
        self.hide()

    def follow(self, asking: Asking) -> None:
        """Shows what is being asked, once it takes long enough, and stops it on Cancel."""
        asking.showing.connect(self.begin)
        asking.progressed.connect(self.progress)
        asking.over.connect(self.hide)
        self.cancelled.connect(asking.cancel)

    def begin(self, words: str) -> None:
        """Shows that something is being done."""
        if not self.isVisibleTo(self.parentWidget()):
            self._button.setEnabled(True)
            self._bar.setRange(0, 0)
        self._words.setText(words)
        self.show()

    def progress(self, share: float, words: str) -> None:
        """Shows how far it is, from 0 to 1 or -1 when that is unknown."""
        if words and self._button.isEnabled():
            self._words.setText(words)
        if share < 0:
            self._bar.setRange(0, 0)
        else:
            self._bar.setRange(0, 1000)
            self._bar.setValue(round(share * 1000))

    def _cancel(self) -> None:
        self._button.setEnabled(False)
        self._words.setText(self.tr("Stopping…"))
        self.cancelled.emit()
