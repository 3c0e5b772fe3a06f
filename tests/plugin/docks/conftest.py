"""A landscape with its store, once a session, and a desk: a map, the dock, and a hand that clicks."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from qgis.core import QgsCoordinateReferenceSystem, QgsPointXY, QgsProject, QgsRasterLayer
from qgis.gui import QgsMapCanvas
from qgis.PyQt.QtCore import QPoint, Qt
from qgis.PyQt.QtTest import QTest

from cdse_qgis_plugin.docks.similarity_conductor import SimilarityConductor
from cdse_qgis_plugin.engine_link.blocking import run_blocking
from cdse_qgis_plugin.engine_link.call import Call
from cdse_qgis_plugin.engine_link.link import EngineLink
from cdse_qgis_plugin.layers import places
from cdse_qgis_plugin.layers.imagery import style_imagery

from ..waiting import until

PLAIN = Qt.KeyboardModifier.NoModifier


@dataclass(frozen=True)
class Landscape:
    """A generated image, its store, and a place of every kind as (lon, lat)."""

    image: str
    store: str
    description: dict
    kinds: dict[str, tuple[float, float]]


@pytest.fixture(scope="session")
def landscape(qgis_app, tmp_path_factory) -> Landscape:
    """A landscape of 256 x 256 pixels with a store of 961 places."""
    folder = tmp_path_factory.mktemp("land schaft ü")
    made = run_blocking(Call("landscape.generate", {"folder": str(folder), "size": 256}))
    store = str(folder / "store")
    described = run_blocking(Call("embeddings.encode_image", {"image": made["image"], "store": store}))
    kinds = {kind["name"]: (kind["lon"], kind["lat"]) for kind in made["kinds"]}
    return Landscape(made["image"], store, described, kinds)


class Desk:
    """The dock beside a map, and a person at it."""

    def __init__(self, link):
        self.canvas = QgsMapCanvas()
        self.canvas.resize(640, 480)
        self.canvas.show()
        self.conductor = SimilarityConductor(self.canvas, link)
        self.session, self.panel = self.conductor.session, self.conductor.panel
        self.panel.resize(360, 720)
        self.panel.show()
        QgsProject.instance().layersAdded.connect(self._layers_came)

    def look_at(self, crs: str, extent=None) -> None:
        """Puts the map into a CRS and shows the store, or an extent."""
        self.canvas.setDestinationCrs(QgsCoordinateReferenceSystem(crs))
        if extent is None:
            self.conductor.view.zoom_to_store(self.session.description)
        else:
            self.canvas.setExtent(extent)

    def open(self, landscape: Landscape, with_image: bool = False) -> None:
        """Opens the store of the landscape and shows it."""
        if with_image:
            layer = QgsRasterLayer(landscape.image, "image")
            style_imagery(layer)
            QgsProject.instance().addMapLayer(layer)
        self.session.open_store(landscape.store)
        until(lambda: self.session.store, what="the store to open")
        self.look_at("EPSG:32627")

    def pixel(self, place) -> QPoint:
        """The pixel of a place on the canvas, as a person would aim."""
        point = places.to_map(*place, self.canvas.mapSettings().destinationCrs())
        found = self.canvas.getCoordinateTransform().transform(QgsPointXY(point))
        return QPoint(round(found.x()), round(found.y()))

    def click(self, place, modifier=PLAIN) -> None:
        """Clicks a place with the map tool."""
        self.conductor.use_tool(True)
        QTest.mouseClick(self.canvas.viewport(), Qt.MouseButton.LeftButton, modifier, self.pixel(place))

    def hover(self, place) -> None:
        """Moves the mouse to a place."""
        QTest.mouseMove(self.canvas.viewport(), self.pixel(place))

    def wait(self) -> None:
        """Waits until nothing is asked any more."""
        asking = self.session.searching
        until(lambda: not asking.is_busy, what="the search")

    def find(self, place, modifier=PLAIN):
        """Clicks a place and waits for the answer."""
        self.click(place, modifier)
        self.wait()
        return self.session.answer

    @property
    def matches(self) -> list[dict]:
        """The matches in the table, in its order."""
        model = self.panel.results.model
        return [model.match(row) for row in range(model.rowCount())]

    def close(self) -> None:
        """Leaves nothing."""
        QgsProject.instance().layersAdded.disconnect(self._layers_came)
        self.conductor.remove()
        self.panel.deleteLater()
        self.canvas.deleteLater()

    def _layers_came(self, layers) -> None:
        # The main window does this for its canvas, with the layer tree.
        self.canvas.setLayers([*layers, *self.canvas.layers()])


@pytest.fixture(scope="package")
def shared_link(qgis_app):
    """One link for all desks: a warm engine is what a person has, and starting one takes a second."""
    made = EngineLink()
    yield made
    made.close()


@pytest.fixture
def desk(shared_link, settings, tmp_path) -> Iterator[Desk]:
    """A desk with an empty project and a cache folder of its own."""
    QgsProject.instance().clear()
    settings.cache_folder = str(tmp_path / "cache ü")
    made = Desk(shared_link)
    yield made
    made.close()
    QgsProject.instance().clear()


@pytest.fixture
def other_store(landscape, tmp_path) -> str:
    """A store that a test may break."""
    import shutil

    return shutil.copytree(landscape.store, Path(tmp_path) / "other störe").as_posix()
