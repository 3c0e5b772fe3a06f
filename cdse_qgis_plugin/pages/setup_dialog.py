"""The engine set-up in a window of its own."""

from __future__ import annotations

from qgis.gui import QgsGui
from qgis.PyQt.QtWidgets import QDialog, QDialogButtonBox, QFrame, QScrollArea, QVBoxLayout, QWidget

from ..engine_link.link import EngineLink
from ..resources import icon
from .setup_page import SetupPage

_BESIDE_SCROLL_BAR = 6


class SetupDialog(QDialog):
    """The set-up page with a scroll bar and a Close button; closing it stops nothing."""

    def __init__(self, link: EngineLink, parent: QWidget | None = None):
        super().__init__(parent)
        self.setObjectName("copernicusEngineSetup")
        self.setWindowTitle(self.tr("Engine set-up"))
        self.setWindowIcon(icon("engine"))
        self.page = SetupPage(link, self)
        scroll = QScrollArea(self)
        scroll.setFrameShape(QFrame.Shape.NoFrame)
        scroll.setWidgetResizable(True)
        self.page.layout().setContentsMargins(0, 0, _BESIDE_SCROLL_BAR, 0)
        scroll.setWidget(self.page)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close, self)
        buttons.rejected.connect(self.reject)
        column = QVBoxLayout(self)
        column.addWidget(scroll)
        column.addWidget(buttons)
        self.resize(520, 480)
        QgsGui.enableAutoGeometryRestore(self)


def open_setup(link: EngineLink, parent: QWidget | None = None) -> SetupDialog:
    """Shows the set-up, bringing a window that is open already to the front; returns the window."""
    found = parent.findChild(SetupDialog) if parent is not None else None
    dialog = found or SetupDialog(link, parent)
    dialog.show()
    dialog.raise_()
    dialog.activateWindow()
    return dialog
