"""Vector files in formats that the engine does not write: QGIS rewrites what the engine wrote."""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Iterator
from pathlib import Path

from qgis.core import (
    QgsProcessingContext,
    QgsProcessingException,
    QgsProcessingFeedback,
    QgsVectorFileWriter,
    QgsVectorLayer,
)
from qgis.PyQt.QtCore import QCoreApplication

from ..engine_link.job import stopped


def suffix_of(path: str) -> str:
    """The format of a file by its name."""
    return Path(path).suffix.lower()


@contextlib.contextmanager
def as_geopackage(target: str, context: QgsProcessingContext, feedback: QgsProcessingFeedback) -> Iterator[str]:
    """The path of a GeoPackage to write: the target itself, or one that is then rewritten in the target's format."""
    if suffix_of(target) == ".gpkg":
        yield target
        return
    with tempfile.TemporaryDirectory(prefix="cdse-") as folder:
        path = str(Path(folder) / "layer.gpkg")
        yield path
        _convert(path, target, context, feedback)


def _convert(source: str, target: str, context: QgsProcessingContext, feedback: QgsProcessingFeedback) -> None:
    """Writes a vector file in the format that the target's name asks for.

    Raises QgsProcessingException when it cannot, and CallFailed when somebody stopped it.
    """
    options = QgsVectorFileWriter.SaveVectorOptions()
    options.driverName = QgsVectorFileWriter.driverForExtension(suffix_of(target))
    options.feedback = feedback
    layer = QgsVectorLayer(source, Path(target).stem, "ogr")
    error, message, *_ = QgsVectorFileWriter.writeAsVectorFormatV3(layer, target, context.transformContext(), options)
    if error == QgsVectorFileWriter.WriterError.Canceled:
        Path(target).unlink(missing_ok=True)
        raise stopped()
    if error != QgsVectorFileWriter.WriterError.NoError:
        text = QCoreApplication.translate(
            "VectorFile",
            "“{target}” cannot be written: {message} Choose another folder, or a name that ends with .gpkg.",
        )
        raise QgsProcessingException(text.format(target=target, message=message))
