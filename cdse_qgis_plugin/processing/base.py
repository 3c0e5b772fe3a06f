"""What every algorithm of the provider has in common: it asks the engine, and speaks to people."""

from __future__ import annotations

from typing import Any

from qgis.core import (
    Qgis,
    QgsProcessingAlgorithm,
    QgsProcessingContext,
    QgsProcessingException,
    QgsProcessingFeedback,
    QgsProcessingParameterDefinition,
    QgsProcessingParameterNumber,
)
from qgis.PyQt.QtCore import QCoreApplication, QLocale
from qgis.PyQt.QtGui import QIcon

from ..engine_link.blocking import run_blocking
from ..engine_link.call import CANCELLED, Call, CallFailed
from ..engine_link.environment import find_python
from ..layers.places import NoPlace
from ..resources import icon

_HELP = "https://github.com/eu-cdse/cdse-qgis-plugin/blob/main/docs/processing.md"


class EngineAlgorithm(QgsProcessingAlgorithm):
    """An algorithm whose work is done by the engine; subclasses say what to ask and what to do with the answer."""

    icon_name = "copernicus"

    def createInstance(self) -> EngineAlgorithm:
        """A fresh one; QGIS runs every call on its own."""
        return type(self)()

    def tr(self, text: str) -> str:
        """The text in the user's language."""
        return QCoreApplication.translate(type(self).__name__, text)

    def icon(self) -> QIcon:
        """What stands beside the name."""
        return icon(self.icon_name)

    def helpUrl(self) -> str:
        """The algorithm's chapter of the manual."""
        return f"{_HELP}#{self.name()}"

    def canExecute(self) -> tuple[bool, str]:
        """Whether an engine is set up, and what to do when none is."""
        try:
            find_python()
        except CallFailed as failure:
            return False, str(failure)
        return True, ""

    def checkParameterValues(self, parameters: dict[str, Any], context: QgsProcessingContext) -> tuple[bool, str]:
        """Whether the values make sense, and a sentence about the first that does not."""
        for definition in self.parameterDefinitions():
            if isinstance(definition, QgsProcessingParameterNumber):
                fault = _fault_of_number(definition, parameters.get(definition.name()))
                if fault:
                    return False, fault
        good, text = super().checkParameterValues(parameters, context)
        if not good:
            return False, text
        try:
            self.check(parameters, context)
        except (BadInput, NoPlace) as error:
            return False, str(error)
        return True, ""

    def check(self, parameters: dict[str, Any], context: QgsProcessingContext) -> None:
        """Raises BadInput for values that make no sense together."""

    def processAlgorithm(
        self, parameters: dict[str, Any], context: QgsProcessingContext, feedback: QgsProcessingFeedback
    ) -> dict[str, Any]:
        """Does the work; a failure becomes one readable sentence, a stop an empty result."""
        try:
            return self.work(parameters, context, feedback)
        except CallFailed as failure:
            if failure.code == CANCELLED and feedback.isCanceled():
                return {}
            if failure.details:
                feedback.pushDebugInfo(failure.details)
            raise QgsProcessingException(str(failure)) from None
        except (BadInput, NoPlace) as error:
            raise QgsProcessingException(str(error)) from None

    def work(
        self, parameters: dict[str, Any], context: QgsProcessingContext, feedback: QgsProcessingFeedback
    ) -> dict[str, Any]:
        """Asks the engine and returns the outputs; raises CallFailed, BadInput, NoPlace or QgsProcessingException."""
        raise QgsProcessingException(f"{self.name()} does nothing.")

    def ask(self, operation: str, arguments: dict[str, Any], feedback: QgsProcessingFeedback) -> dict[str, Any]:
        """The engine's answer; raises CallFailed. Arguments that are None are left to their defaults."""
        given = {name: value for name, value in arguments.items() if value is not None}
        return run_blocking(Call(operation, given, self.displayName()), feedback)


class BadInput(Exception):
    """Values that make no sense; says so in a sentence that ends with what to do."""


def advanced(definition: QgsProcessingParameterDefinition) -> QgsProcessingParameterDefinition:
    """The parameter, folded away under "Advanced parameters"."""
    definition.setFlags(definition.flags() | Qgis.ProcessingParameterFlag.Advanced)
    return definition


def with_help(definition: QgsProcessingParameterDefinition, text: str) -> QgsProcessingParameterDefinition:
    """The parameter with a tooltip."""
    definition.setHelp(text)
    return definition


def _fault_of_number(definition: QgsProcessingParameterNumber, value: Any) -> str:
    """What is wrong with a number; QGIS itself would only say that the value is incorrect."""
    if value is None or not isinstance(value, (int, float, str)) or isinstance(value, bool):
        return ""
    name = definition.description()
    try:
        number = float(value)
    except ValueError:
        text = QCoreApplication.translate("EngineAlgorithm", "“{name}” is “{value}”, which is no number.")
        return text.format(name=name, value=value)
    if definition.minimum() <= number <= definition.maximum():
        return ""
    locale = QLocale()
    text = QCoreApplication.translate("EngineAlgorithm", "“{name}” is {value}. Choose a number from {least} to {most}.")
    return text.format(
        name=name,
        value=value,
        least=locale.toString(definition.minimum()),
        most=locale.toString(definition.maximum()),
    )
