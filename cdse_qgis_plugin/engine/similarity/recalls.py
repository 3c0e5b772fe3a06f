"""What was measured about an index: how many lists and candidates find how much, and for which searches."""

from __future__ import annotations

from pydantic import BaseModel, Field

from .index import Kind


class Point(BaseModel):
    """A way to search, and the recall that it reached."""

    probes: int = Field(ge=1, description="Lists to look into")
    candidates: int = Field(ge=1, description="Rows to compare exactly")
    recall: float = Field(ge=0, le=1, description="Share of the true best that was found")


class Cell(BaseModel):
    """The points for one kind of search, cheapest first."""

    kind: Kind
    k: int = Field(ge=1, description="How many places were asked for")
    share: float = Field(gt=0, le=1, description="Share of the rows that a filter left, as one run of rows")
    points: list[Point]


class Recalls(BaseModel):
    """All cells of an index."""

    cells: list[Cell] = []

    def point(self, recall: float, k: int, share: float, kind: Kind) -> Point | None:
        """The cheapest measured way that reaches a recall, or None where nothing measured covers the search.

        Covered is what is no harder than what was measured: at most as many places, from at least as many rows.
        """
        covering = [cell for cell in self.cells if cell.kind == kind and cell.k >= k and cell.share <= share]
        nearest = min(covering, key=lambda cell: (cell.k, -cell.share), default=None)
        points = nearest.points if nearest else []
        return next((point for point in points if point.recall >= recall), None)
