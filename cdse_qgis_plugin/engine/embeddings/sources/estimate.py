"""What an import would bring and cost, from names, sizes and footers alone, before any patch is read."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from ...area import AreaRequest, parse_polygon
from ...errors import EngineError
from ...run import Run
from ..operations import Estimate, EstimateRequest
from .cells import cells_around, cells_with_patches
from .columns import SMALL
from .connections import MOST
from .datasets import of_path
from .guard import check_disk, check_patches
from .opening import Reading, is_remote, reading
from .ranged_file import RangedFile
from .select import candidate_groups, cell_box, index_columns, lonlat_box

MB_A_SECOND = 20
"""What CDSE gives a connection."""

_PAGE = 1 << 20
"""Bytes of a page as most writers make them, where the file does not say."""


@dataclass
class _Sum:
    """What adds up over files and row groups."""

    files: int = 0
    patches: float = 0
    bytes: int = 0
    requests: int = 0


def estimate(request: EstimateRequest, run: Run) -> Estimate:
    """What an import of the source and area would read; raises EngineError as the import would."""
    with reading(request.source, run, request.cache) as source:
        items = source.items()
        files = [file for file in source.open(items) if file.rows]
        if not files:
            raise EngineError("empty_source", f"“{source.source.label}” has no rows.", "Choose one with embeddings.")
        return _Estimating(request, source, files).result()


class _Estimating:
    """One estimate, from open files to sentences."""

    def __init__(self, request: EstimateRequest, source: Reading, files: list[RangedFile]):
        self._request, self._source, self._files = request, source, files
        self._remote = is_remote(request.source)
        self._around = cells_around(request)
        self._dataset = of_path(f"{source.source.label}/{files[0].data.item.path}")
        self._cells, self._most = self._around, sum(file.rows for file in files)
        if self._around is not None and files[0].has_cells:
            self._cells, self._most = cells_with_patches(request, self._around, self._side)
        self._sum = _Sum()
        self._guessed_share = self._guessed_pages = self._no_statistics = False

    def result(self) -> Estimate:
        for file in self._files:
            self._source.run.check()
            self._add(file)
        patches = min(round(self._sum.patches), self._most)
        megabytes = self._sum.bytes / 1e6
        connections = MOST if self._remote else 1
        return Estimate(
            source=self._source.source.label,
            files=self._sum.files,
            files_in_total=len(self._files),
            megabytes=round(megabytes, 2),
            megabytes_in_total=round(sum(file.data.item.size for file in self._files) / 1e6, 2),
            patches=patches,
            patches_in_total=sum(file.rows for file in self._files),
            exact=self._around is None,
            requests=self._sum.requests,
            connections=connections,
            minutes=round(megabytes / (MB_A_SECOND * connections) / 60, 3) if self._remote else 0,
            refusal=self._refusal(patches),
            known=self._known(),
            unknown=self._unknown(),
        )

    def _add(self, file: RangedFile) -> None:
        groups = candidate_groups(file, self._request, self._around)
        self._sum.files += bool(groups)
        for group in groups:
            rows, runs = self._wanted(file, group)
            self._sum.patches += rows
            if not self._remote:
                self._sum.bytes += _size(file, group)
                continue
            for leaf in range(file.parquet.num_columns):
                self._add_chunk(file, group, leaf, min(rows, file.group_rows[group]), runs)

    def _wanted(self, file: RangedFile, group: int) -> tuple[float, int]:
        """About how many rows of a group lie in the area, and in how many runs."""
        rows = file.group_rows[group]
        if self._around is None:
            return rows, 1
        if file.has_cells:
            box = cell_box(file, group)
            inside = self._cells.within(box) if box else np.ones(len(self._cells), dtype=bool)
            return min(rows, int(inside.sum()) * self._side**2), len(np.unique(self._cells.row[inside]))
        box = lonlat_box(file, group)
        if box is None:
            self._no_statistics = True
            return rows, 1
        self._guessed_share = True
        share = _share(self._request, box)
        return rows * share, max(1, math.ceil(math.sqrt(rows * share)) if share < 1 else 1)

    def _add_chunk(self, file: RangedFile, group: int, leaf: int, rows: float, runs: int) -> None:
        """The bytes and requests that a column chunk costs when so many of its rows are wanted, in so many runs."""
        about = file.parquet.row_group(group).column(leaf)
        size, total = about.total_compressed_size, file.group_rows[group]
        name = file.parquet.schema.column(leaf).path.partition(".")[0]
        is_index = self._around is not None and name in index_columns(file)
        if is_index or size <= SMALL or rows >= total:
            self._sum.bytes += size
            self._sum.requests += max(1, size >> 23)
            return
        page = min(size, int(_PAGE * size / max(size, about.total_uncompressed_size)))
        wanted = min(size, rows / total * size + runs * page)
        self._guessed_pages = True
        self._sum.bytes += int(wanted)
        self._sum.requests += runs
        if not about.has_offset_index:
            self._sum.requests += size // page
            self._sum.bytes += size // page * 256

    @property
    def _side(self) -> int:
        """Patches along a side of a cell."""
        return math.isqrt(self._dataset.per_cell) if self._dataset else 5

    def _refusal(self, patches: int) -> str:
        """Why an import would be refused, or nothing."""
        try:
            check_patches(patches, self._request.max_patches)
            if self._source.cache is not None:
                check_disk(self._source.cache.folder, self._sum.bytes)
        except EngineError as error:
            return f"{error.message} {error.hint}"
        return ""

    def _known(self) -> list[str]:
        vectors = _vectors(self._files[0].schema)
        return [
            "Sizes, numbers of rows and what each file reaches over, from the footers of the files.",
            *([f"The vectors have the type {vectors}."] if vectors else []),
            *([f"This is CDSE's set {self._dataset.name}."] if self._dataset else []),
        ]

    def _unknown(self) -> list[str]:
        if self._around is None:
            return []
        found = []
        if self._files[0].has_cells:
            found.append(
                f"How many of the grid's patches exist: counted were all there could be, {self._side**2} a cell, but "
                "there are none over the sea."
            )
        if self._guessed_share:
            found.append("How many patches lie in the area: they were taken to be spread evenly.")
        if self._no_statistics:
            found.append("Where rows lie: the files do not say so in their footers, so all might be in the area.")
        if self._guessed_pages and self._remote:
            found.append("How long pages are: a megabyte was assumed, as most software writes them.")
        return found


def _share(request: AreaRequest, box: tuple[float, float, float, float]) -> float:
    """How much of a box the area covers at most, from 0 to 1."""
    areas = [request.bbox] if request.bbox is not None else []
    if request.polygon is not None:
        areas.append(parse_polygon(request.polygon).bounds)
    return min(_covered(box, area) for area in areas)


def _covered(box: tuple[float, float, float, float], area: tuple[float, float, float, float]) -> float:
    """How much of a box another one covers, from 0 to 1; either may run past 180 or cross the antimeridian."""
    west, south, east, north = box
    height = min(north, area[3]) - max(south, area[1])
    end = area[2] if area[2] >= area[0] else area[2] + 360
    width = sum(max(0.0, min(east, end + turn) - max(west, area[0] + turn)) for turn in (-360, 0, 360))
    part = width / (east - west) if east > west else 1.0
    return min(1.0, part) * min(1.0, max(0.0, height / (north - south) if north > south else 1.0))


def _size(file: RangedFile, group: int) -> int:
    about = file.parquet.row_group(group)
    return sum(about.column(i).total_compressed_size for i in range(about.num_columns))


def _vectors(schema: pa.Schema) -> str:
    """The type of the longest-looking list column, as text."""
    for field in schema:
        if "emb" in field.name.lower() or "vector" in field.name.lower():
            return str(field.type)[:60]
    return ""
