"""What tests on the QGIS side share: fresh settings, a link that is closed afterwards, engines that misbehave."""

from __future__ import annotations

import sys
import textwrap
from pathlib import Path

import pytest

from cdse_qgis_plugin.engine_link.environment import (
    ENGINE_VERSION,
    FoundPython,
    Launch,
    clean_environment,
    current_launch,
)
from cdse_qgis_plugin.settings import Settings

from ..own_settings import keep_settings_in


@pytest.fixture(scope="session", autouse=True)
def _own_settings(qgis_app, tmp_path_factory):
    keep_settings_in(tmp_path_factory.mktemp("settings"))


@pytest.fixture(autouse=True)
def settings(_own_settings):
    """The plugin's settings, as after a first installation."""
    remembered = Settings()
    remembered.reset()
    yield remembered
    remembered.reset()


@pytest.fixture
def link(qgis_app, settings):
    """The plugin's link to the real engine."""
    from cdse_qgis_plugin.engine_link.link import EngineLink

    made = EngineLink()
    yield made
    made.close()


@pytest.fixture
def real_launch(qgis_app) -> Launch:
    """How to start the real engine."""
    return current_launch()


@pytest.fixture
def odd_engine(tmp_path):
    """Makes engines that break the rules of the wire: a function from a script's text to how to start it.

    The script finds ``say(**message)``, ``calls()`` and ``hello()`` ready; what it does with them is the fault.
    """
    prelude = f"""
        import json, os, sys, time
        def say(**message):
            sys.stdout.write(json.dumps(message) + "\\n"); sys.stdout.flush()
        def hello(protocol=1, engine={ENGINE_VERSION!r}):
            say(type="hello", protocol=protocol, engine=engine, python="3", features=[], pid=os.getpid())
        def calls():
            for line in sys.stdin:
                yield json.loads(line)
    """
    number = iter(range(1000))

    def make(script: str, python: str = sys.executable) -> Launch:
        path = Path(tmp_path) / f"odd engine ü {next(number)}.py"
        path.write_text(textwrap.dedent(prelude) + textwrap.dedent(script), encoding="utf-8")
        return Launch(FoundPython(python, "test"), str(path), ENGINE_VERSION, clean_environment())

    return make
