"""The engine set-up: what is there, what would be done, one button to do it, and what came out."""

from __future__ import annotations

from qgis.core import QgsApplication
from qgis.gui import QgsCollapsibleGroupBox
from qgis.PyQt.QtCore import Qt
from qgis.PyQt.QtWidgets import (
    QFileDialog,
    QLabel,
    QMessageBox,
    QPlainTextEdit,
    QPushButton,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from ..docks.parts.message_line import MessageLine
from ..docks.parts.progress_row import ProgressRow
from ..engine_link.call import CallFailed
from ..engine_link.environment import VARIABLE, find_python
from ..engine_link.link import EngineLink
from ..settings import Settings
from .folding import folding_group
from .setup_facts import SetupFacts
from .state_line import StateLine

_LOG_HEIGHT = 140


class SetupPage(QWidget):
    """Shows the set-up of the engine and lets a person begin, stop and undo it."""

    def __init__(self, link: EngineLink, parent: QWidget | None = None):
        super().__init__(parent)
        self._link = link
        self._control = link.set_up
        self._settings = Settings()
        self.setObjectName("engineSetupPage")
        self._state = StateLine(link, self)
        self._origin = self._sentence("engineOrigin")
        self._messages = MessageLine(self)
        self._facts = SetupFacts(self)
        self._obstacles = self._sentence("setupObstacles")
        self._go = self._button("setUpButton", self._control.set_up)
        self._go.setDefault(True)
        self._progress = ProgressRow(self)
        self._use = self._button("usePythonButton", self._ask_for_python)
        self._use.setText(self.tr("Use this Python…"))
        self._use.setToolTip(
            self.tr("Run the engine with a Python that has its packages already; it is tried before it is used")
        )
        self._forget = self._button("forgetPythonButton", self._control.forget_python)
        self._forget.setText(self.tr("Use the plugin's own again"))
        self._remove = self._button("removeEngineButton", self._ask_to_remove)
        self._remove.setText(self.tr("Remove engine…"))
        self._remove.setToolTip(self.tr("Delete the engine's environment and its downloads; your data stays"))
        self._log = QPlainTextEdit(self)
        self._details = self._make_details()
        self._lay_out()
        self._log.setPlainText(self._control.log())
        self._connect()
        self._refresh()

    def showEvent(self, event) -> None:
        """Looks around when it is first seen, and again whenever it comes back."""
        super().showEvent(event)
        if not event.spontaneous():
            self._control.look()

    # ---- parts

    def _lay_out(self) -> None:
        about = self._sentence("setupAbout")
        about.setText(
            self.tr(
                "The engine does the computing, in a process with a Python environment of its own. QGIS's own Python "
                "is left alone, and nothing is downloaded before you press the button."
            )
        )
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        for part in (
            self._state,
            self._origin,
            self._messages,
            about,
            self._facts,
            self._obstacles,
            self._go,
            self._progress,
            self._use,
            self._forget,
            self._remove,
            self._details,
        ):
            column.addWidget(part)
        column.addStretch(1)

    def _make_details(self) -> QgsCollapsibleGroupBox:
        group = folding_group(self.tr("Details"), "setupDetails", self)
        self._log.setObjectName("setupLog")
        self._log.setReadOnly(True)
        self._log.setMinimumHeight(_LOG_HEIGHT)
        self._log.setPlaceholderText(self.tr("What pip says will stand here."))
        self._log.setAccessibleName(self.tr("Log of the set-up"))
        self._log.setTabChangesFocus(True)
        copy = QPushButton(self.tr("Copy details"), group)
        copy.setObjectName("copySetupDetailsButton")
        copy.setToolTip(self.tr("Copy the log and what is known about this computer; no passwords are in it"))
        copy.clicked.connect(lambda: self._copy_details())
        column = QVBoxLayout(group)
        column.addWidget(self._log)
        column.addWidget(copy)
        return group

    def _button(self, name: str, function) -> QPushButton:
        button = QPushButton(self)
        button.setObjectName(name)
        button.setAutoDefault(False)
        button.clicked.connect(lambda: function())
        return button

    def _sentence(self, name: str) -> QLabel:
        label = QLabel(self)
        label.setObjectName(name)
        label.setWordWrap(True)
        label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        label.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Minimum)
        return label

    def _connect(self) -> None:
        self._control.changed.connect(self._refresh)
        self._control.progressed.connect(self._progress.progress)
        self._control.began.connect(self._messages.calm)
        self._control.began.connect(self._log.clear)
        self._control.said.connect(self._log.appendPlainText)
        self._control.finished.connect(self._messages.say)
        self._control.stopped.connect(self._messages.say)
        self._control.failed.connect(self._show_failure)
        self._progress.cancelled.connect(self._control.cancel)
        self._facts.folder_chosen.connect(self._control.choose_folder)

    # ---- what it shows

    def _refresh(self) -> None:
        control, plan = self._control, self._control.plan
        chosen = self._settings.engine_python
        obstacles = plan.obstacles() if plan else []
        self._show_origin()
        self._facts.show_plan(plan)
        self._facts.set_editable(not control.is_busy)
        self._obstacles.setText(" ".join(obstacles))
        self._obstacles.setVisible(bool(obstacles) and not control.is_busy)
        is_set_up = plan is not None and plan.is_set_up
        self._go.setText(self.tr("Repair engine") if is_set_up else self.tr("Set up engine"))
        self._go.setToolTip(
            self.tr("Make the environment anew: remove it, download what is needed and put it in place")
            if is_set_up
            else self.tr("Download what is needed and make the environment; you can stop it at any time")
        )
        self._go.setEnabled(plan is not None and not obstacles and not control.is_busy)
        self._use.setEnabled(not control.is_busy)
        self._forget.setVisible(bool(chosen))
        self._forget.setEnabled(not control.is_busy)
        self._forget.setToolTip(self.tr("Stop using “{python}”").format(python=chosen))
        self._remove.setVisible(plan is not None and (is_set_up or bool(plan.outdated) or plan.environment.exists()))
        self._remove.setEnabled(not control.is_busy)
        if control.is_busy:
            self._progress.begin(control.last_progress[1])
            self._progress.progress(*control.last_progress)
        else:
            self._progress.hide()

    def _show_origin(self) -> None:
        """Says which Python is used where it is not the one that this page would set up."""
        try:
            found = find_python(self._settings)
        except CallFailed:
            found = None
        texts = {
            "setting": self.tr("It runs with a Python that you chose: {path}"),
            "variable": self.tr("It runs with the Python that {variable} names: {path}"),
            "checkout": self.tr("It runs with the environment of the source checkout: {path}"),
        }
        text = texts.get(found.origin, "") if found else ""
        self._origin.setText(text.format(path=found.path, variable=VARIABLE) if text else "")
        self._origin.setVisible(bool(text))

    def _show_failure(self, failure: CallFailed) -> None:
        self._messages.fail(failure)

    # ---- what a person does

    def _ask_for_python(self) -> None:
        path, _ = QFileDialog.getOpenFileName(
            self,
            self.tr("Choose the Python that the engine should run with"),
            self._settings.engine_python,
            self.tr("Python (python*);;All files (*)"),
        )
        if path:
            self._control.use_python(path)

    def _ask_to_remove(self) -> None:
        question = self.tr(
            "Delete the engine's environment in “{folder}”?\n\nEmbedding stores, layers and settings stay. The engine "
            "can be set up again at any time."
        )
        answer = QMessageBox.question(
            self,
            self.tr("Remove engine"),
            question.format(folder=self._control.plan.root),
            QMessageBox.StandardButton.Yes | QMessageBox.StandardButton.No,
            QMessageBox.StandardButton.No,
        )
        if answer == QMessageBox.StandardButton.Yes:
            self._control.remove()

    def _copy_details(self) -> None:
        from .diagnostics import as_text, collect

        text = "\n\n".join((self._log.toPlainText(), as_text(collect(self._link))))
        QgsApplication.clipboard().setText(text.strip())
        self._messages.say(self.tr("The details are on the clipboard."))
