"""Enum members that Qt 5 knows under their class and Qt 6 only under their enum: Qt.UserRole, Qt.ItemDataRole.UserRole.

flake8-qgis knows a list of the renamed ones; this asks Qt itself, so that none is missed.
"""

from __future__ import annotations

import ast
import importlib
from collections.abc import Iterator
from pathlib import Path

from .package_rules import Finding


def qt6_enums(folder: Path) -> list[Finding]:
    """Findings in the Python files below a folder; needs the Python of a QGIS that is built on Qt 5."""
    found = []
    for path in sorted(folder.rglob("*.py")):
        try:
            tree = ast.parse(path.read_bytes())
        except SyntaxError:
            continue  # flake8 says so
        name = str(path.relative_to(folder))
        found += [Finding("qt6-enum", name, text, line) for line, text in _unscoped(tree)]
    return found


def _unscoped(tree: ast.Module) -> Iterator[tuple[int, str]]:
    classes = dict(_qt_classes(tree))
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id in classes:
            enum = _enum_of(classes[node.value.id], node.attr)
            if enum:
                yield node.lineno, f"{node.value.id}.{node.attr} is {node.value.id}.{enum}.{node.attr} in Qt 6"


def _qt_classes(tree: ast.Module) -> Iterator[tuple[str, type]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("qgis.PyQt."):
            module = importlib.import_module(node.module)
            for alias in node.names:
                found = getattr(module, alias.name, None)
                if isinstance(found, type):
                    yield alias.asname or alias.name, found


def _enum_of(qt_class: type, name: str) -> str:
    """The enum that a member of a class belongs to, or nothing when it is no bare enum member."""
    member = getattr(qt_class, name, None)
    kind = type(member)
    if isinstance(member, int) and kind not in (int, bool) and getattr(qt_class, kind.__name__, None) is kind:
        return kind.__name__
    return ""
