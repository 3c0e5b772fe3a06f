"""The zip installs into a clean profile: it loads in qgis_process and in the QGIS window, and does its work there."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from cdse_qgis_plugin.engine_link.blocking import run_blocking
from cdse_qgis_plugin.engine_link.call import Call
from tests.plugin.test_architecture import ENGINE_LIBRARIES
from tools import package
from tools.clean_profile import CleanProfile
from tools.virtual_display import VirtualDisplay, is_possible

NAMES = ("encodeimage", "importembeddings", "similaritysearch", "similarityscore", "status")
PROBE = Path(package.ROOT, "tools", "plugin_probe.py")


@pytest.fixture(scope="module")
def installed(tmp_path_factory) -> CleanProfile:
    """The package in a clean profile whose path has a space and a letter that is not ASCII."""
    folder = tmp_path_factory.mktemp("clean")
    return CleanProfile(folder / "home of Zoë").install(package.build(folder / "plugin.zip"))


def asked(profile: CleanProfile, name: str, inputs: dict, status: int = 0) -> dict:
    """What qgis_process answers to JSON on stdin."""
    answer = profile.qgis_process("run", f"cdse:{name}", "-", stdin=json.dumps({"inputs": inputs}))
    assert answer.returncode == status, answer.stderr[-2000:]
    return json.loads(answer.stdout) if status == 0 else {"error": answer.stderr + answer.stdout}


def test_the_plugin_loads_in_qgis_process(installed):
    answer = json.loads(installed.qgis_process("--json", "plugins").stdout)
    assert answer["plugins"][package.NAME] == {"loaded": True}
    listed = json.loads(installed.qgis_process("--json", "list").stdout)
    assert set(listed["providers"]["cdse"]["algorithms"]) == {f"cdse:{name}" for name in NAMES}
    assert "Traceback" not in installed.qgis_process("list").stderr


def test_help_is_there_without_a_window(installed):
    answer = json.loads(installed.qgis_process("--json", "help", "cdse:similaritysearch").stdout)
    assert {"STORE", "LIKE", "LIKE_POINT", "LIKE_TEXT", "K", "AREA", "EXTENT"} <= set(answer["parameters"])
    assert {"OUTPUT", "COUNT", "BEST_SCORE"} <= set(answer["outputs"])


def test_the_main_job_without_a_window(installed, tmp_path, qgis_app):
    folder = str(tmp_path / "landscape")
    made = run_blocking(Call("landscape.generate", {"folder": folder, "size": 256}))
    forest = next(kind for kind in made["kinds"] if kind["name"] == "Forest")
    assert asked(installed, "status", {})["results"]["READY"] is True

    store = str(tmp_path / "store")
    encoded = asked(installed, "encodeimage", {"IMAGE": made["image"], "STORE": store})["results"]
    assert encoded["COUNT"] == 31 * 31 and encoded["STORE"] == store

    example = f"{forest['lon']},{forest['lat']}"
    target = tmp_path / "found.geojson"
    found = asked(
        installed, "similaritysearch", {"STORE": store, "LIKE_POINT": example, "K": "5", "OUTPUT": str(target)}
    )
    assert found["results"]["COUNT"] == 5 and found["results"]["OUTPUT"] == str(target)
    features = json.loads(target.read_text(encoding="utf-8"))["features"]
    assert [feature["properties"]["rank"] for feature in features] == [1, 2, 3, 4, 5]

    scores = str(tmp_path / "scores.gpkg")
    scored = asked(installed, "similarityscore", {"STORE": store, "LIKE_TEXT": example, "OUTPUT": scores})["results"]
    assert scored["COUNT"] == 31 * 31 and Path(scores).exists()


def test_arguments_on_the_command_line_and_bad_ones(installed, tmp_path):
    arguments = ["run", "cdse:similaritysearch", "--", f"STORE={tmp_path}", "LIKE_TEXT=1,1", "K=0", "OUTPUT=x.gpkg"]
    answer = installed.qgis_process(*arguments)
    assert answer.returncode != 0
    assert "“Number of places” is 0" in answer.stderr + answer.stdout
    answer = asked(installed, "similaritysearch", {"STORE": str(tmp_path), "LIKE_TEXT": "1,1", "OUTPUT": "x.gpkg"}, 1)
    assert "Traceback" not in answer["error"] and str(tmp_path) in answer["error"]


def test_without_an_engine_status_says_what_to_do(installed):
    answer = installed.qgis_process("--json", "run", "cdse:status", CDSE_ENGINE_PYTHON="/nowhere/python")
    results = json.loads(answer.stdout)["results"]
    assert results["READY"] is False and results["STATE"] == "missing" and results["NEXT_STEP"]
    arguments = ["run", "cdse:similaritysearch", "--", "STORE=/", "LIKE_TEXT=1,1", "OUTPUT=x.gpkg"]
    answer = installed.qgis_process(*arguments, CDSE_ENGINE_PYTHON="/nowhere/python")
    assert answer.returncode != 0 and "/nowhere/python" in answer.stderr + answer.stdout


LOOK = """
import json, os
import qgis.utils
from qgis.core import QgsApplication
from qgis.PyQt.QtCore import QTimer
from qgis.PyQt.QtWidgets import QToolBar

def look():
    name = "cdse_qgis_plugin"
    seen = {
        "active": name in qgis.utils.active_plugins,
        "modules": qgis.utils.copernicus_probe["modules"],
        "provider": QgsApplication.processingRegistry().providerById("cdse") is not None,
        "toolbar": qgis.utils.iface.mainWindow().findChild(QToolBar, "CopernicusToolbar") is not None,
    }
    seen["unloaded"] = qgis.utils.unloadPlugin(name)
    seen["provider after"] = QgsApplication.processingRegistry().providerById("cdse") is not None
    seen["loaded again"] = qgis.utils.loadPlugin(name) and qgis.utils.startPlugin(name)
    with open(os.environ["LOOK_INTO"], "w", encoding="utf-8") as file:
        json.dump(seen, file)
    QgsApplication.instance().exit(0)

QTimer.singleShot(0, look)
"""


@pytest.mark.skipif(not is_possible(), reason="a real window needs Xvfb, openbox and xdotool")
def test_the_plugin_loads_in_the_window_and_brings_no_engine_library(installed, tmp_path):
    script, answer = tmp_path / "look.py", tmp_path / "seen.json"
    script.write_text(LOOK, encoding="utf-8")
    with VirtualDisplay() as display:
        process = installed.start_qgis(display.name, script, LOOK_INTO=str(answer), PYQGIS_STARTUP=str(PROBE))
        try:
            said, _ = process.communicate(timeout=90)
        finally:
            process.kill()
            process.wait()
    assert answer.exists(), said[-3000:]
    seen = json.loads(answer.read_text(encoding="utf-8"))
    assert seen["active"] and seen["provider"] and seen["toolbar"]
    assert "cdse_qgis_plugin.plugin" in seen["modules"]
    assert not [name for name in seen["modules"] if name.partition(".")[0] in ENGINE_LIBRARIES]
    assert not [name for name in seen["modules"] if name.startswith("cdse_qgis_plugin.engine.")]
    assert seen["unloaded"] and not seen["provider after"] and seen["loaded again"]
