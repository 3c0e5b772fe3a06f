"""About the plugin, and its diagnostics."""

from __future__ import annotations

from qgis.core import QgsApplication
from qgis.gui import QgsGui
from qgis.PyQt.QtCore import Qt
from qgis.PyQt.QtGui import QFontDatabase
from qgis.PyQt.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QFrame,
    QHBoxLayout,
    QLabel,
    QPlainTextEdit,
    QPushButton,
    QScrollArea,
    QSizePolicy,
    QTabWidget,
    QVBoxLayout,
    QWidget,
)

from ..engine_link.link import EngineLink
from ..resources import icon
from .diagnostics import as_text, collect, plugin_metadata
from .state_line import StateLine

_ICON = 48


class AboutDialog(QDialog):
    """What the plugin is, how its engine is, and what a support person asks for."""

    def __init__(self, link: EngineLink, parent: QWidget | None = None):
        super().__init__(parent)
        self._link = link
        self.setObjectName("copernicusAbout")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self._metadata = plugin_metadata()
        name = self._metadata.get("name", "Copernicus AI")
        self.setWindowTitle(self.tr("About {name}").format(name=name))
        self.setWindowIcon(icon("copernicus"))
        tabs = QTabWidget(self)
        tabs.addTab(self._about(name), self.tr("About"))
        tabs.addTab(self._diagnostics(), self.tr("Diagnostics"))
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close, self)
        buttons.rejected.connect(self.reject)
        column = QVBoxLayout(self)
        column.addWidget(tabs)
        column.addWidget(buttons)
        self.resize(520, 440)
        QgsGui.enableAutoGeometryRestore(self)
        tabs.currentChanged.connect(lambda _index: self.refresh())
        self.refresh()

    def refresh(self) -> None:
        """Collects the diagnostics anew."""
        self._text.setPlainText(as_text(collect(self._link)))

    def text(self) -> str:
        """The diagnostics as they are shown and copied."""
        return self._text.toPlainText()

    # ---- parts

    def _about(self, name: str) -> QWidget:
        page = QWidget(self)
        picture = QLabel(page)
        picture.setPixmap(icon("copernicus").pixmap(_ICON, _ICON))
        title = self._sentence(page, f"<b>{name}</b> {self._metadata.get('version', '')}")
        head = QHBoxLayout()
        head.addWidget(picture, 0, Qt.AlignmentFlag.AlignTop)
        head.addWidget(title, 1)
        address = self._metadata.get("homepage", "")
        tracker = self._metadata.get("tracker", "")
        column = QVBoxLayout(page)
        column.addLayout(head)
        column.addWidget(self._sentence(page, self._metadata.get("about", "")))
        column.addWidget(StateLine(self._link, page))
        links = self.tr("<a href='{home}'>Source code and manual</a> · <a href='{tracker}'>Report a problem</a>")
        column.addWidget(self._sentence(page, links.format(home=address, tracker=tracker)))
        licence = self.tr(
            "Free software under the GNU General Public License, version 2 or later. Data of the Copernicus programme "
            "are free and open; each result names its source and licence in the layer's metadata."
        )
        column.addWidget(self._sentence(page, licence))
        column.addStretch(1)
        scroll = QScrollArea(self)
        scroll.setFrameShape(QFrame.Shape.NoFrame)
        scroll.setWidgetResizable(True)
        scroll.setWidget(page)
        return scroll

    def _diagnostics(self) -> QWidget:
        page = QWidget(self)
        self._text = QPlainTextEdit(page)
        self._text.setObjectName("diagnosticsText")
        self._text.setReadOnly(True)
        self._text.setTabChangesFocus(True)
        self._text.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
        self._text.setFont(QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont))
        self._text.setAccessibleName(self.tr("Diagnostics"))
        copy = QPushButton(self.tr("Copy diagnostics"), page)
        copy.setObjectName("copyDiagnosticsButton")
        copy.setToolTip(self.tr("Copy this for a report; it holds no passwords, and your home folder is written “~”"))
        copy.clicked.connect(lambda: QgsApplication.clipboard().setText(self.text()))
        column = QVBoxLayout(page)
        column.addWidget(self._text)
        column.addWidget(copy)
        return page

    def _sentence(self, page: QWidget, text: str) -> QLabel:
        label = QLabel(text, page)
        label.setWordWrap(True)
        label.setOpenExternalLinks(True)
        label.setTextInteractionFlags(Qt.TextInteractionFlag.TextBrowserInteraction)
        label.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Minimum)
        return label
