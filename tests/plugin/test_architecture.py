"""The arrows of docs/architecture.md, read from the imports: none turns round."""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "cdse_qgis_plugin"
NAME = PACKAGE.name

QGIS_LIBRARIES = {"qgis", "PyQt5", "PyQt6", "osgeo", "processing", "sip"}
ENGINE_LIBRARIES = {
    "pandas", "pyarrow", "geopandas", "shapely", "rasterio", "pydantic", "sklearn", "scipy", "torch", "faiss", "openeo",
    "pyproj", "pyogrio", "filelock", "requests", "urllib3", "httpx", "aiohttp", "boto3", "botocore", "pystac",
    "pystac_client", "affine", "xarray",
}  # fmt: skip
NETWORK = {
    "socket", "ssl", "http", "urllib.request", "urllib3", "requests", "httpx", "aiohttp", "ftplib", "smtplib",
    "boto3", "botocore", "openeo", "pystac_client", "websockets", "asyncio",
}  # fmt: skip
QT_NETWORK = {"qgis.PyQt.QtNetwork", "qgis.PyQt.QtWebKitWidgets"}
QGIS_NETWORK_NAMES = {
    "QgsNetworkAccessManager",
    "QgsBlockingNetworkRequest",
    "QgsFileDownloader",
    "QgsNetworkContentFetcher",
}
# Rooms of the engine that know arrays and tables only. `embeddings/sources` reads remote files and is told apart.
SCIENCE_ROOMS = ("embeddings", "similarity", "landscape")
MAY_OPEN_SOCKETS = ("engine/embeddings/sources/",)


@dataclass(frozen=True)
class Import:
    """One import: where it stands and what it brings in, as an absolute dotted name."""

    file: str
    line: int
    module: str
    name: str = ""
    at_top: bool = True

    @property
    def full(self) -> str:
        """Module and imported name together."""
        return f"{self.module}.{self.name}" if self.name else self.module

    @property
    def library(self) -> str:
        """The top-level package."""
        return self.module.partition(".")[0]

    def __str__(self) -> str:
        return f"{self.file}:{self.line} imports {self.full}"


def imports_of(path: Path, root: Path = ROOT) -> Iterator[Import]:
    """Every import of a file, also those inside functions."""
    tree = ast.parse(path.read_bytes())
    file = path.relative_to(root).as_posix()
    package = list(path.relative_to(root).parts[:-1])
    inner = {
        id(child)
        for node in ast.walk(tree)
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda))
        for child in ast.walk(node)
    }
    for node in ast.walk(tree):
        top = id(node) not in inner
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield Import(file, node.lineno, alias.name, at_top=top)
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else []
            module = ".".join([*base, *([node.module] if node.module else [])])
            for alias in node.names:
                yield Import(file, node.lineno, module, alias.name, top)


def files(*parts: str) -> list[Path]:
    """Python files below a part of the package."""
    return sorted(PACKAGE.joinpath(*parts).rglob("*.py"))


def qgis_side() -> list[Path]:
    """Python files that QGIS loads."""
    return [path for path in files() if "engine" not in path.relative_to(PACKAGE).parts]


def all_imports(paths: list[Path]) -> list[Import]:
    """Imports of several files; fails when there are none, since then nothing would be tested."""
    found = [each for path in paths for each in imports_of(path)]
    assert found
    return found


def told(wrong: list[Import]) -> str:
    """The wrong imports, a line each."""
    return "\n".join(map(str, wrong))


def is_below(module: str, *prefixes: str) -> bool:
    """Whether a dotted name is one of the prefixes or lies below one."""
    return any(module == prefix or module.startswith(prefix + ".") for prefix in prefixes)


def test_the_engine_imports_no_qgis_and_no_qt():
    wrong = [each for each in all_imports(files("engine")) if each.library in QGIS_LIBRARIES]
    assert not wrong, told(wrong)


def test_the_engine_imports_nothing_of_the_qgis_side():
    wrong = [
        each
        for each in all_imports(files("engine"))
        if each.library == NAME and not is_below(each.full, f"{NAME}.engine")
    ]
    assert not wrong, told(wrong)


def test_the_qgis_side_imports_no_engine_library():
    wrong = [each for each in all_imports(qgis_side()) if each.library in ENGINE_LIBRARIES]
    assert not wrong, told(wrong)


def test_the_qgis_side_imports_only_what_qgis_ships():
    known = sys.stdlib_module_names | {"qgis", "numpy", NAME}
    wrong = [each for each in all_imports(qgis_side()) if each.library not in known]
    assert not wrong, told(wrong)


def test_the_qgis_side_imports_nothing_of_the_engine():
    wrong = [each for each in all_imports(qgis_side()) if is_below(each.full, f"{NAME}.engine")]
    assert not wrong, told(wrong)


def test_qt_comes_through_qgis():
    # PyQt5 and PyQt6 differ; qgis.PyQt is whichever QGIS was built with.
    wrong = [each for each in all_imports(qgis_side()) if each.library in ("PyQt5", "PyQt6", "sip")]
    assert not wrong, told(wrong)


@pytest.mark.parametrize("room", ["layers"])
def test_layers_know_neither_the_link_nor_networks(room):
    rooms = [f"{NAME}.{other}" for other in ("engine_link", "docks", "map_tools", "processing", "pages", "plugin")]
    wrong = [each for each in all_imports(files(room)) if is_below(each.full, *rooms) or _is_network(each)]
    assert not wrong, told(wrong)


@pytest.mark.parametrize("room", ["docks", "map_tools", "processing", "layers"])
def test_what_people_touch_does_no_network_and_starts_no_process(room):
    wrong = [
        each
        for each in all_imports(files(room))
        if _is_network(each) or each.library in ("subprocess", "multiprocessing") or each.name == "QProcess"
    ]
    assert not wrong, told(wrong)


def test_the_link_knows_nobody_who_uses_it():
    users = [f"{NAME}.{room}" for room in ("docks", "map_tools", "processing", "layers", "pages", "plugin")]
    wrong = [each for each in all_imports(files("engine_link")) if is_below(each.full, *users)]
    assert not wrong, told(wrong)


def test_processing_knows_no_window():
    # qgis_process has none, and iface is None there.
    rooms = [f"{NAME}.{room}" for room in ("docks", "map_tools", "pages", "plugin")]
    wrong = [
        each
        for each in all_imports(files("processing"))
        if is_below(each.full, *rooms, "qgis.gui", "qgis.utils", "qgis.PyQt.QtWidgets")
    ]
    assert not wrong, told(wrong)


@pytest.mark.parametrize("room", SCIENCE_ROOMS)
def test_science_rooms_open_no_socket(room):
    paths = [path for path in files("engine", room) if not _may_open_sockets(path)]
    wrong = [each for each in all_imports(paths) if _is_network(each)]
    assert not wrong, told(wrong)


def test_similarity_stands_on_embeddings_and_not_the_other_way_round():
    wrong = [
        each for each in all_imports(files("engine", "embeddings")) if is_below(each.full, f"{NAME}.engine.similarity")
    ]
    assert not wrong, told(wrong)
    right = [
        each for each in all_imports(files("engine", "similarity")) if is_below(each.full, f"{NAME}.engine.embeddings")
    ]
    assert right


def test_declarations_of_operations_import_nothing_heavy():
    # `hello` and `list` import all of them, and should be quick.
    light = sys.stdlib_module_names | {"pydantic", "numpy", "shapely", NAME}
    for path in files("engine"):
        if path.name == "operations.py":
            wrong = [each for each in imports_of(path) if each.at_top and each.library not in light]
            assert not wrong, told(wrong)


def test_the_entry_point_only_starts_the_plugin():
    found = list(imports_of(PACKAGE / "__init__.py"))
    assert [each.full for each in found] == [f"{NAME}.plugin.CopernicusPlugin"]
    assert not found[0].at_top


@pytest.mark.parametrize("path", qgis_side(), ids=lambda path: path.relative_to(PACKAGE).as_posix())
def test_only_the_plugin_file_sees_iface(path):
    if path.name in ("plugin.py", "__init__.py") and path.parent == PACKAGE:
        return
    names = {node.id for node in ast.walk(ast.parse(path.read_bytes())) if isinstance(node, ast.Name)}
    assert "iface" not in names
    assert not [each for each in imports_of(path) if each.full == "qgis.utils.iface"]


def _may_open_sockets(path: Path) -> bool:
    inside = path.relative_to(PACKAGE).as_posix()
    return inside.startswith(MAY_OPEN_SOCKETS)


def _is_network(each: Import) -> bool:
    return (
        is_below(each.full, *NETWORK, *QT_NETWORK)
        or each.name in QGIS_NETWORK_NAMES
        or bool(re.match(r"rasterio\.session", each.full))
    )


# ---- the test itself bites


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("import pandas", "pandas"),
        ("from qgis.core import QgsPointXY", "qgis.core.QgsPointXY"),
        ("def f():\n    from ..engine import operations", f"{NAME}.engine.operations"),
        ("from . import area", f"{NAME}.docks.area"),
        ("from ...a import b", "a.b"),
        ("class A:\n    import torch.nn", "torch.nn"),
    ],
)
def test_imports_are_found_wherever_they_stand(source, expected, tmp_path):
    path = tmp_path / NAME / "docks" / "x.py"
    path.parent.mkdir(parents=True)
    path.write_text(source)
    (found,) = imports_of(path, tmp_path)
    assert found.full == expected
