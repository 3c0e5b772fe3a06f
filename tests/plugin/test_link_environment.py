"""Which Python is chosen for the engine, and what its process inherits."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import pytest
from qgis.core import QgsApplication, QgsNetworkAccessManager
from qgis.PyQt.QtCore import QProcess
from qgis.PyQt.QtNetwork import QNetworkProxy

from cdse_qgis_plugin.engine_link import environment
from cdse_qgis_plugin.engine_link.call import Call, CallFailed
from cdse_qgis_plugin.engine_link.setup import places

from .waiting import ending_of


@pytest.fixture
def proxy():
    """Sets the proxy of QGIS's network settings; taken back afterwards."""
    manager = QgsNetworkAccessManager.instance()
    before = manager.fallbackProxy()

    def use(kind, host="", port=0, user="", word="", excludes=(), direct=()):
        manager.setFallbackProxyAndExcludes(QNetworkProxy(kind, host, port, user, word), list(excludes), list(direct))

    yield use
    manager.setFallbackProxyAndExcludes(before, [], [])


def a_python(folder: Path) -> Path:
    """A file that can pass for the Python of an environment."""
    python = places.environment_python(folder)
    python.parent.mkdir(parents=True)
    python.symlink_to(sys.executable)
    return python


def managed(root: Path) -> Path:
    """An environment that counts as set up."""
    folder = places.environment_folder(root)
    a_python(folder)
    places.write_marker(folder, {"lock": places.lock_digest()})
    return folder


def test_the_order_is_setting_variable_managed_checkout(settings, tmp_path, monkeypatch):
    monkeypatch.delenv(environment.VARIABLE, raising=False)
    settings.engine_folder = str(tmp_path / "root")
    assert environment.find_python().origin == "checkout"
    folder = managed(tmp_path / "root")
    found = environment.find_python()
    assert (found.origin, found.path) == ("managed", str(places.environment_python(folder)))
    by_variable = a_python(tmp_path / "by variable")
    monkeypatch.setenv(environment.VARIABLE, str(by_variable))
    assert environment.find_python() == environment.FoundPython(str(by_variable), "variable")
    by_setting = a_python(tmp_path / "by setting")
    settings.engine_python = str(by_setting)
    assert environment.find_python() == environment.FoundPython(str(by_setting), "setting")


@pytest.mark.parametrize(
    "spoil",
    [
        lambda folder: (folder / places.MARKER).unlink(),
        lambda folder: (folder / places.MARKER).write_text('{"lock": "another lock file\'s"}'),
        lambda folder: (folder / places.MARKER).write_text('{"lock": '),
        lambda folder: (folder / places.MARKER).write_text("[]"),
        lambda folder: places.environment_python(folder).unlink(),
    ],
    ids=["no marker", "another lock", "half a marker", "odd marker", "no python"],
)
def test_an_unfinished_environment_does_not_count(tmp_path, spoil):
    folder = managed(tmp_path)
    assert places.usable_environment(tmp_path) == folder
    spoil(folder)
    assert places.usable_environment(tmp_path) is None


def test_after_an_update_of_the_plugin_the_engine_is_missing_for_another_reason(settings, tmp_path, monkeypatch):
    monkeypatch.delenv(environment.VARIABLE, raising=False)
    monkeypatch.setattr(environment, "ENGINE", tmp_path / "plugins" / "cdse_qgis_plugin" / "engine")
    settings.engine_folder = str(tmp_path / "root")
    with pytest.raises(CallFailed) as refusal:
        environment.find_python()
    assert "not set up on this computer yet" in refusal.value.message
    folder = managed(tmp_path / "root")
    folder.rename(folder.with_name("0123456789ab"))
    with pytest.raises(CallFailed) as refusal:
        environment.find_python()
    assert refusal.value.code == "engine_missing"
    assert "set up for another version" in refusal.value.message


def test_the_digest_does_not_depend_on_line_ends(tmp_path):
    (tmp_path / "unix").write_bytes(b"a==1\nb==2\n")
    (tmp_path / "windows").write_bytes(b"a==1\r\nb==2\r\n")
    (tmp_path / "other").write_bytes(b"a==1\nb==3\n")
    digests = [places.lock_digest(tmp_path / name) for name in ("unix", "windows", "other")]
    assert digests[0] == digests[1] != digests[2]


def test_environments_do_not_lie_among_the_profiles():
    profile = Path(QgsApplication.qgisSettingsDirPath())
    folder = places.default_root()
    assert folder.name == "copernicus-ai"
    if profile.parent.name == "profiles":
        assert profile.parent not in folder.parents


@pytest.mark.parametrize("name", ["qgis", "qgis-bin.exe", "QGIS", "qgis_process"])
def test_qgis_itself_is_never_taken_for_a_python(settings, tmp_path, name):
    program = tmp_path / name
    program.write_text("")
    settings.engine_python = str(program)
    with pytest.raises(CallFailed) as refusal:
        environment.find_python()
    assert refusal.value.code == "engine_missing"
    assert "QGIS itself" in refusal.value.message


def test_a_link_to_qgis_is_qgis(tmp_path):
    (tmp_path / "qgis-bin").write_text("")
    (tmp_path / "python3").symlink_to(tmp_path / "qgis-bin")
    assert environment.is_qgis_itself(str(tmp_path / "python3"))
    assert not environment.is_qgis_itself(sys.executable)


BENT = {
    "PYTHONHOME": "/nonsense",
    "PYTHONPATH": "/nonsense",
    "PYTHONEXECUTABLE": "/nonsense",
    "VIRTUAL_ENV": "/nonsense",
    "GDAL_DATA": "/nonsense",
    "GDAL_DRIVER_PATH": "/nonsense",
    "PROJ_LIB": "/nonsense",
    "PROJ_DATA": "/nonsense",
    "QT_PLUGIN_PATH": "/nonsense",
    "QGIS_PREFIX_PATH": "/nonsense",
    "SSL_CERT_DIR": "/nonsense",
    "PIP_USER": "1",
    "PIP_TARGET": "/nonsense",
}
KEPT = {"OPENBLAS_NUM_THREADS": "3", "OMP_NUM_THREADS": "2", "PIP_INDEX_URL": "http://127.0.0.1:1/", "MY_OWN": "x"}


def variables_of_a_child() -> dict:
    """What a program started with the clean environment sees."""
    child = QProcess()
    child.setProcessEnvironment(environment.clean_environment())
    child.start(sys.executable, ["-I", "-c", "import json, os; print(json.dumps(dict(os.environ)))"])
    child.waitForFinished(20_000)
    return json.loads(bytes(child.readAllStandardOutput()))


def test_a_child_inherits_nothing_that_qgis_bent(monkeypatch):
    for name, value in {**BENT, **KEPT}.items():
        monkeypatch.setenv(name, value)
    seen = variables_of_a_child()
    assert not set(BENT) & set(seen)
    assert {name: seen.get(name) for name in KEPT} == KEPT
    assert seen["PATH"] == os.environ["PATH"]


def test_library_paths_of_qgis_are_dropped_and_others_kept(monkeypatch, tmp_path):
    (tmp_path / "app" / "lib").mkdir(parents=True)
    monkeypatch.setenv("APPDIR", str(tmp_path / "app"))
    monkeypatch.setenv("LD_LIBRARY_PATH", f"{tmp_path / 'app' / 'lib'}{os.pathsep}/opt/maker/lib")
    monkeypatch.setenv("DYLD_LIBRARY_PATH", str(tmp_path / "app"))
    seen = variables_of_a_child()
    assert seen["LD_LIBRARY_PATH"] == "/opt/maker/lib"
    assert "DYLD_LIBRARY_PATH" not in seen


def test_the_engine_starts_out_of_a_bent_environment(link, monkeypatch):
    for name, value in BENT.items():
        monkeypatch.setenv(name, value)
    assert ending_of(link.click(Call("embeddings.describe", {"store": "/x"}))).failure.code == "no_store"


def test_the_proxy_of_qgis_is_passed_on_without_its_login(proxy):
    kind = QNetworkProxy.ProxyType.HttpProxy
    proxy(kind, "proxy.example.org", 3128, "anna", "p:ss", ["https://inside.example.org/x"], ["direct.example.org"])
    seen = variables_of_a_child()
    assert seen["HTTPS_PROXY"] == seen["http_proxy"] == "http://proxy.example.org:3128"
    assert seen["no_proxy"].split(",") == ["localhost", "127.0.0.1", "inside.example.org", "direct.example.org"]
    with_login = environment.proxy_variables(with_login=True)
    assert with_login["https_proxy"] == "http://anna:p%3Ass@proxy.example.org:3128"


@pytest.mark.parametrize("kind", [QNetworkProxy.ProxyType.NoProxy, QNetworkProxy.ProxyType.DefaultProxy])
def test_without_a_proxy_in_qgis_the_systems_own_variables_stay(proxy, monkeypatch, kind):
    proxy(kind)
    monkeypatch.setenv("HTTPS_PROXY", "http://set.by.hand:1")
    assert variables_of_a_child()["HTTPS_PROXY"] == "http://set.by.hand:1"


def test_the_engines_version_is_known_without_importing_it():
    assert environment.ENGINE_VERSION
    assert not [name for name in sys.modules if name.startswith("cdse_qgis_plugin.engine.")]
