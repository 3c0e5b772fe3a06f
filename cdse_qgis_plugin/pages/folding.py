"""A group that folds away, with a fold button that a screen reader can name."""

from __future__ import annotations

from qgis.gui import QgsCollapsibleGroupBox
from qgis.PyQt.QtCore import QCoreApplication
from qgis.PyQt.QtWidgets import QToolButton, QWidget

translate = QCoreApplication.translate


def folding_group(title: str, name: str, parent: QWidget, is_folded: bool = True) -> QgsCollapsibleGroupBox:
    """The group; QGIS leaves the name of its fold button out."""
    group = QgsCollapsibleGroupBox(title, parent)
    group.setObjectName(name)
    group.setCollapsed(is_folded)
    for button in group.findChildren(QToolButton):
        text = translate("Pages", "Show or hide: {title}").format(title=title)
        button.setAccessibleName(text)
        button.setToolTip(text)
    return group
