"""What dialogs that make a store share: name and folder of the store, a sentence about it, and the button."""

from __future__ import annotations

import re
from pathlib import Path

from qgis.gui import QgsFileWidget
from qgis.PyQt.QtWidgets import QDialog, QDialogButtonBox, QFormLayout, QLabel, QLayout, QLineEdit, QVBoxLayout, QWidget

from ...folders import stores_folder

_MANIFEST = "manifest.json"


class StoreDialog(QDialog):
    """Base of dialogs that make a store; overwriting one has to be said and asked for."""

    def __init__(self, parent: QWidget | None = None):
        super().__init__(parent)
        self._is_possible = False
        self._is_named_by_person = False
        self._last_field: QWidget | None = None
        self.form = QFormLayout()
        self.form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.ExpandingFieldsGrow)
        self._name = QLineEdit(self)
        self._name.setObjectName("storeName")
        self._name.setToolTip(self.tr("Name of the store: a folder of that name is made"))
        self._folder = QgsFileWidget(self)
        self._folder.setObjectName("storeParent")
        self._folder.setStorageMode(QgsFileWidget.StorageMode.GetDirectory)
        self._folder.setFilePath(str(stores_folder()))
        self._folder.setToolTip(self.tr("Folder that the store's folder is made in"))
        self._said = QLabel(self)
        self._said.setObjectName("storeDialogSentence")
        self._said.setWordWrap(True)
        self._said.setMinimumHeight(44)
        self._buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Cancel, self)
        self._make = self._buttons.addButton(self.tr("Make the store"), QDialogButtonBox.ButtonRole.AcceptRole)
        self._make.setObjectName("makeStoreButton")
        self._buttons.accepted.connect(self.accept)
        self._buttons.rejected.connect(self.reject)
        column = QVBoxLayout(self)
        column.addLayout(self.form)
        column.addWidget(self._said)
        column.addWidget(self._buttons)
        self.resize(440, 0)
        self._name.textEdited.connect(self._named)
        self._name.textChanged.connect(lambda _: self._say())
        self._folder.fileChanged.connect(lambda _: self._say())
        self._sentence = ""

    def add_row(self, text: str, field: QWidget | QLayout, buddy: QWidget | None = None) -> None:
        """Adds a field with its label."""
        label = QLabel(text, self)
        label.setBuddy(field if buddy is None else buddy)
        self.form.addRow(label, field)
        first = field if buddy is None else buddy
        QWidget.setTabOrder(self._last_field or first, first)
        self._last_field = first

    def add_place_rows(self) -> None:
        """Adds name and folder of the store."""
        self.add_row(self.tr("&Name"), self._name)
        self.add_row(self.tr("In &folder"), self._folder)
        QWidget.setTabOrder(self._last_field, self._buttons)

    def store_path(self) -> str:
        """The folder of the store to make."""
        return str(Path(self._folder.filePath().strip()) / self._name.text().strip())

    def suggest_name(self, name: str) -> None:
        """Names the store, unless a person has named it."""
        if not self._is_named_by_person:
            self._name.setText(re.sub(r'[<>:"/\\|?*]+', "_", name))

    def go(self, sentence: str) -> None:
        """Says what will be made; it may be."""
        self._is_possible, self._sentence = True, sentence
        self._say()

    def stop(self, sentence: str) -> None:
        """Says what is missing; nothing can be made yet."""
        self._is_possible, self._sentence = False, sentence
        self._say()

    def _named(self) -> None:
        self._is_named_by_person = True

    def _say(self) -> None:
        folder, name = self._folder.filePath().strip(), self._name.text().strip()
        target, sentence, possible, verb = Path(self.store_path()), self._sentence, self._is_possible, None
        if possible and not (folder and name):
            possible, sentence = False, self.tr("Name the store and choose the folder to make it in.")
        elif possible and (target / _MANIFEST).is_file():
            verb = self.tr("Replace the store")
            sentence += " " + self.tr(
                "There is a store of this name already. It is replaced when the new one is whole."
            )
        elif possible and target.exists() and not (target.is_dir() and not any(target.iterdir())):
            possible = False
            sentence = self.tr("“{path}” holds other files, and a store needs a folder of its own.").format(path=target)
        self._said.setText(sentence)
        self._make.setText(verb or self.tr("Make the store"))
        self._make.setEnabled(possible)
