"""A small plugin that the repository would take, to be spoilt in one way at a time."""

from __future__ import annotations

import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

METADATA = {
    "name": "Example",
    "version": "0.1.0",
    "qgisMinimumVersion": "3.40",
    "qgisMaximumVersion": "4.99",
    "description": "An example",
    "about": "An example of a plugin",
    "author": "Somebody",
    "email": "somebody@example.org",
    "homepage": "https://example.org",
    "tracker": "https://example.org/issues",
    "repository": "https://example.org/code",
    "icon": "icon.svg",
    "hasProcessingProvider": "yes",
}


def metadata_text(**changes: str | None) -> str:
    """metadata.txt of the small plugin with some values changed, or left out where None."""
    values = {**METADATA, **changes}
    return "[general]\n" + "".join(f"{name}={value}\n" for name, value in values.items() if value is not None)


def good_files() -> dict[str, str]:
    """Contents of the small plugin by name."""
    return {
        "__init__.py": '"""An example."""\n\n\ndef classFactory(iface):\n    return iface\n',
        "metadata.txt": metadata_text(),
        "LICENSE": "GPL-2.0-or-later\n",
        "icon.svg": "<svg xmlns='http://www.w3.org/2000/svg'/>\n",
        "engine/__init__.py": '__version__ = "0.1.0"\n',
    }


@pytest.fixture
def make_package(tmp_path: Path) -> Callable[..., Path]:
    """Writes a package of the small plugin with files added, replaced, or left out where None."""

    def make(changes: dict[str, str | bytes | None] | None = None, top: str = "example", mode: int = 0o644) -> Path:
        path = tmp_path / f"{top}.zip"
        with zipfile.ZipFile(path, "w") as archive:
            for name, content in {**good_files(), **(changes or {})}.items():
                if content is not None:
                    entry = zipfile.ZipInfo(name if name.startswith(("/", "..", "other/")) else f"{top}/{name}")
                    entry.external_attr = (0o100000 | mode) << 16
                    archive.writestr(entry, content)
        return path

    return make


@pytest.fixture
def make_folder(tmp_path: Path) -> Callable[[dict[str, str]], Path]:
    """Unpacks the small plugin into a folder, with files added."""

    def make(changes: dict[str, str]) -> Path:
        folder = tmp_path / "unpacked"
        for name, content in {**good_files(), **changes}.items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(content, encoding="utf-8")
        return folder

    return make
