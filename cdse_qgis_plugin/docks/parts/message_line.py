"""The dock's own message bar: what happened, what it means, what to do, with details that fold out."""

from __future__ import annotations

from typing import Callable

from qgis.core import Qgis, QgsApplication
from qgis.gui import QgsMessageBar
from qgis.PyQt.QtCore import Qt
from qgis.PyQt.QtWidgets import QHBoxLayout, QLabel, QPlainTextEdit, QPushButton, QSizePolicy, QVBoxLayout, QWidget

from ...engine_link.call import CallFailed

_INFO_S = 8
_DETAILS_HEIGHT = 110

WayOn = tuple  # (text, function)


class MessageLine(QgsMessageBar):
    """Shows one message at a time, whole sentences however narrow the dock is."""

    def __init__(self, parent: QWidget | None = None):
        super().__init__(parent)
        self.setObjectName("messageBar")
        self.setAccessibleName(self.tr("Messages"))

    def say(self, text: str, level: Qgis.MessageLevel = Qgis.MessageLevel.Info, stays: bool = False) -> None:
        """Shows a sentence for a while."""
        self._put(_Message(text, "", None, self), level, 0 if stays else _INFO_S)

    def warn(self, text: str, way_on: WayOn | None = None) -> None:
        """Shows what stands in the way, until it is closed or something else happens."""
        self._put(_Message(text, "", way_on, self), Qgis.MessageLevel.Warning, 0)

    def fail(self, failure: CallFailed, way_on: WayOn | None = None) -> None:
        """Shows a failure and, as a button, the way on."""
        self._put(_Message(str(failure), failure.details, way_on, self), Qgis.MessageLevel.Warning, 0)

    def calm(self) -> None:
        """Takes messages away; what they spoke of is over."""
        self.clearWidgets()

    def text(self) -> str:
        """What is being said, for tests and for screen readers."""
        item = self.currentItem()
        message = item.findChild(_Message) if item else None
        return message.text if message else ""

    def _put(self, message: _Message, level: Qgis.MessageLevel, seconds: int) -> None:
        self.clearWidgets()
        self.pushWidget(message, level, seconds)


class _Message(QWidget):
    """A wrapped text with its buttons under it."""

    def __init__(self, text: str, details: str, way_on: WayOn | None, parent: QWidget):
        super().__init__(parent)
        self.text = text
        label = QLabel(text, self)
        label.setObjectName("messageText")
        label.setWordWrap(True)
        label.setTextFormat(Qt.TextFormat.PlainText)
        label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        # It may be as narrow as the dock, and takes all the width there is.
        label.setMinimumWidth(10)
        label.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Minimum)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Minimum)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 2, 0, 2)
        column.setSpacing(4)
        column.addWidget(label)
        if way_on:
            column.addLayout(_row(self._button(*way_on, "wayOnButton")))
        if details:
            self._details = QPlainTextEdit(details, self)
            self._details.setReadOnly(True)
            self._details.setFixedHeight(_DETAILS_HEIGHT)
            self._details.setAccessibleName(self.tr("Details"))
            self._details.hide()
            copied = f"{text}\n\n{details}"
            unfold = self._button(self.tr("Details"), self._show_details, "detailsButton")
            copy = self._button(self.tr("Copy details"), lambda: _copy(copied), "copyDetailsButton")
            column.addLayout(_row(unfold, copy))
            column.addWidget(self._details)

    def _button(self, text: str, function: Callable[[], None], name: str) -> QPushButton:
        button = QPushButton(text, self)
        button.setObjectName(name)
        button.clicked.connect(lambda: function())
        return button

    def _show_details(self) -> None:
        self._details.setVisible(not self._details.isVisible())


def _row(*buttons: QPushButton) -> QHBoxLayout:
    row = QHBoxLayout()
    for button in buttons:
        row.addWidget(button)
    row.addStretch(1)
    return row


def _copy(text: str) -> None:
    QgsApplication.clipboard().setText(text)
