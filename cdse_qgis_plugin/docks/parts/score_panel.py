"""Scores everywhere: the button, the slider of the threshold, and how many places lie above it."""

from __future__ import annotations

from qgis.PyQt.QtCore import Qt, QTimer, pyqtSignal
from qgis.PyQt.QtWidgets import QHBoxLayout, QLabel, QPushButton, QSizePolicy, QSlider, QVBoxLayout, QWidget

from ...layers.score_levels import STEPS, ScoreLevels
from ...resources import icon
from . import words

_SETTLED_MS = 350


class ScorePanel(QWidget):
    """Offers to score every place; the slider appears with the scores."""

    score_asked = pyqtSignal()
    moved = pyqtSignal(int)
    """The slider is being moved; its step."""
    settled = pyqtSignal(int)
    """The slider has come to rest; its step."""

    def __init__(self, parent: QWidget | None = None):
        super().__init__(parent)
        self._levels: ScoreLevels | None = None
        self.button = QPushButton(icon("score"), self.tr("Score everywhere"), self)
        self.button.setObjectName("scoreEverywhereButton")
        self.button.setToolTip(self.tr("Give every place of the store a score of likeness, as a layer of its own"))
        self.button.clicked.connect(lambda: self.score_asked.emit())
        self.slider = QSlider(Qt.Orientation.Horizontal, self)
        self.slider.setObjectName("thresholdSlider")
        self.slider.setRange(0, STEPS)
        self.slider.setPageStep(10)
        self.slider.setAccessibleName(self.tr("Threshold of the scores on the map"))
        self.slider.setToolTip(self.tr("Right: only the best places. Left: all of them"))
        self._label = QLabel(self)
        self._label.setObjectName("thresholdLabel")
        self._label.setWordWrap(True)
        self._label.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Minimum)
        row = QHBoxLayout()
        row.addWidget(QLabel(self.tr("all"), self))
        row.addWidget(self.slider, 1)
        row.addWidget(QLabel(self.tr("best"), self))
        self._sliding = QWidget(self)
        self._sliding.setLayout(QVBoxLayout())
        self._sliding.layout().setContentsMargins(0, 0, 0, 0)
        self._sliding.layout().setSpacing(2)
        self._sliding.layout().addLayout(row)
        self._sliding.layout().addWidget(self._label)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        column.addWidget(self.button)
        column.addWidget(self._sliding)
        self._rest = QTimer(self)
        self._rest.setSingleShot(True)
        self._rest.setInterval(_SETTLED_MS)
        self._rest.timeout.connect(lambda: self.settled.emit(self.slider.value()))
        self.slider.valueChanged.connect(self._on_moved)
        self.slider.sliderReleased.connect(self._rest.start)
        self.show_levels(None, 0)

    def show_levels(self, levels: ScoreLevels | None, step: int) -> None:
        """Shows the slider for a layer of scores, or hides it for None."""
        self._levels = levels
        self._sliding.setVisible(levels is not None)
        if levels is not None:
            self.slider.blockSignals(True)
            self.slider.setValue(step)
            self.slider.blockSignals(False)
            self._tell(step)

    def show_outdated(self, is_outdated: bool) -> None:
        """Says that the scores on the map are those of other examples."""
        self.button.setText(self.tr("Score everywhere again") if is_outdated else self.tr("Score everywhere"))

    def _on_moved(self, step: int) -> None:
        self._tell(step)
        self.moved.emit(step)
        if not self.slider.isSliderDown():
            self._rest.start()

    def _tell(self, step: int) -> None:
        if self._levels is None:
            return
        threshold = self._levels.threshold(step)
        kept = self._levels.kept(threshold)
        self._label.setText(
            self.tr("{kept} of {count} places · {share} · score ≥ {score}").format(
                kept=words.number(kept),
                count=words.number(self._levels.count),
                share=words.share(kept / self._levels.count),
                score=words.number(threshold, 4),
            )
        )
