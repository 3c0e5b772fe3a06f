"""The Major TOM grid of 10 km in closed form: names, cells of points and boxes, outlines.

The Earth is cut into 2004 rows of equal height from pole to pole, and each row into as many equal columns as keep them
at most 10 km wide at the row's lower edge on a sphere of 6378.137 km. Row 0 starts at the equator and column 0 at
Greenwich; ``466U_23R`` is row 466, column 23, ``922D_249L`` row -922, column -249. A cell is named after its
south-western corner, which belongs to it, and so do its southern and western edges; the others do not.

In rows with an odd number of columns the last one lies across the antimeridian. Outlines are continuous, so there they
run past 180 degrees. Longitudes and latitudes are degrees, EPSG:4326.
"""

from __future__ import annotations

import re

import numpy as np

from ..errors import EngineError
from . import places

ROWS = 2004
"""Rows from pole to pole."""

LAST_ROW = 946
"""The published grid ends with rows 946U and 946D, since their lower edges are the last within 85 degrees."""

SOUTH, NORTH = -LAST_ROW * 180 / ROWS, (LAST_ROW + 1) * 180 / ROWS
"""Where the published grid begins and ends."""

_RADIUS_KM, _CELL_KM = 6378.137, 10
_NAME = re.compile(r"(?:(0|[1-9]\d{0,4})U|([1-9]\d{0,4})D)_(?:(0|[1-9]\d{0,4})R|([1-9]\d{0,4})L)")


def columns_in(row) -> np.ndarray:
    """How many columns rows have, from -(n // 2) to n - 1 - n // 2."""
    around = 2 * np.pi * _RADIUS_KM * np.cos(np.radians(latitude(row)))
    return np.maximum(np.ceil(around / _CELL_KM), 1).astype(np.int64)


def latitude(row) -> np.ndarray:
    """The latitudes of the lower edges of rows."""
    return np.asarray(row) * 180 / ROWS


def corners(row, column) -> tuple[np.ndarray, np.ndarray]:
    """Longitudes and latitudes of the south-western corners of cells."""
    return np.asarray(column) * 360 / columns_in(row), latitude(row)


def cells_at(lon, lat) -> tuple[np.ndarray, np.ndarray]:
    """Rows and columns of the cells that hold points; see in_grid for those beyond the polar limits."""
    row = _steps(np.asarray(lat, dtype=np.float64), 180 / ROWS, latitude)
    # The poles belong to the rows that touch them, or nobody would have the northern one.
    row = np.clip(row, -ROWS // 2, ROWS // 2 - 1)
    count = columns_in(row)
    lon = np.asarray(lon, dtype=np.float64)
    # Turning costs the last bits, which decide about points on an edge: turn only what needs it.
    lon = np.where((lon >= -180) & (lon < 180), lon, places.wrap(lon))
    column = _steps(lon, 360 / count, lambda steps: steps * 360 / count)
    return row, _wrapped(column, count)


def in_grid(row) -> np.ndarray:
    """Which rows belong to the published grid, whose cells begin between 85 degrees south and north."""
    return np.abs(row) <= LAST_ROW


def neighbour(row, column, east: int) -> tuple[np.ndarray, np.ndarray]:
    """The cells that many columns further east in the same row, around the Earth if need be."""
    return np.asarray(row), _wrapped(np.asarray(column) + east, columns_in(row))


def edges(row, column) -> np.ndarray:
    """Outlines of cells as [west, south, east, north], float64 (n, 4)."""
    row, column = np.broadcast_arrays(row, column)
    count = columns_in(row)
    return np.stack(
        [column * 360 / count, latitude(row), (column + 1) * 360 / count, latitude(row + 1)], axis=-1
    ).astype(np.float64)


def rings(row, column) -> np.ndarray:
    """Outlines of cells as closed rings, float64 (n, 5, 2), counter-clockwise from the south-western corner."""
    return edges(row, column)[..., [[0, 1], [2, 1], [2, 3], [0, 3], [0, 1]]]


def names(row, column) -> np.ndarray:
    """Names of cells, such as 466U_23R."""
    row, column = np.asarray(row), np.asarray(column)
    parts = (np.abs(row).astype(str), np.where(row < 0, "D_", "U_"))
    parts += (np.abs(column).astype(str), np.where(column < 0, "L", "R"))
    found = parts[0]
    for part in parts[1:]:
        found = np.char.add(found, part)
    return found


def parse(name: str) -> tuple[int, int]:
    """The row and column of a name; small letters and spaces around it do no harm.

    Raises EngineError ``bad_cell`` when it is not a name or no such cell is in the published grid.
    """
    match = _NAME.fullmatch(str(name).strip().upper())
    if match is None:
        raise EngineError(
            "bad_cell",
            f"“{str(name)[:40]}” is not the name of a Major TOM cell.",
            "A name is a row and a column, such as 466U_23R (north and east) or 922D_249L (south and west); "
            "the first row and column are 0U and 0R.",
        )
    up, down, right, left = (int(digits or 0) for digits in match.groups())
    row, column = up - down, right - left
    if not in_grid(row):
        raise EngineError(
            "bad_cell",
            f"There is no cell “{match[0]}”: the grid ends with the rows {LAST_ROW}D and {LAST_ROW}U, at 85° of "
            "latitude.",
            "Check the row.",
        )
    count = int(columns_in(row))
    west, east = -(count // 2), count - 1 - count // 2
    if not west <= column <= east:
        raise EngineError(
            "bad_cell",
            f"There is no cell “{match[0]}”: the columns of row {match[0].split('_')[0]} go from {-west}L to {east}R.",
            "Check the column.",
        )
    return row, column


def parse_all(texts) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Rows, columns, and which of them could be read; 0, 0 and False for texts that are not names of cells."""
    texts = np.asarray(texts, dtype=object)
    unique, where = np.unique(texts.astype(str), return_inverse=True)
    found = np.zeros((len(unique), 3), dtype=np.int64)
    for i, text in enumerate(unique):
        try:
            found[i] = (*parse(text), 1)
        except EngineError:
            continue
    row, column, known = found[where].T
    return row, column, known.astype(bool)


def cells_in(bbox, most: int = 100_000) -> tuple[np.ndarray, np.ndarray]:
    """Rows and columns of the cells of the published grid that share an area with [west, south, east, north], from
    south to north and within a row from west to east, beginning at the western edge of the box.

    West > east crosses the antimeridian. A box without an area gives the cells that hold its points.
    Raises EngineError ``too_many_cells`` when there are more than ``most``.
    """
    west, south, east, north = (float(value) for value in bbox)
    width = min(east - west if east >= west else (east - west) % 360, 360.0)
    if not -180 <= west < 180:
        west = float(places.wrap(west))
    rows = _rows_between(south, north)
    count = columns_in(rows)
    first, last = _steps_between(west, west + width, 360 / count, lambda steps: steps * 360 / count)
    numbers = np.minimum(last - first + 1, count)
    total = int(numbers.sum())
    if total > most:
        raise EngineError(
            "too_many_cells",
            f"The box holds {total:,} cells of the Major TOM grid; at most {most:,} are given at once.",
            "Choose a smaller area, or zoom in.",
        )
    ends = np.cumsum(numbers)
    step = np.arange(total) - np.repeat(ends - numbers, numbers)
    row = np.repeat(rows, numbers)
    return row, _wrapped(np.repeat(first, numbers) + step, np.repeat(count, numbers))


def _rows_between(south: float, north: float) -> np.ndarray:
    if south > NORTH or north < SOUTH:
        return np.empty(0, dtype=np.int64)
    first, last = _steps_between(max(south, SOUTH), min(north, NORTH), 180 / ROWS, latitude)
    return np.arange(max(int(first), -LAST_ROW), min(int(last), LAST_ROW) + 1)


def _steps_between(low: float, high: float, width, edge) -> tuple[np.ndarray, np.ndarray]:
    """The first and the last step that share more than an edge with the range from low to high."""
    first, last = _steps(np.float64(low), width, edge), _steps(np.float64(high), width, edge)
    return first, np.where((high > low) & (edge(last) == high), last - 1, last)


def _steps(value: np.ndarray, width, edge) -> np.ndarray:
    """The step that holds each value, such that edge(step) <= value < edge(step + 1) holds to the last bit."""
    step = np.floor(value / width).astype(np.int64)
    step = np.where(edge(step + 1) <= value, step + 1, step)
    return np.where(edge(step) > value, step - 1, step)


def _wrapped(column: np.ndarray, count: np.ndarray) -> np.ndarray:
    """Columns counted around the Earth brought to those that have a name."""
    half = count // 2
    return (column + half) % count - half
