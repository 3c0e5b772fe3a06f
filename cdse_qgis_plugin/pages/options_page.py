"""The plugin's page in QGIS's options."""

from __future__ import annotations

from qgis.gui import QgsCollapsibleGroupBox, QgsFileWidget, QgsOptionsPageWidget
from qgis.PyQt.QtWidgets import QFormLayout, QGroupBox, QLabel, QSpinBox, QVBoxLayout, QWidget

from ..engine_link.link import EngineLink
from ..folders import cache_folder, stores_folder
from ..settings import Settings
from .addresses_table import AddressesTable
from .folding import folding_group
from .setup_page import SetupPage

_LONGEST_IDLE_MIN = 24 * 60


class OptionsPage(QgsOptionsPageWidget):
    """Engine, folders and service addresses.

    What concerns the engine's environment takes effect at once, since it takes minutes; the rest when QGIS says apply.
    """

    def __init__(self, link: EngineLink, parent: QWidget | None = None):
        super().__init__(parent)
        self._link = link
        self._settings = Settings()
        self.setObjectName("copernicusOptions")
        self._setup = SetupPage(link, self)
        self._idle = self._make_idle()
        self._cache = self._folder(
            "cacheFolder", self.tr("Cache folder"), self.tr("Folder of what may be deleted at any time")
        )
        self._stores = self._folder(
            "storesFolder", self.tr("Stores folder"), self.tr("Folder that new embedding stores are suggested in")
        )
        self._addresses = AddressesTable(self)
        self._fault = QLabel(self)
        self._fault.setObjectName("addressFault")
        self._fault.setWordWrap(True)
        self._addresses.changed.connect(self._show_fault)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self._engine_group())
        column.addWidget(self._folders_group())
        column.addWidget(self._addresses_group())
        column.addStretch(1)
        self._read()

    def apply(self) -> None:
        """Remembers what the page shows."""
        for name, field in (("cache_folder", self._cache), ("stores_folder", self._stores)):
            if field.filePath().strip() != self._shown[name]:  # a default that was only shown is not remembered
                setattr(self._settings, name, field.filePath().strip())
        self._settings.idle_minutes = self._idle.value()
        self._settings.addresses = self._addresses.overrides()

    def isValid(self) -> bool:
        """Whether QGIS may apply the page."""
        return not self._addresses.faults()

    def helpKey(self) -> str:
        """There is no page in QGIS's own manual."""
        return ""

    # ---- parts

    def _engine_group(self) -> QGroupBox:
        group = QGroupBox(self.tr("Engine"), self)
        form = QFormLayout()
        form.setRowWrapPolicy(QFormLayout.RowWrapPolicy.WrapLongRows)
        form.addRow(self.tr("Send an idle engine away after"), self._idle)
        column = QVBoxLayout(group)
        column.addWidget(self._setup)
        column.addLayout(form)
        return group

    def _folders_group(self) -> QGroupBox:
        group = QGroupBox(self.tr("Folders"), self)
        form = QFormLayout(group)
        form.setRowWrapPolicy(QFormLayout.RowWrapPolicy.WrapLongRows)
        for name, field in ((self.tr("Cache"), self._cache), (self.tr("Embedding stores"), self._stores)):
            form.addRow(name, field)
            form.labelForField(field).setBuddy(field.lineEdit())
        return group

    def _addresses_group(self) -> QgsCollapsibleGroupBox:
        group = folding_group(
            self.tr("Service addresses"), "addressesGroup", self, is_folded=not self._settings.addresses
        )
        about = QLabel(
            self.tr("Change one only for a mirror, a test system or another provider. Bold ones are yours."), group
        )
        about.setWordWrap(True)
        column = QVBoxLayout(group)
        column.addWidget(about)
        column.addWidget(self._addresses)
        column.addWidget(self._fault)
        return group

    def _make_idle(self) -> QSpinBox:
        field = QSpinBox(self)
        field.setObjectName("idleMinutes")
        field.setRange(1, _LONGEST_IDLE_MIN)
        field.setSuffix(self.tr(" min"))
        field.setToolTip(self.tr("The engine that answers clicks keeps memory; the next click starts it again"))
        field.setAccessibleName(self.tr("Minutes until an idle engine is sent away"))
        return field

    def _folder(self, name: str, title: str, tip: str) -> QgsFileWidget:
        field = QgsFileWidget(self)
        field.setObjectName(name)
        field.setStorageMode(QgsFileWidget.StorageMode.GetDirectory)
        field.setDialogTitle(title)
        field.setToolTip(tip)
        field.setAccessibleName(title)
        return field

    # ---- what it shows

    def _read(self) -> None:
        self._shown = {"cache_folder": str(cache_folder()), "stores_folder": str(stores_folder())}
        self._cache.setFilePath(self._shown["cache_folder"])
        self._stores.setFilePath(self._shown["stores_folder"])
        self._idle.setValue(self._settings.idle_minutes)
        self._addresses.set_overrides(self._settings.addresses)
        self._show_fault()

    def _show_fault(self) -> None:
        faults = self._addresses.faults()
        text = self.tr("Not an address: {names}. Write it in full, beginning with https://, or reset it.")
        self._fault.setText(text.format(names=", ".join(faults)) if faults else "")
        self._fault.setVisible(bool(faults))
