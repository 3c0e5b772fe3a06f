"""The package passes the plugin repository's gate, and the gate would notice if it did not."""

from __future__ import annotations

import subprocess
import zipfile

import pytest

from tests.gate.conftest import metadata_text
from tools import gate, package, package_rules, scanners


def test_the_package_passes():
    found = gate.scan(package.build())
    assert not found, "\n".join(map(str, found))


def test_a_good_plugin_passes_every_check(make_package):
    assert gate.scan(make_package()) == []


def test_the_gate_prints_what_it_found_and_fails(make_package, capsys):
    path = make_package({"bad.py": "def f():\n    assert nowhere\n"})
    assert gate.main([str(path)]) == 1
    printed = capsys.readouterr().out
    assert "B101" in printed and "bad.py:2" in printed and "F821" in printed
    assert gate.main([str(make_package())]) == 0


# Each file holds one thing that blocks an upload; the scanner must name the rule, the file and the line.
BANDIT = {
    "B101": "def f(x):\n    assert x\n",
    "B102": "exec('1')\n",
    "B105": "TOKEN_URL = 'somewhere'\n",
    "B107": "def f(secret='abc'):\n    return secret\n",
    "B108": "PLACE = '/tmp/place'\n",
    "B110": "try:\n    import this\nexcept Exception:\n    pass\n",
    "B301": "import pickle\n\npickle.loads(b'')\n",
    "B310": "from urllib.request import urlopen\n\nurlopen('https://example.org')\n",
    "B324": "import hashlib\n\nhashlib.md5(b'')\n",
    "B603": "import subprocess\n\nsubprocess.run(['true'])\n",
    "B608": "def f(name):\n    return \"SELECT * FROM t WHERE name = '%s'\" % name\n",
}
FLAKE8 = {
    "F821": "print(unheard_of)\n",
    "E711": "def f(x):\n    return x == None\n",
    "E722": "try:\n    pass\nexcept:\n    raise\n",
    "F811": "def f():\n    pass\n\n\ndef f():\n    pass\n",
    "E999": "def f(:\n",
    "QGS107": "def f(dialog):\n    dialog.exec_()\n",
    "QGS402": "from qgis.PyQt.QtCore import QVariant\n\nKIND = QVariant.String\n",
    "QGS403": "from qgis.PyQt.QtWidgets import QSizePolicy\n\nPOLICY = QSizePolicy.Expanding\n",
    "QGS406": "from qgis.PyQt.QtCore import QRegExp\n\nPATTERN = QRegExp('a')\n",
}
PYTHON39 = {
    "match_statement": "def f(x):\n    match x:\n        case 1:\n            return 2\n",
    "except_star": "try:\n    pass\nexcept* ValueError:\n    pass\n",
    "annotation_at_run_time": "def f(x: int | None):\n    return x\n",
    "union_at_run_time": "def f(x):\n    return isinstance(x, int | str)\n",
}


def _named(rule: str) -> str:
    return f"bad_{rule.lower()}.py"


@pytest.mark.parametrize(
    ("scanner", "seeds"), [(scanners.bandit, BANDIT), (scanners.flake8, FLAKE8)], ids=["bandit", "flake8"]
)
def test_every_seeded_fault_is_found_where_it_is(scanner, seeds, make_folder):
    # bandit cannot go on over a file that does not parse, and says so: see the test below.
    found = scanner(make_folder({_named(rule): content for rule, content in seeds.items()}))
    assert {(rule, _named(rule)) for rule in seeds} <= {(each.rule, each.path) for each in found}
    assert all(each.line > 0 for each in found)


def test_enum_members_that_qt6_hides_are_found(make_folder):
    seeds = {
        "role.py": "from qgis.PyQt.QtCore import Qt\n\nROLE = Qt.UserRole\n",
        "flag.py": "from qgis.PyQt.QtWidgets import QAbstractItemView as View\n\nMODE = View.ExtendedSelection\n",
        "inside.py": "def f():\n    from qgis.PyQt.QtCore import Qt\n\n    return Qt.AlignLeft | Qt.AlignTop\n",
    }
    fine = {
        "scoped.py": "from qgis.PyQt.QtCore import Qt\n\nROLE = Qt.ItemDataRole.UserRole\n",
        "static.py": "from qgis.PyQt.QtGui import QImage, QColor\n\nIMAGE = QImage.fromData, QColor.fromRgb\n",
    }
    found = scanners.qt6_enums(make_folder({**seeds, **fine}))
    assert {each.path for each in found} == set(seeds)
    assert "Qt.ItemDataRole.UserRole" in next(each.text for each in found if each.path == "role.py")


def test_bandit_that_cannot_read_a_file_is_no_clean_bill(make_folder):
    with pytest.raises(scanners.ScannerError, match=r"bad\.py"):
        scanners.bandit(make_folder({"bad.py": "def f(:\n"}))


def test_what_python_39_does_not_understand_is_found_outside_the_engine_only(make_folder):
    seeds = {f"{name}.py": content for name, content in PYTHON39.items()}
    inside = {f"engine/{name}": content for name, content in seeds.items()}
    fine = {"fine.py": "from __future__ import annotations\n\n\ndef f(x: int | None) -> str | None:\n    return x\n"}
    found = scanners.python39(make_folder({**seeds, **inside, **fine}))
    assert {each.path for each in found} == set(seeds)


def test_secrets_are_found_in_any_file_but_metadata(make_folder):
    key = "AKIA" + "Z7Q4M2X9K1P8W5T3"
    seeds = {"notes.md": f"key: {key}\n", "config.json": '{"password": "hunter2hunter2"}\n'}
    found = scanners.secrets(make_folder({**seeds, "metadata.txt": metadata_text(about=key)}))
    assert {each.path for each in found} == set(seeds)


def test_hashes_of_a_lock_file_are_no_secrets(make_folder):
    digest = "0a1b2c3d4e5f60718293a4b5c6d7e8f90a1b2c3d4e5f60718293a4b5c6d7e8f9"
    lines = f"numpy==2.4.6 \\\n    --hash=sha256:{digest}\n"
    assert scanners.secrets(make_folder({"engine/requirements.lock": lines})) == []


PACKAGE_FAULTS = {
    "missing": {"LICENSE": None},
    "missing init": {"__init__.py": None},
    "name pyc": {"module.pyc": "x"},
    "name pycache": {"__pycache__/module.txt": "x"},
    "name git": {".git/config": "x"},
    "name absolute": {"/etc/passwd": "x"},
    "name climbing": {"../out.txt": "x"},
    "name backslash": {"a\\b.txt": "x"},
    "suspicious": {"run.sh": "true\n"},
    "binary": {"library.bin": b"\x7fELF\x00\x01"},
    "binary utf8": {"text.txt": "Zürich".encode("latin-1")},
    "top-folder": {"other/file.txt": "x"},
    "size": {"large.txt": "x" * (package_rules.LARGEST + 1)},
}


@pytest.mark.parametrize("fault", PACKAGE_FAULTS)
def test_a_bad_package_is_turned_down(fault, make_package):
    found = package_rules.check_archive(make_package(PACKAGE_FAULTS[fault]))
    assert fault.split()[0] in {each.rule for each in found}


def test_a_folder_that_is_no_identifier_is_turned_down(make_package):
    assert "top-folder" in {each.rule for each in package_rules.check_archive(make_package(top="my-plugin"))}


def test_programs_are_turned_down(make_package):
    assert "permissions" in {each.rule for each in package_rules.check_archive(make_package(mode=0o755))}


METADATA_FAULTS = {
    "“tracker” is missing": {"tracker": None},
    "“about” is missing": {"about": ""},
    "“qgisMaximumVersion” is “3.99”": {"qgisMaximumVersion": "3.99"},
    "“hasProcessingProvider” is “no”": {"hasProcessingProvider": "no"},
    "supportsQt6": {"supportsQt6": "True"},
    "slash": {"author": "me/you"},
    "e-mail": {"email": "nobody"},
    "1.2.3": {"version": "one"},
    "“repository” is no web address": {"repository": "ask me"},
    "“icon” names a file": {"icon": "nowhere.svg"},
}


@pytest.mark.parametrize("fault", METADATA_FAULTS)
def test_bad_metadata_is_turned_down(fault, make_folder):
    folder = make_folder({"metadata.txt": metadata_text(**METADATA_FAULTS[fault])})
    assert any(fault in each.text for each in package_rules.check_metadata(folder))


def test_metadata_that_cannot_be_read_is_turned_down(make_folder):
    found = package_rules.check_metadata(make_folder({"metadata.txt": "name=Example\n"}))
    assert "cannot be read" in found[0].text


def test_plugin_and_engine_carry_one_version(make_folder):
    found = package_rules.check_versions(make_folder({"engine/__init__.py": '__version__ = "0.2.0"\n'}))
    assert [each.rule for each in found] == ["version"]


def test_two_builds_of_the_same_files_are_the_same_bytes(tmp_path):
    first, second = package.build(tmp_path / "a.zip"), package.build(tmp_path / "b.zip")
    assert first.read_bytes() == second.read_bytes()


def test_the_package_holds_the_plugin_and_nothing_of_the_workshop():
    with zipfile.ZipFile(package.build()) as archive:
        names = set(archive.namelist())
    for needed in ("__init__.py", "metadata.txt", "LICENSE", "engine/__main__.py", "engine/requirements.lock"):
        assert f"cdse_qgis_plugin/{needed}" in names
    inside = {name.split("/")[1] for name in names}
    assert not inside & {"tests", "tools", "demo", "docs", "benchmarks", "Makefile", "pyproject.toml", ".ci"}


def test_compiled_translations_come_along_though_git_does_not_know_them(tmp_path):
    for name in ("cdse_qgis_plugin/__init__.py", "metadata.txt", "tools/x.py", "i18n/cdse_qgis_plugin_nl.ts"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    subprocess.run(["git", "init", "-q"], cwd=tmp_path, check=True)
    subprocess.run(["git", "add", "-A"], cwd=tmp_path, check=True)
    (tmp_path / "i18n" / "cdse_qgis_plugin_nl.qm").touch()
    (tmp_path / "cdse_qgis_plugin" / "notes.txt").touch()  # not known to git, so not in the package
    assert set(package.contents(tmp_path)) == {
        "cdse_qgis_plugin/__init__.py",
        "cdse_qgis_plugin/metadata.txt",
        "cdse_qgis_plugin/i18n/cdse_qgis_plugin_nl.qm",
    }


def test_a_file_that_git_knows_and_that_is_gone_stops_the_packaging(tmp_path):
    (tmp_path / "metadata.txt").touch()
    subprocess.run(["git", "init", "-q"], cwd=tmp_path, check=True)
    subprocess.run(["git", "add", "-A"], cwd=tmp_path, check=True)
    (tmp_path / "metadata.txt").unlink()
    with pytest.raises(package.PackagingError, match=r"metadata\.txt"):
        package.build(tmp_path / "plugin.zip", tmp_path)


def test_without_git_there_is_no_package(tmp_path):
    with pytest.raises(package.PackagingError, match="git"):
        package.build(tmp_path / "plugin.zip", tmp_path)
