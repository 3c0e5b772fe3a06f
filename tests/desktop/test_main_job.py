"""The main job in the real QGIS window, by a person's clicks: the same walk as the demo, looked at more closely."""

import json
import re
import subprocess
import time
from pathlib import Path

import pytest
from osgeo import ogr

from demo.desktop import ROOT, Person, Qgis
from demo.run import click_through
from tools import environments, package
from tools.clean_profile import CleanProfile
from tools.virtual_display import VirtualDisplay, is_possible

PICTURES = ROOT / "build" / "pictures"
pytestmark = pytest.mark.skipif(not is_possible(), reason="a real window needs Xvfb, openbox and xdotool")


@pytest.fixture(scope="module")
def prepared(tmp_path_factory):
    """The landscape's store and a place to click, in a folder whose name has a space and letters beyond ASCII."""
    folder = tmp_path_factory.mktemp("demo") / "Über Land"
    folder.mkdir()
    told = subprocess.run(
        [environments.ENGINE.python, "demo/prepare.py", folder],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
        timeout=300,
    )
    return json.loads(told.stdout)


@pytest.fixture(scope="module")
def project(tmp_path_factory, prepared):
    path = tmp_path_factory.mktemp("project") / "demo.qgz"
    command = ["/usr/bin/python3", "demo/make_project.py", path, prepared["store"], prepared["backdrop"]]
    subprocess.run(command, cwd=ROOT, check=True, timeout=120, capture_output=True)
    return path


@pytest.fixture(scope="module")
def screen():
    with VirtualDisplay() as display:
        yield display


@pytest.fixture
def window(tmp_path, screen, project, request):
    """Opens QGIS windows with fresh profiles, closes them all, and keeps a picture of how it ended."""
    opened = []

    def open_window(name="home"):
        profile = CleanProfile(tmp_path / name).install(package.build(tmp_path / f"{name}.zip"))
        opened.append(Qgis(profile, screen.name, str(project)))
        return opened[-1]

    yield open_window
    screen.picture(PICTURES / f"{request.node.name}.png")
    for qgis in opened:
        qgis.close()


def engines_of(qgis):
    """Process ids of engine processes below a QGIS window."""
    processes = {int(folder.name): folder for folder in Path("/proc").iterdir() if folder.name.isdigit()}

    def parent(pid):
        try:
            return int(re.search(r"^PPid:\s*(\d+)", (processes[pid] / "status").read_text(), re.MULTILINE).group(1))
        except (KeyError, OSError):
            return 0

    def is_below(pid):
        return pid == qgis.process.pid or (pid > 1 and is_below(parent(pid)))

    return [pid for pid in processes if b"engine/__main__.py" in command_line(pid) and is_below(pid)]


def command_line(pid):
    """The command of a process; empty when it is gone."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return b""


def test_a_person_finds_similar_places_and_exports_them(window, screen, prepared, tmp_path):
    qgis = window()
    exported = tmp_path / "similar places.gpkg"
    table = click_through(qgis, Person(qgis, screen.name), prepared["place"], exported)
    time.sleep(1.5)
    screen.picture(PICTURES / "main_job.png")

    assert len(table["rows"]) >= 10
    layers = {layer["name"]: layer["features"] for layer in qgis.see("layers")["layers"]}
    assert any(features and features >= 10 for name, features in layers.items() if name != "landscape")

    data = ogr.Open(str(exported))
    layer = data.GetLayer(0)
    rows = [dict(feature.items(), area=feature.geometry().Area()) for feature in layer]
    assert {row["label"] for row in rows} >= {"right", "wrong"}
    assert all(row["area"] > 0 and -1 <= row["score"] <= 1 for row in rows)
    assert layer.GetSpatialRef().GetAuthorityCode(None) == "4326"

    engines = engines_of(qgis)
    assert engines
    qgis.close()
    end = time.monotonic() + 5
    while any(map(command_line, engines)) and time.monotonic() < end:
        time.sleep(0.1)
    assert not any(map(command_line, engines)), "an engine outlived its QGIS"


def test_two_windows_work_on_one_store(window, screen, prepared, tmp_path):
    tables = []
    for name in ("first", "second"):
        qgis = window(name)
        exported = tmp_path / f"{name}.gpkg"
        tables.append(click_through(qgis, Person(qgis, screen.name), prepared["place"], exported))
        assert exported.exists()
    assert tables[0]["rows"] == tables[1]["rows"]
