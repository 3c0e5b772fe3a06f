"""The runner of the tests counts right, and a failure anywhere is a failure of the whole."""

from __future__ import annotations

import textwrap

import pytest

from tools import run_tests
from tools.environments import QGIS

GOOD = "def test_good():\n    assert True\n"
BAD = "def test_bad():\n    assert False\n"
MIXED = """
import pytest

def test_good():
    assert True

@pytest.mark.parametrize("x", [1, 2])
def test_bad(x):
    assert x > 2

def test_left_out():
    pytest.skip("the data is not here")

@pytest.fixture
def broken():
    raise RuntimeError("no")

def test_error(broken):
    assert True
"""
KILLED = "import os\n\n\ndef test_killed():\n    os.kill(os.getpid(), 9)\n"


@pytest.fixture
def repository(tmp_path, monkeypatch):
    """A repository of two tiers, ``one`` and ``two``, to write tests into; returns the function that does."""
    monkeypatch.setattr(run_tests, "ROOT", tmp_path)
    monkeypatch.setattr(run_tests, "REPORTS", tmp_path / "reports")
    monkeypatch.setattr(run_tests, "TIERS", (run_tests.Tier("one", QGIS), run_tests.Tier("two", QGIS)))
    monkeypatch.setenv("PYTEST_ADDOPTS", "-p no:cacheprovider -p no:pytest_qgis")

    def write(tier: str, name: str, content: str) -> None:
        path = tmp_path / "tests" / tier / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(textwrap.dedent(content))

    return write


def _last_line(capfd) -> str:
    return capfd.readouterr().out.strip().splitlines()[-1]


def test_all_good_is_good(repository, capfd):
    repository("one", "test_a.py", GOOD)
    repository("two", "test_b.py", GOOD)
    assert run_tests.main([]) == 0
    assert _last_line(capfd) == "2 passed, 0 failed, 0 skipped"


def test_failures_errors_and_skips_of_any_tier_are_counted(repository, capfd):
    repository("one", "test_a.py", MIXED)
    repository("two", "test_b.py", GOOD)
    assert run_tests.main([]) == 1
    printed = capfd.readouterr().out
    assert printed.strip().splitlines()[-1] == "2 passed, 3 failed, 1 skipped"
    assert "skipped 1: the data is not here" in printed


def test_a_tier_that_dies_is_a_failure(repository, capfd):
    repository("one", "test_a.py", KILLED)
    repository("two", "test_b.py", GOOD)
    assert run_tests.main([]) == 1
    printed = capfd.readouterr().out
    assert "one: pytest died of SIGKILL" in printed
    assert printed.strip().splitlines()[-1] == "1 passed, 1 failed, 0 skipped"


def test_a_file_that_cannot_be_imported_is_a_failure(repository, capfd):
    repository("one", "test_a.py", "import nothing_of_that_name\n")
    repository("two", "test_b.py", GOOD)
    assert run_tests.main([]) == 1
    assert _last_line(capfd) == "1 passed, 1 failed, 0 skipped"


def test_no_test_at_all_is_a_failure(repository, capfd):
    assert run_tests.main([]) == 1
    assert _last_line(capfd) == "0 passed, 1 failed, 0 skipped"


def test_one_tier_or_a_part_of_it_can_be_asked_for(repository, capfd):
    repository("one", "test_a.py", BAD)
    repository("two", "test_b.py", GOOD + "\n\n" + BAD)
    assert run_tests.main(["tests/two", "-k", "good"]) == 0
    assert _last_line(capfd) == "1 passed, 0 failed, 0 skipped"


def test_one_test_can_be_asked_for(repository, capfd):
    repository("one", "test_a.py", BAD + "\n\n" + GOOD)
    assert run_tests.main(["tests/one/test_a.py::test_good"]) == 0
    assert _last_line(capfd) == "1 passed, 0 failed, 0 skipped"


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("from qgis.core import QgsProject", True),
        ("def f():\n    import qgis.utils", True),
        ("from cdse_qgis_plugin.engine_link.call import Call", True),
        ("from cdse_qgis_plugin.engine.run import Run", False),
        ("import requests\nname = 'qgis'", False),
    ],
)
def test_tests_run_where_their_imports_are(source, expected, tmp_path):
    path = tmp_path / "test_a.py"
    path.write_text(source)
    assert run_tests.needs_qgis(path) is expected


def test_every_test_file_belongs_to_exactly_one_tier():
    tiers = [file for tier in run_tests.TIERS for file in tier.files()]
    known = {path.relative_to(run_tests.ROOT).as_posix() for path in (run_tests.ROOT / "tests").rglob("test_*.py")}
    assert sorted(tiers) == sorted(known)


def test_tests_see_a_home_of_their_own(repository, capfd, monkeypatch):
    monkeypatch.setenv("PYTHONPATH", "/somewhere")
    repository(
        "one",
        "test_a.py",
        """
        import os
        from pathlib import Path

        def test_home():
            assert Path.home().name.startswith("cdse-home-")
            assert os.environ["QGIS_CUSTOM_CONFIG_PATH"].startswith(str(Path.home()))
            assert "PYTHONPATH" not in os.environ
        """,
    )
    assert run_tests.main([]) == 0
    assert _last_line(capfd) == "1 passed, 0 failed, 0 skipped"
