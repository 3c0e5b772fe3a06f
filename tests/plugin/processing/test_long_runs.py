"""Models, several runs at once, and stopping: as the toolbox does it, in the background."""

from __future__ import annotations

import os
import signal
import time

import pytest
from qgis.core import (
    QgsApplication,
    QgsProcessingAlgRunnerTask,
    QgsProcessingContext,
    QgsProcessingModelAlgorithm,
    QgsProcessingModelChildAlgorithm,
    QgsProcessingModelChildParameterSource,
    QgsProcessingModelOutput,
    QgsProcessingModelParameter,
    QgsProcessingParameterRasterLayer,
    QgsProcessingParameterString,
    QgsProject,
)

from cdse_qgis_plugin.engine_link.blocking import run_blocking
from cdse_qgis_plugin.engine_link.call import Call

from ..waiting import until
from .conftest import Feedback, algorithm, engines_running

Source = QgsProcessingModelChildParameterSource


@pytest.fixture(scope="module")
def large_image(tmp_path_factory) -> str:
    """An image that takes long enough to encode for something to happen meanwhile."""
    folder = str(tmp_path_factory.mktemp("large"))
    return run_blocking(Call("landscape.generate", {"folder": folder, "size": 2048}))["image"]


class Background:
    """A run in QGIS's task manager, as the toolbox starts it."""

    def __init__(self, name: str, parameters: dict):
        self.context = QgsProcessingContext()
        self.context.setProject(QgsProject.instance())
        self.feedback = Feedback()
        self.ended = False
        self.good = False
        self.results: dict = {}
        self._task = QgsProcessingAlgRunnerTask(algorithm(name), parameters, self.context, self.feedback)
        self._task.executed.connect(self._end)
        QgsApplication.taskManager().addTask(self._task)

    def stop(self) -> None:
        """What the Cancel button does."""
        self._task.cancel()

    def _end(self, good: bool, results: dict) -> None:
        self.good, self.results, self.ended = good, dict(results), True


def test_a_model_makes_a_store_and_searches_in_it(landscape):
    model = QgsProcessingModelAlgorithm("encode and search", "test")
    for definition in (
        QgsProcessingParameterRasterLayer("image", "Image"),
        QgsProcessingParameterString("places", "Places"),
    ):
        model.addModelParameter(definition, QgsProcessingModelParameter(definition.name()))
    encode = QgsProcessingModelChildAlgorithm("cdse:encodeimage")
    encode.setChildId("encode")
    encode.addParameterSources("IMAGE", [Source.fromModelParameter("image")])
    encode.addParameterSources("ENCODER", [Source.fromStaticValue("statistics")])
    model.addChildAlgorithm(encode)
    search = QgsProcessingModelChildAlgorithm("cdse:similaritysearch")
    search.setChildId("search")
    search.addParameterSources("STORE", [Source.fromChildOutput("encode", "STORE")])
    search.addParameterSources("LIKE_TEXT", [Source.fromModelParameter("places")])
    # As many places as one in a hundred of the patches.
    search.addParameterSources("K", [Source.fromExpression("to_int(@encode_COUNT / 100)")])
    output = QgsProcessingModelOutput("found", "Found")
    output.setChildId("search")
    output.setChildOutputName("OUTPUT")
    search.setModelOutputs({"found": output})
    model.addChildAlgorithm(search)
    good, problems = model.validate()
    assert good, problems

    context = QgsProcessingContext()
    context.setProject(QgsProject.instance())
    feedback = Feedback()
    results, good = model.run(
        {"image": landscape.image, "places": landscape.text("Forest"), "found": "TEMPORARY_OUTPUT"},
        context,
        feedback,
    )
    assert good, feedback.lines
    layer = context.takeResultLayer(results["found"])
    assert layer.featureCount() == round(31 * 31 / 100)


def test_a_batch_of_runs_at_once_gives_each_its_own_answer(landscape, tmp_path):
    rows = [
        Background(
            "encodeimage",
            {
                "IMAGE": landscape.image,
                "STORE": str(tmp_path / f"store {size}"),
                "PATCH": size,
                "ENCODER": "statistics",
            },
        )
        for size in (32, 64)
    ]
    until(lambda: all(row.ended for row in rows), 60, "the end of the batch")
    assert [row.good for row in rows] == [True, True]
    assert [row.results["COUNT"] for row in rows] == [15 * 15, 7 * 7]
    assert all(str(row.results["COUNT"]) in "".join(row.feedback.lines) for row in rows)


def test_stopping_ends_the_engine_and_leaves_nothing(large_image, tmp_path):
    run = Background("encodeimage", {"IMAGE": large_image, "STORE": str(tmp_path / "store"), "STRIDE": 2})
    until(lambda: run.feedback.shares, 60, "the first progress")
    assert engines_running()
    run.stop()
    asked = time.monotonic()
    until(lambda: run.ended, 10, "the end of the run")
    assert time.monotonic() - asked < 5
    assert not run.results.get("STORE")
    assert not engines_running()
    assert list(tmp_path.iterdir()) == []


def test_an_engine_that_is_killed_costs_one_run_and_a_sentence(large_image, store, landscape, tmp_path):
    run = Background("encodeimage", {"IMAGE": large_image, "STORE": str(tmp_path / "store"), "STRIDE": 2})
    until(lambda: run.feedback.shares, 60, "the first progress")
    (engine,) = engines_running()
    os.kill(int(engine), signal.SIGKILL)
    until(lambda: run.ended, 20, "the end of the run")
    assert not run.good
    assert not (tmp_path / "store").exists()
    # The next run is as good as any.
    again = Background(
        "similaritysearch",
        {"STORE": store, "LIKE_TEXT": landscape.text("Forest"), "K": 3, "OUTPUT": str(tmp_path / "found.gpkg")},
    )
    until(lambda: again.ended, 60, "the end of the search")
    assert again.good and again.results["COUNT"] == 3
