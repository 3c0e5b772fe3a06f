"""A provider in the registry, a small landscape, and stores made from it and from points, once a session."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from qgis.core import QgsApplication, QgsProcessingAlgorithm, QgsProcessingContext, QgsProcessingFeedback, QgsProject

from cdse_qgis_plugin.engine_link.blocking import run_blocking
from cdse_qgis_plugin.engine_link.call import Call
from cdse_qgis_plugin.engine_link.environment import ENGINE, current_launch
from cdse_qgis_plugin.processing.provider import CopernicusProvider


@pytest.fixture(scope="package", autouse=True)
def provider(qgis_app, qgis_processing) -> Iterator[CopernicusProvider]:
    """The provider, registered with QGIS."""
    added = CopernicusProvider()
    QgsApplication.processingRegistry().addProvider(added)
    yield added
    QgsApplication.processingRegistry().removeProvider(added)


@dataclass
class Landscape:
    """A generated image and where the kinds of places are plain to see, as (lon, lat)."""

    image: str
    kinds: dict[str, tuple[float, float]] = field(default_factory=dict)

    def text(self, *kinds: str) -> str:
        """Places of the kinds as the text parameters want them."""
        return "; ".join("{},{}".format(*self.kinds[kind]) for kind in kinds)


@pytest.fixture(scope="session")
def landscape(qgis_app, tmp_path_factory) -> Landscape:
    """A landscape of 256 x 256 pixels."""
    folder = str(tmp_path_factory.mktemp("land schaft ü"))
    made = run_blocking(Call("landscape.generate", {"folder": folder, "size": 256}))
    return Landscape(made["image"], {kind["name"]: (kind["lon"], kind["lat"]) for kind in made["kinds"]})


@pytest.fixture(scope="session")
def store(landscape, tmp_path_factory) -> str:
    """A store of the landscape."""
    path = str(tmp_path_factory.mktemp("stores") / "landscape")
    run_blocking(Call("embeddings.encode_image", {"image": landscape.image, "store": path}))
    return path


def in_engine(script: str, **arguments: Any) -> Any:
    """Runs a script in the engine's Python, with ``arguments`` as a dict and its last printed line as JSON answer."""
    code = f"import json, sys\narguments = json.loads(sys.argv[1])\n{script}"
    command = [current_launch().python.path, "-c", code, json.dumps(arguments)]
    answer = subprocess.run(command, cwd=ENGINE.parents[1], capture_output=True, text=True, check=False)
    assert answer.returncode == 0, answer.stderr
    lines = answer.stdout.splitlines()
    return json.loads(lines[-1]) if lines else None


WRITE_POINTS = """
import numpy as np, pandas as pd, geopandas
lon, lat = np.array(arguments["lon"]), np.array(arguments["lat"])
vectors = np.random.default_rng(0).normal(size=(len(lon), 8)).astype("float32")
frame = geopandas.GeoDataFrame(
    {"id": [f"p{i}" for i in range(len(lon))], "embedding": list(vectors),
     "time": pd.to_datetime("2023-01-01", utc=True) + pd.to_timedelta(np.arange(len(lon)), unit="D")},
    geometry=geopandas.points_from_xy(lon, lat), crs=4326)
frame.to_parquet(arguments["path"])
"""


@pytest.fixture(scope="session")
def parquet_at(tmp_path_factory) -> Callable[[float, float], str]:
    """Writes a Parquet file of 10 x 10 dated points, 0.01 degrees apart, with a corner at (lon, lat)."""

    def write(lon: float, lat: float) -> str:
        path = str(tmp_path_factory.mktemp("points") / "points.parquet")
        lons = [(lon + 0.01 * (i % 10) + 180) % 360 - 180 for i in range(100)]
        lats = [lat + 0.01 * (i // 10) for i in range(100)]
        in_engine(WRITE_POINTS, path=path, lon=lons, lat=lats)
        return path

    return write


class Feedback(QgsProcessingFeedback):
    """A feedback that remembers what it was told."""

    def __init__(self):
        super().__init__(False)
        self.lines: list[str] = []
        self.shares: list[float] = []
        self.progressChanged.connect(self.shares.append)

    def pushInfo(self, text: str) -> None:
        self.lines.append(text)

    def setProgressText(self, text: str) -> None:
        self.lines.append(text)

    def reportError(self, text: str, fatal: bool = False) -> None:
        self.lines.append(text)


def algorithm(name: str) -> QgsProcessingAlgorithm:
    """The registered algorithm of that name."""
    return QgsApplication.processingRegistry().algorithmById(f"cdse:{name}")


def refusal(name: str, parameters: dict[str, Any]) -> str:
    """The sentence with which an algorithm turns parameters down before it starts; empty when it takes them."""
    context = QgsProcessingContext()
    context.setProject(QgsProject.instance())
    good, sentence = algorithm(name).checkParameterValues(parameters, context)
    assert bool(sentence) is not good
    return sentence


def engines_running() -> set[str]:
    """Process ids of the engines that this process started and that still run."""
    found = set()
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                parent = (entry / "stat").read_text().rpartition(")")[2].split()[1]
                command = (entry / "cmdline").read_bytes()
            except OSError:
                continue
            if parent == str(os.getpid()) and str(ENGINE).encode() in command:
                found.add(entry.name)
    return found
