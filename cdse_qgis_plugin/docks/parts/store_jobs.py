"""Making stores: from an image, from an embedding file, or from a landscape that the engine makes up."""

from __future__ import annotations

from typing import Any

from qgis.PyQt.QtCore import QObject, pyqtSignal

from ...engine_link.call import Call
from ...engine_link.link import EngineLink
from ...folders import cache_folder
from ...layers.backdrop import show_image
from .asking import Asking

_MANIFEST = "manifest.json"


class StoreJobs(QObject):
    """Runs one such job at a time, in an engine process of its own."""

    made = pyqtSignal(str, dict)
    """The folder of the store and its description."""
    offline_ready = pyqtSignal(object)
    """The layer of the made-up landscape; its store was told by ``made``."""
    failed = pyqtSignal(object)
    stopped = pyqtSignal()

    def __init__(self, link: EngineLink, parent: QObject | None = None):
        super().__init__(parent)
        self._link = link
        self.asking = Asking(self)

    def encode(self, arguments: dict[str, Any]) -> None:
        """Makes a store from an image, and shows the image."""

        def made(described: dict[str, Any]) -> None:
            show_image(arguments["image"])
            self._store_made(described)

        self._run("embeddings.encode_image", arguments, self.tr("Making a store from an image"), made)

    def read(self, arguments: dict[str, Any]) -> None:
        """Makes a store from an embedding file."""
        self._run("embeddings.import", arguments, self.tr("Importing embeddings"), self._store_made)

    def offline(self) -> None:
        """Makes the landscape and its store, in the cache folder, and shows it; what is there already is used."""
        folder = cache_folder() / "offline"
        image, store = folder / "landscape.tif", folder / "landscape"
        if image.is_file() and (store / _MANIFEST).is_file():
            call = Call("embeddings.describe", {"store": str(store)}, self.tr("Opening the landscape"))
            self.asking.ask(
                lambda: self._link.click(call),
                self.tr("Opening the landscape…"),
                lambda value: self._offline_made(str(image), value),
                lambda failure: self._generate(str(folder)),
                self.stopped.emit,
            )
        else:
            self._generate(str(folder))

    def _generate(self, folder: str) -> None:
        self._run("landscape.generate", {"folder": folder}, self.tr("Making up a landscape"), self._landscape_made)

    def _landscape_made(self, value: dict[str, Any]) -> None:
        image = value["image"]
        arguments = {"image": image, "store": str(cache_folder() / "offline" / "landscape")}
        self._run(
            "embeddings.encode_image",
            arguments,
            self.tr("Encoding the landscape"),
            lambda described: self._offline_made(image, described),
        )

    def _offline_made(self, image: str, described: dict[str, Any]) -> None:
        layer = show_image(image, self.tr("Made-up landscape"))
        self._store_made(described)
        if layer is not None:
            self.offline_ready.emit(layer)

    def _run(self, operation: str, arguments: dict[str, Any], title: str, succeeded) -> None:
        self.asking.ask(
            lambda: self._link.job(Call(operation, arguments, title)),
            f"{title}…",
            succeeded,
            self.failed.emit,
            self.stopped.emit,
        )

    def _store_made(self, value: dict[str, Any]) -> None:
        self.made.emit(value["store"], value)
