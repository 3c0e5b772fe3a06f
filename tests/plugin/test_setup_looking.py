"""Looking around before a set-up: which Python, how much, where, and what stands in the way."""

from __future__ import annotations

import json
import re
import sys
import venv
from dataclasses import asdict, replace
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from cdse_qgis_plugin.engine_link import environment
from cdse_qgis_plugin.engine_link.call import CallFailed
from cdse_qgis_plugin.engine_link.setup import base_python, sizes
from cdse_qgis_plugin.engine_link.setup.base_python import BasePython, best, candidates, understood
from cdse_qgis_plugin.engine_link.setup.check import ask_python, check_engine, check_python, python_in
from cdse_qgis_plugin.engine_link.setup.pip_output import PipProgress, package_of
from cdse_qgis_plugin.engine_link.setup.places import LOCK
from cdse_qgis_plugin.engine_link.setup.plan import SetupPlan
from cdse_qgis_plugin.engine_link.setup.recipe import Recipe

GOOD = BasePython("/usr/bin/python3", (3, 12, 3), 64, "x86_64", "cpython", True, True, True)
ENGINE_PYTHON = Path(__file__).parents[2] / ".venv" / "engine" / "bin" / "python"


# ---- which Python


def test_a_python_says_what_it_is(qgis_app):
    said = ask_python(sys.executable)
    assert said.version == sys.version_info[:3]
    assert said.bits == 64
    assert said.venv


@pytest.mark.parametrize("answer", ["", "Python 3.9", "[]", '{"version": [3]}', '{"version": [3, 12, 1]}', "null"])
def test_an_odd_answer_is_no_python(answer):
    assert understood("x", answer) is None


@pytest.mark.parametrize(
    "change", [{"version": (3, 10, 9)}, {"bits": 32}, {"implementation": "pypy"}, {"venv": False}], ids=str
)
def test_what_cannot_make_environments_is_not_taken(change):
    assert best([replace(GOOD, **change)]) is None
    assert best([replace(GOOD, **change), GOOD]) == GOOD


def test_a_complete_python_is_preferred_and_an_incomplete_one_better_than_none():
    incomplete = replace(GOOD, ensurepip=False)
    assert best([incomplete, GOOD]) == GOOD
    assert best([incomplete]) == incomplete


def on(monkeypatch, platform: str, files: list[str], **system) -> list[str]:
    """The candidates on a made-up computer with those files."""
    monkeypatch.setattr(sys, "platform", platform)
    for name, value in system.items():
        monkeypatch.setattr(sys, name, value)
    monkeypatch.setattr(Path, "is_file", lambda path: str(path).replace("\\", "/") in files)
    monkeypatch.setattr(base_python.shutil, "which", lambda name: None)
    return [path.replace("\\", "/") for path in candidates()]


def test_on_windows_the_python_in_qgis_comes_first(monkeypatch):
    monkeypatch.setenv("LOCALAPPDATA", "C:/Users/Zoë/AppData/Local")
    bundled = "C:/Program Files/QGIS 3.40.6/apps/Python312"
    own = "C:/Users/Zoë/AppData/Local/Programs/Python/Python313/python.exe"
    found = on(
        monkeypatch,
        "win32",
        [f"{bundled}/python.exe", own],
        exec_prefix=bundled,
        base_exec_prefix=bundled,
        executable="C:/Program Files/QGIS 3.40.6/bin/qgis-ltr-bin.exe",
    )
    assert found == [f"{bundled}/python.exe", own]


def test_on_macos_the_python_in_qgis_comes_first(monkeypatch):
    bundle = "/Applications/QGIS.app/Contents/MacOS"
    files = [f"{bundle}/bin/python3", "/opt/homebrew/bin/python3.12", f"{bundle}/QGIS"]
    prefix = {"exec_prefix": "/usr", "base_exec_prefix": "/usr"}
    assert on(monkeypatch, "darwin", files, executable=f"{bundle}/QGIS", **prefix) == files[:2]


def test_on_linux_the_systems_python_comes_first(monkeypatch):
    files = ["/usr/bin/python3", "/usr/bin/python3.13", "/usr/local/bin/python3.12"]
    found = on(monkeypatch, "linux", files, base_exec_prefix="/usr")
    assert (found[0], set(found)) == (files[0], set(files))


def test_each_python_is_asked_once(monkeypatch, tmp_path):
    (tmp_path / "python3").write_text("")
    (tmp_path / "python3.12").symlink_to(tmp_path / "python3")
    monkeypatch.setattr(base_python, "_on_linux", lambda: iter([f"{tmp_path}/python3.12", f"{tmp_path}/python3", ""]))
    monkeypatch.setattr(sys, "platform", "linux")
    assert candidates() == [f"{tmp_path}/python3.12"]


# ---- "Use this Python…"


@pytest.mark.skipif(not ENGINE_PYTHON.exists(), reason="needs .venv/engine")
def test_a_python_with_everything_passes(qgis_app):
    assert check_python(str(ENGINE_PYTHON), Recipe()).engine == Recipe().version


def script(path: Path, text: str) -> str:
    """A program made of a shell script."""
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)
    return str(path)


def why_not(path: str) -> CallFailed:
    with pytest.raises(CallFailed) as refusal:
        check_python(path, Recipe())
    return refusal.value


def test_why_a_python_will_not_do_is_said_in_a_sentence(qgis_app, tmp_path):
    old = json.dumps({**asdict(GOOD), "version": [3, 9, 18]})
    assert "is Python 3.9; the engine needs 3.11" in why_not(script(tmp_path / "old", f"echo '{old}'")).message
    assert "does not answer as a Python does" in why_not(script(tmp_path / "odd", "echo hello")).message
    assert "does not answer as a Python does" in why_not(script(tmp_path / "bad", "exit 3")).message
    (tmp_path / "text").write_text("no program")
    assert "does not answer as a Python does" in why_not(str(tmp_path / "text")).message
    assert "is not there" in why_not(str(tmp_path / "nothing")).message
    assert "QGIS itself" in why_not(script(tmp_path / "qgis", "")).message


def test_an_engine_that_greets_but_cannot_list_is_broken(odd_engine):
    launch = odd_engine("""
        if sys.argv[1] == 'serve':
            hello()
            sys.stdin.read()
        sys.exit('numpy is broken')
    """)
    with pytest.raises(CallFailed) as refusal:
        check_engine(launch, Recipe())
    assert refusal.value.code == "engine_broken"
    assert "numpy is broken" in refusal.value.message


def test_an_engine_with_a_package_that_does_not_load_is_broken(odd_engine, tmp_path):
    """As with a library that the system lacks: the engine itself starts, since it loads packages late."""
    launch = odd_engine("hello()\nsys.argv[1] == 'serve' and sys.stdin.read()")
    folder = tmp_path / "venv"
    venv.create(folder, with_pip=False)
    packages = next(folder.rglob("site-packages"))
    (packages / "brittle.py").write_text("raise ImportError('libfancy.so.3: cannot open shared object file')")
    (packages / "brittle_thing-1.0.dist-info").mkdir()
    (packages / "brittle_thing-1.0.dist-info" / "METADATA").write_text("Name: brittle-thing\nVersion: 1.0\n")
    (packages / "brittle_thing-1.0.dist-info" / "RECORD").write_text("brittle.py,,\n")
    (tmp_path / "requirements.lock").write_text("brittle-thing==1.0 --hash=sha256:0\n")
    python = environment.FoundPython(str(folder / "bin" / "python"), "test")
    with pytest.raises(CallFailed) as refusal:
        check_engine(replace(launch, python=python), Recipe(lock=tmp_path / "requirements.lock"))
    assert refusal.value.code == "engine_broken"
    assert "libfancy.so.3" in refusal.value.message


def test_the_folder_of_an_environment_stands_for_its_python(tmp_path):
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "python").write_text("")
    assert python_in(str(tmp_path)) == str(tmp_path / "bin" / "python")
    assert python_in("/somewhere/python3") == "/somewhere/python3"


# ---- how much


@pytest.mark.parametrize("platform", ["linux", "windows", "macos"])
@pytest.mark.parametrize("python", ["3.11", "3.12", "3.13"])
def test_the_table_of_sizes_is_that_of_the_lock_file(platform, python):
    system = {"linux": "linux", "windows": "win32", "macos": "darwin"}[platform]
    values = {"python_full_version": f"{python}.0", "python_version": python, "sys_platform": system}
    pins = re.findall(r"^([\w.-]+==.+?) ?\\$", LOCK.read_text(encoding="utf-8"), re.MULTILINE)
    required = [Requirement(pin) for pin in pins]
    wanted = {one.name for one in required if one.marker is None or one.marker.evaluate(values)}
    assert wanted
    assert set(sizes.package_sizes(python, platform)) == wanted


def test_an_unknown_python_has_no_sizes():
    assert sizes.package_sizes("3.7") == {}
    assert sizes.package_sizes("3.11", table=Path("/no/such/table.csv")) == {}


@pytest.mark.parametrize(
    ("size", "text"),
    [(0, "0 bytes"), (1500, "1.5 kB"), (1_500_000, "1.5 MB"), (169_900_000, "170 MB"), (2e9, "2.0 GB")],
)
def test_sizes_are_readable(size, text):
    assert sizes.readable(size) == text


# ---- what stands in the way


def a_plan(**changes) -> SetupPlan:
    known = {"root": Path("/data/copernicus-ai"), "recipe": Recipe(), "base": GOOD, "sizes": {"numpy": 100_000_000}}
    return SetupPlan(**{**known, "free_bytes": 10**11, **changes})


def test_nothing_in_the_way_is_nothing():
    assert a_plan().obstacles() == []


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"base": None}, ["No suitable Python", "3.11"]),
        ({"base": replace(GOOD, ensurepip=False)}, ["python3.12-venv", "sudo apt install"]),
        ({"free_bytes": 50_000_000}, ["540 MB", "50 MB"]),
        ({"is_writable": False}, ["does not let us write", "/data/copernicus-ai"]),
    ],
    ids=["no python", "no ensurepip", "no space", "read-only"],
)
def test_what_stands_in_the_way_is_said(change, words):
    (sentence,) = a_plan(**change).obstacles()
    assert all(word in sentence for word in words)


# ---- how far pip is

PIP = """
Looking in indexes: http://127.0.0.1/simple/
Collecting numpy==2.4.6 (from -r requirements.lock (line 3))
  Using cached numpy-2.4.6-cp311-cp311-manylinux_2_27_x86_64.manylinux_2_28_x86_64.whl (16.9 MB)
Collecting pydantic-core==2.50.4
  Downloading http://127.0.0.1/files/pydantic_core-2.50.4-cp311-cp311-manylinux_2_17_x86_64.whl (2.3 MB)
Collecting pyarrow==26.0.1
  Downloading pyarrow-26.0.1-cp311-cp311-manylinux_2_28_x86_64.whl.metadata (3.0 kB)
  Downloading pyarrow-26.0.1-cp311-cp311-manylinux_2_28_x86_64.whl (55.0 MB)
""".strip().splitlines()


def test_pips_lines_become_bytes():
    progress = PipProgress({"numpy": 17, "pydantic-core": 2, "pyarrow": 55})
    seen = []
    for line in PIP:
        progress.read(line)
        seen.append((progress.bytes, progress.current))
    assert seen[2] == (17, "")
    assert seen[4] == (17, "pydantic-core")
    assert seen[6][0] == 17  # metadata is no file
    assert seen[7] == (19, "pyarrow")
    progress.current_bytes = 20
    assert progress.bytes == 39
    progress.current_bytes = 10**9
    assert progress.bytes == progress.total_bytes == 74
    progress.read("Installing collected packages: numpy, pydantic-core, pyarrow")
    assert progress.installing == ["numpy", "pydantic-core", "pyarrow"]
    assert progress.bytes == 74


def test_a_package_without_a_known_size_counts_for_nothing():
    progress = PipProgress({"numpy": 17})
    progress.read("  Downloading odd_one-1.0-py3-none-any.whl (2.3 MB)")
    progress.current_bytes = 5
    assert progress.bytes == 0


def test_package_names_are_normalised():
    assert package_of("Pydantic_Core-2.50.4-cp311.whl") == "pydantic-core"
    assert package_of("zope.interface-1.0-py3-none-any.whl") == "zope-interface"
