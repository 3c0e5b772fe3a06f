"""The table of service addresses in which single ones can be overridden."""

from __future__ import annotations

from qgis.core import QgsApplication
from qgis.PyQt.QtCore import Qt, pyqtSignal
from qgis.PyQt.QtGui import QIcon
from qgis.PyQt.QtWidgets import (
    QAbstractItemView,
    QHeaderView,
    QPushButton,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from ..engine_link.addresses import default_addresses, is_address

_NAME, _ADDRESS = 0, 1
_HEIGHT = 200
_NAME_WIDTH = 150


class AddressesTable(QWidget):
    """Service by service, the address in use; one that differs from the engine's own is bold."""

    changed = pyqtSignal()

    def __init__(self, parent: QWidget | None = None):
        super().__init__(parent)
        self._defaults = default_addresses()
        self._table = QTableWidget(len(self._defaults), 2, self)
        self._table.setObjectName("addressesTable")
        self._table.setAccessibleName(self.tr("Service addresses"))
        self._table.setHorizontalHeaderLabels([self.tr("Service"), self.tr("Address")])
        self._table.verticalHeader().hide()
        self._table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self._table.setTabKeyNavigation(False)
        self._table.setMinimumHeight(_HEIGHT)
        header = self._table.horizontalHeader()
        header.setSectionResizeMode(_NAME, QHeaderView.ResizeMode.Interactive)
        header.resizeSection(_NAME, _NAME_WIDTH)
        header.setStretchLastSection(True)
        for row, name in enumerate(self._defaults):
            item = QTableWidgetItem(name)
            item.setToolTip(name)
            item.setFlags(Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable)
            self._table.setItem(row, _NAME, item)
            self._table.setItem(row, _ADDRESS, QTableWidgetItem())
        self._reset = QPushButton(self.tr("Reset selected"), self)
        self._reset.setObjectName("resetAddressesButton")
        self._reset.setToolTip(self.tr("Go back to the engine's own address for the selected services"))
        self._reset.clicked.connect(lambda: self._reset_selected())
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self._table)
        column.addWidget(self._reset)
        self.set_overrides({})
        self._table.itemChanged.connect(self._take)

    def overrides(self) -> dict[str, str]:
        """The addresses that differ from the engine's own, by service."""
        shown = {name: self._table.item(row, _ADDRESS).text().strip() for row, name in enumerate(self._defaults)}
        return {name: text for name, text in shown.items() if text and text != self._defaults[name]}

    def set_overrides(self, addresses: dict[str, str]) -> None:
        """Shows these addresses instead of the engine's own."""
        for row, name in enumerate(self._defaults):
            self._show(row, addresses.get(name, self._defaults[name]))

    def faults(self) -> list[str]:
        """The services whose address is none."""
        return [name for name, text in self.overrides().items() if not is_address(text)]

    def _reset_selected(self) -> None:
        for index in self._table.selectionModel().selectedRows(_NAME):
            self._show(index.row(), self._defaults[self._table.item(index.row(), _NAME).text()])
        self.changed.emit()

    def _take(self, item: QTableWidgetItem) -> None:
        if item.column() == _ADDRESS:
            name = self._table.item(item.row(), _NAME).text()
            self._show(item.row(), item.text().strip() or self._defaults[name])
            self.changed.emit()

    def _show(self, row: int, text: str) -> None:
        self._table.blockSignals(True)
        item = self._table.item(row, _ADDRESS)
        name = self._table.item(row, _NAME).text()
        item.setText(text)
        font = item.font()
        font.setBold(text != self._defaults[name])
        item.setFont(font)
        if is_address(text):
            item.setToolTip(self.tr("The engine's own: {address}").format(address=self._defaults[name]))
            item.setIcon(QIcon())
        else:
            item.setToolTip(self.tr("Not an address: write it in full, beginning with https://"))
            item.setIcon(QgsApplication.getThemeIcon("/mIconWarning.svg"))
        self._table.blockSignals(False)
        self._table.viewport().update()
