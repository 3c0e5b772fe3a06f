"""What a set-up would do, as a table of short sentences."""

from __future__ import annotations

from urllib.parse import urlsplit

from qgis.gui import QgsFileWidget
from qgis.PyQt.QtCore import Qt, pyqtSignal
from qgis.PyQt.QtWidgets import QGridLayout, QLabel, QLineEdit, QSizePolicy, QWidget

from ..engine_link.setup.places import default_root, root
from ..engine_link.setup.plan import SetupPlan
from ..engine_link.setup.sizes import readable

_INSET = 2
"""Pixels by which a text field sets its text in, so that labels stand in line with it."""


class SetupFacts(QWidget):
    """Which Python, how much, from where, and into which folder; the folder can be changed here."""

    folder_chosen = pyqtSignal(str)
    """Another folder; empty for the default."""

    def __init__(self, parent: QWidget | None = None):
        super().__init__(parent)
        # Not a form layout: that one cuts wrapped lines off when a scroll bar comes or goes.
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setColumnStretch(1, 1)
        self._python = self._line(
            self.tr("Python"), self.tr("The Python that the engine's own environment is made from; it is not changed")
        )
        self._download = self._text(self.tr("Download"), self.tr("What comes over the network if nothing is there yet"))
        self._index_tip = self.tr("The package index that pip is configured to use on this computer")
        self._index = self._text(self.tr("From"), self._index_tip)
        self._space = self._text(self.tr("On disk"), self.tr("What it takes in the end, and for a while in between"))
        self._folder = QgsFileWidget(self)
        self._folder.setStorageMode(QgsFileWidget.StorageMode.GetDirectory)
        self._folder.setDialogTitle(self.tr("Folder for the engine"))
        self._folder.setToolTip(self.tr("The folder that the environment is made in; empty for the default"))
        self._folder.setAccessibleName(self.tr("Folder for the engine"))
        self._folder.lineEdit().editingFinished.connect(self._folder_edited)
        self._folder.fileChanged.connect(self._folder_picked)
        self._add(self.tr("Into"), self._folder).setBuddy(self._folder.lineEdit())
        self._known_folder = ""
        self.show_plan(None)

    def show_plan(self, plan: SetupPlan | None) -> None:
        """Shows a plan, or that there is none yet."""
        self._known_folder = str(root())
        self._folder.blockSignals(True)
        self._folder.setFilePath(self._known_folder)
        self._folder.blockSignals(False)
        if plan is None:
            for field in (self._python, self._download, self._index, self._space):
                field.setText("…")
            return
        self._show_python(plan)
        self._show_amounts(plan)
        self._index.setText(urlsplit(plan.index).hostname or self.tr("the Python Package Index, pip's default"))
        self._index.setToolTip(plan.index or self._index_tip)

    def _show_python(self, plan: SetupPlan) -> None:
        if plan.base is None:
            self._show_line(self._python, self.tr("none found"))
            return
        version = ".".join(map(str, plan.base.version))
        self._show_line(self._python, self.tr("{version}, {path}").format(version=version, path=plan.base.path))

    def _show_amounts(self, plan: SetupPlan) -> None:
        if not plan.sizes:
            self._download.setText(self.tr("not known for this Python"))
            self._space.setText(self.tr("{free} free").format(free=readable(plan.free_bytes)))
            return
        text = self.tr("about {size}, {count} packages")
        self._download.setText(text.format(size=readable(plan.download_bytes), count=len(plan.sizes)))
        text = self.tr("about {kept} in the end, {needed} for a while; {free} are free")
        self._space.setText(
            text.format(
                kept=readable(plan.installed_bytes), needed=readable(plan.needed_bytes), free=readable(plan.free_bytes)
            )
        )

    def set_editable(self, is_editable: bool) -> None:
        """Whether the folder can be changed now."""
        self._folder.setReadOnly(not is_editable)

    # ---- parts

    def _line(self, name: str, tip: str) -> QLineEdit:
        """A field for what may be long and has no spaces to break at, such as a path."""
        field = QLineEdit(self)
        field.setReadOnly(True)
        field.setFrame(False)
        field.setStyleSheet("background: transparent")
        field.setToolTip(tip)
        field.setAccessibleName(name)
        self._add(name, field)
        return field

    def _text(self, name: str, tip: str) -> QLabel:
        field = QLabel(self)
        field.setWordWrap(True)
        field.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        field.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        field.setMargin(_INSET)
        field.setToolTip(tip)
        field.setAccessibleName(name)
        self._add(name, field)
        return field

    def _add(self, name: str, field: QWidget) -> QLabel:
        label = QLabel(name, self)
        label.setAlignment(Qt.AlignmentFlag.AlignLeading | Qt.AlignmentFlag.AlignTop)
        label.setMargin(_INSET)
        row = self._grid.rowCount()
        self._grid.addWidget(label, row, 0, Qt.AlignmentFlag.AlignTop)
        self._grid.addWidget(field, row, 1)
        return label

    @staticmethod
    def _show_line(field: QLineEdit, text: str) -> None:
        field.setText(text)
        field.setCursorPosition(0)

    def _folder_picked(self, folder: str) -> None:
        # Typing changes it letter by letter; only the dialog's choice comes while the field has no focus.
        if not self._folder.lineEdit().hasFocus():
            self._choose(folder)

    def _folder_edited(self) -> None:
        self._choose(self._folder.filePath())

    def _choose(self, folder: str) -> None:
        folder = folder.strip()
        if folder and folder != self._known_folder:
            self._known_folder = folder
            self.folder_chosen.emit("" if folder == str(default_root()) else folder)
        elif not folder and self._known_folder != str(default_root()):
            self.folder_chosen.emit("")
