"""What the algorithms that make an embedding store have in common: where it goes, and what is told about it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from qgis.core import (
    QgsProcessingAlgorithm,
    QgsProcessingFeedback,
    QgsProcessingOutputNumber,
    QgsProcessingOutputString,
    QgsProcessingParameterFolderDestination,
)
from qgis.PyQt.QtCore import QCoreApplication, QLocale

from .base import BadInput, with_help

translate = QCoreApplication.translate

STORE = "STORE"
_MANIFEST = "manifest.json"


def add_store_outputs(algorithm: QgsProcessingAlgorithm) -> None:
    """Adds the folder of the store and what a model may want to know of it."""
    folder = QgsProcessingParameterFolderDestination(STORE, translate("StoreMade", "Embedding store"))
    algorithm.addParameter(
        with_help(
            folder,
            translate(
                "StoreMade",
                "A new folder. A store that is there already is replaced when the new one is whole, and only then.",
            ),
        )
    )
    algorithm.addOutput(QgsProcessingOutputNumber("COUNT", translate("StoreMade", "Number of patches")))
    algorithm.addOutput(QgsProcessingOutputNumber("DIM", translate("StoreMade", "Numbers in each embedding")))
    algorithm.addOutput(QgsProcessingOutputNumber("SKIPPED", translate("StoreMade", "Patches left out")))
    algorithm.addOutput(QgsProcessingOutputString("ENCODER", translate("StoreMade", "Encoder")))
    algorithm.addOutput(QgsProcessingOutputString("LICENCE", translate("StoreMade", "Licence of the data")))


def check_store_folder(parameters: dict[str, Any]) -> None:
    """Raises BadInput for a folder that holds something that is no store."""
    value = parameters.get(STORE)
    if not isinstance(value, str) or not value or value == "TEMPORARY_OUTPUT":
        return
    folder = Path(value)
    if folder.is_dir() and any(folder.iterdir()) and not (folder / _MANIFEST).is_file():
        raise BadInput(
            translate(
                "StoreMade", "“{folder}” holds other files, and a store needs a folder of its own. Choose a new folder."
            ).format(folder=folder)
        )


def store_outputs(made: dict[str, Any], feedback: QgsProcessingFeedback) -> dict[str, Any]:
    """The outputs for what the engine says of a store that it made."""
    number = QLocale().toString
    feedback.pushInfo(
        translate("StoreMade", "{count} patches of {dim} numbers each, in {seconds} s: {store}").format(
            count=number(made["count"]), dim=number(made["dim"]), seconds=number(made["seconds"]), store=made["store"]
        )
    )
    if made["skipped"]:
        feedback.pushInfo(translate("StoreMade", "{count} patches left out").format(count=number(made["skipped"])))
    for note in made["notes"]:
        feedback.pushInfo(note)
    return {
        STORE: made["store"],
        "COUNT": made["count"],
        "DIM": made["dim"],
        "SKIPPED": made["skipped"],
        "ENCODER": made["encoder"],
        "LICENCE": made["licence"],
    }
