"""How cells of the results look: pictures, the colour of the rank, a tick and a cross to click."""

from __future__ import annotations

from typing import Any

from qgis.PyQt.QtCore import QEvent, QModelIndex, QPoint, QRect, QSize, Qt
from qgis.PyQt.QtGui import QColor, QPainter, QPalette
from qgis.PyQt.QtWidgets import QApplication, QStyle, QStyledItemDelegate, QStyleOptionViewItem

from ...layers.ramp import rank_colour
from ...resources import icon
from .examples import RIGHT, WRONG
from .results_model import LABEL, MATCH_ROLE, PICTURE, RANK, SIDE

_FRAME = 3
_ICON = 18
_FAINT = 0.35


class ResultsDelegate(QStyledItemDelegate):
    """Paints pictures and verdicts; a click on the tick or the cross judges, a second one takes it back."""

    def __init__(self, parent=None):
        super().__init__(parent)
        self._icons = {RIGHT: icon("right"), WRONG: icon("wrong")}

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex) -> None:
        """Paints a cell."""
        if index.column() not in (PICTURE, LABEL):
            super().paint(painter, option, index)
            if index.column() == RANK:
                bar = QRect(option.rect.left() + 1, option.rect.top() + 3, 4, option.rect.height() - 6)
                painter.fillRect(bar, self._colour(index))
            return
        style = option.widget.style() if option.widget else QApplication.style()
        style.drawPrimitive(QStyle.PrimitiveElement.PE_PanelItemViewItem, option, painter, option.widget)
        painter.save()
        if index.column() == PICTURE:
            self._paint_picture(painter, option, index)
        else:
            self._paint_verdict(painter, option, index)
        painter.restore()

    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex) -> QSize:
        """Room for the picture, and for both signs."""
        if index.column() == LABEL:
            return QSize(2 * _ICON + 14, _ICON + 2 * _FRAME)
        return super().sizeHint(option, index)

    def editorEvent(self, event: QEvent, model: Any, option: QStyleOptionViewItem, index: QModelIndex) -> bool:
        """Judges a match when its tick or cross is clicked."""
        if index.column() != LABEL or event.type() not in (
            QEvent.Type.MouseButtonPress,
            QEvent.Type.MouseButtonRelease,
            QEvent.Type.MouseButtonDblClick,
        ):
            return super().editorEvent(event, model, option, index)
        if event.button() != Qt.MouseButton.LeftButton or event.modifiers():
            return super().editorEvent(event, model, option, index)
        for kind, place in self._places(option.rect).items():
            if place.adjusted(-3, -12, 3, 12).contains(event.pos()):
                if event.type() == QEvent.Type.MouseButtonRelease:
                    match = index.data(MATCH_ROLE)
                    model.judged.emit([match], None if match.get("label") == kind else kind)
                return True
        return super().editorEvent(event, model, option, index)

    def _paint_picture(self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex) -> None:
        picture = index.data(Qt.ItemDataRole.DecorationRole)
        square = QRect(QPoint(0, 0), QSize(SIDE, SIDE))
        square.moveCenter(option.rect.center())
        if picture is not None:
            painter.drawPixmap(square, picture)
        else:
            painter.fillRect(square, option.palette.color(QPalette.ColorRole.AlternateBase))
            painter.setPen(option.palette.color(QPalette.ColorRole.Mid))
            painter.drawRect(square.adjusted(0, 0, -1, -1))

    @staticmethod
    def _colour(index: QModelIndex) -> QColor:
        """The colour that the match has on the map, or nearly: there ranks share classes."""
        return rank_colour(index.data(MATCH_ROLE)["rank"], max(1, len(index.model().every)))

    def _paint_verdict(self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex) -> None:
        label = index.data(MATCH_ROLE).get("label")
        if option.state & QStyle.StateFlag.State_Selected:
            # Green and red are hard to tell on the colour of a selection.
            places = list(self._places(option.rect).values())
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(option.palette.color(QPalette.ColorRole.Base))
            painter.drawRoundedRect(places[0].united(places[1]).adjusted(-2, -4, 2, 4), 4, 4)
        hovered = bool(option.state & QStyle.StateFlag.State_MouseOver)
        for kind, place in self._places(option.rect).items():
            painter.setOpacity(1.0 if label == kind else 0.6 if hovered else _FAINT)
            self._icons[kind].paint(painter, place)

    @staticmethod
    def _places(cell: QRect) -> dict[str, QRect]:
        left, top = cell.center().x() - _ICON - 3, cell.center().y() - _ICON // 2
        return {RIGHT: QRect(left, top, _ICON, _ICON), WRONG: QRect(left + _ICON + 6, top, _ICON, _ICON)}
