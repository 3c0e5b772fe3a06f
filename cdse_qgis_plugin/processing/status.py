"""Engine status: whether the engine is set up and answers, and what to do when not."""

from __future__ import annotations

from typing import Any

from qgis.core import (
    QgsProcessingContext,
    QgsProcessingFeedback,
    QgsProcessingOutputBoolean,
    QgsProcessingOutputString,
)

from ..engine_link.call import CallFailed
from ..engine_link.engine_process import EngineProcess
from ..engine_link.environment import ENGINE_VERSION, current_launch
from .base import EngineAlgorithm

_STEP_MS = 100


class Status(EngineAlgorithm):
    """Says whether the engine is ready, for people without a window and for programs."""

    icon_name = "engine"

    def name(self) -> str:
        """The id within the provider."""
        return "status"

    def displayName(self) -> str:
        """What the toolbox calls it."""
        return self.tr("Check the engine")

    def group(self) -> str:
        """None: it stands beside the groups."""
        return ""

    def groupId(self) -> str:
        """None."""
        return ""

    def tags(self) -> list[str]:
        """Words to find it by."""
        return self.tr("status,engine,diagnostics,version,installed,ready,agent").split(",")

    def shortDescription(self) -> str:
        """One line for the toolbox's tooltip."""
        return self.tr("Says whether the engine is set up and answers, and what to do when it does not.")

    def shortHelpString(self) -> str:
        """What, when, inputs, outputs, limits, one example."""
        return self.tr(
            "<p>Starts the engine, which does the computing of the other algorithms, and says what it answers.</p>"
            "<p><b>When:</b> before the others, where there is no window to look at: in scripts, on servers, by "
            "agents. It never fails because of the engine and changes nothing.</p>"
            "<p><b>Inputs:</b> none.</p>"
            "<p><b>Outputs:</b> whether it is ready; its state (ready, missing, wrong_version, broken); a sentence "
            "about it; its version and Python; the Python program it runs on; the next step; the algorithms to go "
            "on with.</p>"
            "<p><b>Limits:</b> it tells of this computer and this QGIS profile only.</p>"
            "<p><b>Example:</b> <code>qgis_process run cdse:status</code></p>"
        )

    def initAlgorithm(self, configuration: dict[str, Any] | None = None) -> None:
        """Declares the outputs."""
        self.addOutput(QgsProcessingOutputBoolean("READY", self.tr("Ready")))
        for name, text in (
            ("STATE", self.tr("State: ready, missing, wrong_version or broken")),
            ("MESSAGE", self.tr("The state in a sentence")),
            ("ENGINE_VERSION", self.tr("Version of the engine")),
            ("PYTHON_VERSION", self.tr("Version of its Python")),
            ("PYTHON", self.tr("Its Python program")),
            ("NEXT_STEP", self.tr("What to do next")),
            ("NEXT_ALGORITHMS", self.tr("Algorithms to go on with, separated by commas")),
        ):
            self.addOutput(QgsProcessingOutputString(name, text))

    def canExecute(self) -> tuple[bool, str]:
        """Always: saying that there is no engine is its work."""
        return True, ""

    def work(
        self, parameters: dict[str, Any], context: QgsProcessingContext, feedback: QgsProcessingFeedback
    ) -> dict[str, Any]:
        """Starts an engine, hears its hello and sends it away."""
        try:
            found = self._answering(feedback)
        except CallFailed as failure:
            found = self._not_answering(failure)
        for name, value in found.items():
            feedback.pushInfo(f"{name}: {value}")
        return found

    def _answering(self, feedback: QgsProcessingFeedback) -> dict[str, Any]:
        launch = current_launch()
        reasons: list[CallFailed] = []
        process = EngineProcess(launch)
        process.ended.connect(reasons.append)
        process.start()
        try:
            while process.hello is None and not process.is_over and not feedback.isCanceled():
                process.pump(_STEP_MS)
            hello = process.hello
        finally:
            process.kill()
        if hello is None:
            raise reasons[0]
        return {
            "READY": True,
            "STATE": "ready",
            "MESSAGE": self.tr("The engine is set up and answers."),
            "ENGINE_VERSION": hello.engine,
            "PYTHON_VERSION": hello.python,
            "PYTHON": launch.python.path,
            "NEXT_STEP": self.tr("Make an embedding store from an image or a Parquet file, then search in it."),
            "NEXT_ALGORITHMS": "cdse:encodeimage,cdse:importembeddings,cdse:similaritysearch,cdse:similarityscore",
        }

    def _not_answering(self, failure: CallFailed) -> dict[str, Any]:
        states = {"engine_missing": "missing", "engine_version": "wrong_version"}
        return {
            "READY": False,
            "STATE": states.get(failure.code, "broken"),
            "MESSAGE": failure.message,
            "ENGINE_VERSION": ENGINE_VERSION,
            "PYTHON_VERSION": "",
            "PYTHON": "",
            "NEXT_STEP": failure.hint,
            "NEXT_ALGORITHMS": "cdse:status",
        }
