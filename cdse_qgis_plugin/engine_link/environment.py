"""Which Python runs the engine, and the clean surroundings it runs in.

QGIS bends its own process out of shape: PYTHONHOME, GDAL_DATA, PROJ_LIB, Qt plugin paths and library paths all point
into QGIS. A child that inherits them loads the wrong libraries or does not start at all, so none of them is passed on.
"""

from __future__ import annotations

import os
import re
import sys
from dataclasses import dataclass
from pathlib import Path

from qgis.core import QgsApplication, QgsNetworkAccessManager
from qgis.PyQt.QtCore import QCoreApplication, QProcessEnvironment
from qgis.PyQt.QtNetwork import QNetworkProxy

from ..settings import Settings
from .call import CallFailed
from .setup.places import environment_python, has_outdated_environment, usable_environment

translate = QCoreApplication.translate

VARIABLE = "CDSE_ENGINE_PYTHON"
"""Environment variable that names the Python to use, for administrators and tests."""

ENGINE = Path(__file__).resolve().parents[1] / "engine"
"""The folder of the engine's code."""

_DROPPED = re.compile(
    r"PYTHON.*|GDAL_.*|OGR_.*|CPL_.*|PROJ_.*|QT_.*|QML.*|QGIS_.*|CONDA_.*|VIRTUAL_ENV.*|__PYVENV_LAUNCHER__|SSL_CERT_DIR"
    r"|PYCHARM.*|PIP_(USER|TARGET|PREFIX|REQUIRE_VIRTUALENV|REQUIRE_HASHES|NO_DEPS|PYTHON)",
    re.IGNORECASE,
)
_SYSTEM = {Path("/"), Path("/usr"), Path("/usr/local")}
_LIBRARY_PATHS = ("LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "DYLD_FALLBACK_LIBRARY_PATH", "DYLD_FRAMEWORK_PATH")


@dataclass(frozen=True)
class FoundPython:
    """A Python for the engine, and who chose it: ``setting``, ``variable``, ``managed`` or ``checkout``."""

    path: str
    origin: str


@dataclass(frozen=True)
class Launch:
    """Everything needed to start an engine; gathered once, usable on any thread."""

    python: FoundPython
    main: str
    version: str
    variables: QProcessEnvironment

    def arguments(self, *command: str) -> list[str]:
        """Arguments for the Python: isolated from the user's site folder and unbuffered."""
        return ["-I", "-u", self.main, *command]


def current_launch() -> Launch:
    """How to start the engine now; raises CallFailed ``engine_missing``."""
    return Launch(find_python(), str(ENGINE / "__main__.py"), ENGINE_VERSION, clean_environment())


def find_python(settings: Settings | None = None) -> FoundPython:
    """The Python to run the engine with; raises CallFailed ``engine_missing`` with the way on."""
    settings = settings or Settings()
    for origin, path in (("setting", settings.engine_python), ("variable", os.environ.get(VARIABLE, ""))):
        if path:
            return FoundPython(checked_python(path), origin)
    managed = usable_environment()
    if managed:
        return FoundPython(str(environment_python(managed)), "managed")
    checkout = environment_python(ENGINE.parents[1] / ".venv" / "engine")
    if checkout.is_file() and (ENGINE.parents[1] / "pyproject.toml").is_file():
        return FoundPython(str(checkout), "checkout")
    if has_outdated_environment():
        message = translate(
            "EngineLink", "The engine was set up for another version of the plugin; what it needs has changed since."
        )
    else:
        message = translate("EngineLink", "The engine, which does the computing, is not set up on this computer yet.")
    raise CallFailed("engine_missing", message, set_up_hint())


def checked_python(path: str) -> str:
    """The same path when it can be a Python; raises CallFailed ``engine_missing`` with the reason when not."""
    if not Path(path).is_file():
        message = translate("EngineLink", "The Python chosen for the engine is not there any more: “{path}”.")
        raise CallFailed("engine_missing", message.format(path=path), set_up_hint())
    if is_qgis_itself(path):
        message = translate("EngineLink", "“{path}” is QGIS itself, not a Python; starting it would open another QGIS.")
        raise CallFailed("engine_missing", message.format(path=path), set_up_hint())
    return path


def is_qgis_itself(path: str) -> bool:
    """Whether the file is the QGIS program; QGIS tells Python that it is ``sys.executable``."""
    real = Path(os.path.realpath(path))
    if real.stem.lower().startswith("qgis"):
        return True
    own = Path(os.path.realpath(QgsApplication.applicationFilePath()))
    return real == own and not own.stem.lower().startswith("python")


def set_up_hint() -> str:
    """What to do about an engine that is not there."""
    return translate("EngineLink", "Open “Engine set-up” and set it up, or choose a Python that has what it needs.")


def clean_environment() -> QProcessEnvironment:
    """This process's environment without what QGIS and other Pythons left in it, and with QGIS's proxy."""
    clean = QProcessEnvironment.systemEnvironment()
    for name in clean.keys():  # noqa: SIM118 - a Qt object, not a dict
        if _DROPPED.fullmatch(name):
            clean.remove(name)
    for name in _LIBRARY_PATHS:
        kept = [part for part in clean.value(name).split(os.pathsep) if part and not _belongs_to_qgis(part)]
        if kept:
            clean.insert(name, os.pathsep.join(kept))
        else:
            clean.remove(name)
    if sys.platform == "win32":
        system = os.environ.get("SYSTEMROOT", r"C:\Windows")
        clean.insert("PATH", os.pathsep.join((rf"{system}\System32", system, rf"{system}\System32\Wbem")))
    for name, value in proxy_variables().items():
        clean.insert(name, value)
    return clean


def _belongs_to_qgis(folder: str) -> bool:
    real = Path(os.path.realpath(folder))
    roots = [os.environ.get(name, "") for name in ("APPDIR", "CONDA_PREFIX", "OSGEO4W_ROOT", "SNAP")]
    roots += [QgsApplication.prefixPath(), sys.prefix]
    bundled = {Path(os.path.realpath(root)) for root in roots if root} - _SYSTEM
    return any(root == real or root in real.parents for root in bundled)


def proxy_variables(with_login: bool = False) -> dict[str, str]:
    """The proxy of QGIS's network settings as the variables that Python programs read.

    The name and password of a proxy are left out unless asked for: an environment is easier to read than stdin.
    """
    manager = QgsNetworkAccessManager.instance()
    proxy = manager.fallbackProxy()
    kinds = {
        QNetworkProxy.ProxyType.HttpProxy: "http",
        QNetworkProxy.ProxyType.HttpCachingProxy: "http",
        QNetworkProxy.ProxyType.Socks5Proxy: "socks5h",
    }
    if proxy.type() not in kinds or not proxy.hostName():
        return {}
    login = ""
    if with_login and proxy.user():
        login = f"{_quoted(proxy.user())}:{_quoted(proxy.password())}@"
    address = f"{kinds[proxy.type()]}://{login}{proxy.hostName()}:{proxy.port() or 8080}"
    direct = ["localhost", "127.0.0.1", *manager.excludeList(), *manager.noProxyList()]
    direct = [re.sub(r"^https?://|[/:].*$", "", host) for host in direct if host]
    found = {name: address for name in ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY")}
    return {**found, "no_proxy": ",".join(direct), "NO_PROXY": ",".join(direct)}


def _quoted(text: str) -> str:
    from urllib.parse import quote

    return quote(text, safe="")


def _engine_version() -> str:
    # Read, not imported: QGIS's process imports nothing of the engine. Read once: after an update of the plugin's
    # files under a running QGIS, the old plugin must notice that the engine is another one.
    text = (ENGINE / "__init__.py").read_text(encoding="utf-8")
    found = re.search(r'^__version__ = "([^"]+)"', text, re.MULTILINE)
    return found.group(1) if found else ""


ENGINE_VERSION = _engine_version()
"""Version of the engine that came with this plugin."""
