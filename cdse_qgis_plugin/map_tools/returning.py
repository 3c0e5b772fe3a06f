"""Map tools that give the map back to the tool that was in use before them."""

from __future__ import annotations

from qgis.gui import QgsMapCanvas, QgsMapTool
from qgis.PyQt import sip


class ReturningTool(QgsMapTool):
    """Base of map tools; one that simply went would leave a map that no click does anything on."""

    def __init__(self, canvas: QgsMapCanvas):
        super().__init__(canvas)
        self._canvas = canvas
        self._before: QgsMapTool | None = None
        self._is_leaving = False
        canvas.mapToolSet.connect(self._tool_set)

    def leave(self) -> None:
        """Puts the tool down, if it is in use."""
        if self._canvas.mapTool() is not self:
            return
        before = self._before
        self._is_leaving = True
        if before is None or sip.isdeleted(before):
            self._canvas.unsetMapTool(self)
        else:
            self._canvas.setMapTool(before)
        self._is_leaving = False

    def remove(self) -> None:
        """Leaves the canvas for good."""
        self.leave()
        self._canvas.mapToolSet.disconnect(self._tool_set)

    def _tool_set(self, tool: QgsMapTool | None, before: QgsMapTool | None = None) -> None:
        if tool is not self:
            return
        came_back = isinstance(before, ReturningTool) and (before._is_leaving or before._before is self)
        if before is not None and before is not self and not came_back:
            self._before = before
