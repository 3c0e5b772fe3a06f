"""One line that says how the engine is."""

from __future__ import annotations

from qgis.core import QgsApplication
from qgis.PyQt.QtCore import Qt
from qgis.PyQt.QtWidgets import QHBoxLayout, QLabel, QSizePolicy, QStyle, QWidget

from ..engine_link.link import EngineLink


class StateLine(QWidget):
    """An icon and the link's own sentence, always up to date."""

    def __init__(self, link: EngineLink, parent: QWidget | None = None):
        super().__init__(parent)
        self._link = link
        self.setObjectName("engineStateLine")
        self._icon = QLabel(self)
        self._text = QLabel(self)
        self._text.setObjectName("engineStateText")
        self._text.setWordWrap(True)
        self._text.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._text.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Minimum)
        self._text.setAccessibleName(self.tr("State of the engine"))
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self._icon, 0, Qt.AlignmentFlag.AlignTop)
        row.addWidget(self._text, 1)
        link.state_changed.connect(self.refresh)
        self.refresh()

    def refresh(self) -> None:
        """Shows how the engine is now."""
        state = self._link.state()
        name = "/mIconSuccess.svg" if state.usable else "/mIconWarning.svg"
        size = self.style().pixelMetric(QStyle.PixelMetric.PM_SmallIconSize)
        self._icon.setPixmap(QgsApplication.getThemeIcon(name).pixmap(size, size))
        self._text.setText(state.text)
        self._text.setToolTip(state.text)
