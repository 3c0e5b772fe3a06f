"""Which rows of a file may lie in an area, found in the columns that cost least to read.

Rows that do not are left out only where that is certain; who reads the others looks again at where they lie.
"""

from __future__ import annotations

import numpy as np

from ...area import AreaRequest
from ...run import Run
from .. import places
from ..import_places import coordinate_columns, find_places
from .cells import Cells, cells_with_patches, count_by_cell, side_of
from .ranged_file import CELL_COLUMNS, RangedFile

_BATCH = 1 << 20
_NEAR_DEG, _LOOSE_DEG = 0.002, 0.05
"""How far from its patch a coordinate named as a centre, and any other, may lie in a file that also has geometry."""


def select(file: RangedFile, request: AreaRequest, cells: Cells | None, crs: str | None, run: Run) -> None:
    """Lets a file keep the rows that may lie in the area; all of them when there is none.

    ``cells`` are those of the Major TOM grid around the area, for files that say the cell of a patch.
    """
    if cells is None:
        return
    if file.has_cells:
        file.keep(_by_cell(file, request, cells, run), CELL_COLUMNS)
    elif pair := coordinate_columns(file, geographic=True):
        file.keep(_by_coordinates(file, request, cells, pair, run), pair)
    else:
        file.keep(*_by_place(file, request, crs, run))


def candidate_groups(file: RangedFile, request: AreaRequest, cells: Cells | None) -> list[int]:
    """The row groups that may hold something of the area, by their statistics alone."""
    groups = range(len(file.group_rows))
    if cells is None:
        return list(groups)
    if file.has_cells:
        boxes = [cell_box(file, group) for group in groups]
        return [group for group, box in enumerate(boxes) if box is None or cells.within(box).any()]
    boxes = [lonlat_box(file, group) for group in groups]
    return [group for group, box in enumerate(boxes) if box is None or request.may_hold(box)]


def cell_box(file: RangedFile, group: int) -> tuple[float, float, float, float] | None:
    """The first column and row and the last column and row of a row group's cells, from its statistics."""
    row, column = CELL_COLUMNS
    return file.box(group, (column, row, column, row))


def lonlat_box(file: RangedFile, group: int) -> tuple[float, float, float, float] | None:
    """Where a row group lies by its statistics, [west, south, east, north] in degrees; None where they do not say."""
    if pair := coordinate_columns(file, geographic=True):
        paths, margin = (*pair, *pair), _margin(file, pair)
    elif covering := _covering(file):
        paths, margin = covering, 0.0
    else:
        return None
    box = file.box(group, paths)
    if box is None:
        return None
    return box[0] - margin, max(-90.0, box[1] - margin), box[2] + margin, min(90.0, box[3] + margin)


def index_columns(file: RangedFile) -> tuple[str, ...]:
    """The columns that are read for all rows to find those in an area, as far as that is known beforehand."""
    if file.has_cells:
        return CELL_COLUMNS
    if pair := coordinate_columns(file, geographic=True):
        return pair
    described = file.metadata("geo")
    return tuple(name for name in described.get("columns", ()) if name in file.schema.names)


def _covering(file: RangedFile) -> tuple[str, str, str, str] | None:
    """The columns with the boxes of a GeoParquet file that is in degrees."""
    described = file.metadata("geo")
    column = (described.get("columns") or {}).get(described.get("primary_column")) or {}
    crs = column.get("crs", "degrees")
    if isinstance(crs, dict):
        crs = "degrees" if str((crs.get("id") or {}).get("code")) in ("4326", "CRS84") else "other"
    box = (column.get("covering") or {}).get("bbox") or {}
    edges = ("xmin", "ymin", "xmax", "ymax")
    if crs != "degrees" or not all(edge in box for edge in edges):
        return None
    return tuple(".".join(box[edge]) for edge in edges)


def _by_cell(file: RangedFile, request: AreaRequest, cells: Cells, run: Run) -> dict[int, np.ndarray]:
    found = {}
    for group in candidate_groups(file, request, cells):
        run.progress(None, f"Looking for the area in {file.name}")
        rows, keys = [], []
        for start, batch in _batches(file, CELL_COLUMNS, group):
            lie = np.stack([_numbers(batch.column(name)) for name in CELL_COLUMNS])
            some = np.flatnonzero(cells.hold(*lie))
            rows.append(start + some)
            keys.append(lie[:, some])
        found[group] = np.concatenate(rows), np.concatenate(keys, axis=1)
    # How the cells are cut shows in how many patches they have; then only those with a patch in the area are wanted.
    side = side_of(count_by_cell(*np.concatenate([np.empty((2, 0)), *(keys for _, keys in found.values())], axis=1)))
    near = cells_with_patches(request, cells, side)[0]
    return {group: rows[near.hold(*keys)] for group, (rows, keys) in found.items()}


def _by_coordinates(
    file: RangedFile, request: AreaRequest, cells: Cells, pair: tuple[str, str], run: Run
) -> dict[int, np.ndarray]:
    margin = _margin(file, pair)
    found = {}
    for group in candidate_groups(file, request, cells):
        run.progress(None, f"Looking for the area in {file.name}")
        parts = []
        for start, batch in _batches(file, pair, group):
            lon, lat = (_numbers(batch.column(name)) for name in pair)
            parts.append(start + np.flatnonzero(_near(request, lon, lat, margin)))
        found[group] = np.concatenate(parts)
    return found


def _by_place(
    file: RangedFile, request: AreaRequest, crs: str | None, run: Run
) -> tuple[dict[int, np.ndarray], list[str]]:
    reader = find_places(file, crs)
    found = {}
    for group in range(len(file.group_rows)):
        box = reader.group_box(group)
        if box is not None and not request.may_hold(box):
            continue
        run.progress(None, f"Looking for the area in {file.name}")
        parts = []
        for start, batch in _batches(file, reader.columns, group):
            run.check()
            lie = reader.read(batch)
            known = np.flatnonzero(np.isfinite(lie.lon))
            parts.append(start + known[request.within(lie.lon[known], lie.lat[known])])
        found[group] = np.concatenate(parts)
    return found, reader.columns


def _batches(file: RangedFile, columns, group: int):
    """Batches of columns with the number of their first row within the group."""
    done = 0
    for _, batch in file.batches(columns, _BATCH, [group]):
        yield done, batch
        done += batch.num_rows


def _numbers(column) -> np.ndarray:
    """A column of numbers as float64, NaN for nulls."""
    return np.asarray(column.to_numpy(zero_copy_only=False), dtype=np.float64)


def _margin(file: RangedFile, pair: tuple[str, str]) -> float:
    if not file.has_geometry:
        return 1e-6
    return _NEAR_DEG if "cent" in pair[0].lower() else _LOOSE_DEG


def _near(request: AreaRequest, lon: np.ndarray, lat: np.ndarray, margin: float) -> np.ndarray:
    """Which points lie in the area or within a margin of degrees around it."""
    known = np.isfinite(lon) & np.isfinite(lat)
    found = np.zeros(len(lon), dtype=bool)
    rows = np.flatnonzero(known)
    lon, lat = places.wrap(lon[rows]), lat[rows]
    aside = margin / np.maximum(np.cos(np.radians(lat)), 0.01)
    inside = np.zeros(len(rows), dtype=bool)
    for east, north in ((0, 0), (-1, 0), (1, 0), (0, -1), (0, 1), (-1, -1), (1, 1), (-1, 1), (1, -1)):
        left = np.flatnonzero(~inside)
        x = places.wrap(lon[left] + east * aside[left])
        y = np.clip(lat[left] + north * margin, -90, 90)
        inside[left] = request.within(x, y)
    found[rows] = inside
    return found
