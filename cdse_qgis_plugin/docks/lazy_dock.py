"""A dock whose content is made when it is first needed, so that QGIS starts as fast as without it."""

from __future__ import annotations

from typing import Any, Callable

from qgis.gui import QgsDockWidget
from qgis.PyQt.QtCore import QTimer, pyqtSignal
from qgis.PyQt.QtWidgets import QWidget


class LazyDock(QgsDockWidget):
    """Asks ``make`` for what it shows; that has a ``panel`` to show and a ``remove`` to take it all back."""

    made = pyqtSignal(object)
    """The content has been made."""

    def __init__(self, title: str, name: str, make: Callable[[], Any], parent: QWidget | None = None):
        super().__init__(title, parent)
        self.setObjectName(name)
        self._make: Callable[[], Any] | None = make
        self._content: Any = None
        # A dock that was open last time is shown while QGIS is still starting: let that finish first.
        self._soon = QTimer(self)
        self._soon.setSingleShot(True)
        self._soon.setInterval(0)
        self._soon.timeout.connect(self._fill)
        self.visibilityChanged.connect(lambda is_visible: self._soon.start() if is_visible else self._soon.stop())

    @property
    def is_made(self) -> bool:
        """Whether there is content already."""
        return self._content is not None

    def content(self) -> Any:
        """The content; made now unless it was made before."""
        if self._content is None:
            self._content = self._make()
            self.setWidget(self._content.panel)
            self.made.emit(self._content)
        return self._content

    def _fill(self) -> None:
        if self._make is not None:
            self.content()

    def remove(self) -> None:
        """Takes the content back."""
        self._soon.stop()
        self._make = None  # a dock that is shown once more on its way out must not fill itself anew
        content, self._content = self._content, None
        if content is not None:
            content.remove()
            content.deleteLater()
