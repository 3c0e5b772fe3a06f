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
        canvas.mapToolSet.connect(self._tool_set)

    def leave(self) -> None:
        """Puts the tool down, if it is in use."""
        if self._canvas.mapTool() is not self:
            return
        before, self._before = self._before, None
        if before is None or sip.isdeleted(before):
            self._canvas.unsetMapTool(self)
        else:
            self._canvas.setMapTool(before)

    def remove(self) -> None:
        """Leaves the canvas for good."""
        self.leave()
        self._canvas.mapToolSet.disconnect(self._tool_set)

    def _tool_set(self, tool: QgsMapTool | None, before: QgsMapTool | None = None) -> None:
        if tool is not self:
            return
        if isinstance(before, ReturningTool):  # an errand; what was there before it counts
            before = before._before
        if before is not None and before is not self:
            self._before = before
