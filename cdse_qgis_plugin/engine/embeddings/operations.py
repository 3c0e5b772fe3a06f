"""Operations on embedding stores: make one, describe one, look up the patch at a point."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

from pydantic import Field, field_validator, model_validator

from ..area import AreaRequest, BBox, LonLat, check_bbox, check_lonlat
from ..operations import Request, Result, Risk, operation
from ..run import Run


class EncodeImageRequest(Request):
    """A raster to cut into patches and encode."""

    image: str = Field(description="Path of any raster that GDAL reads")
    store: str = Field(
        description="Folder of the store to make; one already there is replaced when the new one is whole"
    )
    encoder: str = Field("default", description="Name of a registered encoder")
    patch: int = Field(16, ge=4, le=4096, description="Side of a patch in pixels")
    stride: int | None = Field(
        None, ge=1, le=4096, description="Step between patches in pixels; half a patch by default"
    )
    bands: list[int] | None = Field(None, min_length=1, description="Bands to use, counted from 1; all by default")
    max_nodata: float = Field(0.25, ge=0, lt=1, description="Patches with a larger share of nodata pixels are left out")
    seed: int = Field(0, ge=0, description="Seed of what the encoder samples")


class ImportRequest(AreaRequest):
    """An embedding file to turn into a store."""

    source: str = Field(
        description="Path of a Parquet file with embeddings or of a folder of them, its address (https://…, s3://…), "
        "the address of a list of files, or a set of CDSE such as cdse:Core-S2L1C-SSL4EO (secrets: s3_access_key, "
        "s3_secret_key)"
    )
    store: str = Field(
        description="Folder of the store to make; one already there is replaced when the new one is whole"
    )
    vector_column: str | None = Field(None, description="Column with the vectors; found by itself by default")
    crs: str | None = Field(None, description="CRS of the geometry where the file does not say, such as EPSG:3857")
    transposition: Literal["auto", "correct", "keep"] = Field(
        "auto",
        description="Some Major TOM tables place patches transposed within their cell: “auto” finds out and corrects "
        "them, “correct” corrects them in any case, “keep” leaves them as published",
    )
    cache: str | None = Field(None, description="Folder for what is read over the network; the system's by default")
    max_patches: int = Field(20_000_000, ge=1, description="More patches than these are refused as a mistake")


class EstimateRequest(AreaRequest):
    """An import to think about."""

    source: str = Field(description="As of embeddings.import: a path, an address, or a set of CDSE such as cdse:NAME")
    cache: str | None = Field(None, description="Folder for what is read over the network; the system's by default")
    max_patches: int = Field(20_000_000, ge=1, description="More patches than these would be refused as a mistake")


class Estimate(Result):
    """What an import would bring and cost, before any patch is read.

    ``patches`` is exact where ``exact``, else about and rather too high. ``megabytes`` are read over the network, or
    from the disk for a local source; ``minutes`` is how long they take at 20 MB/s a connection. ``refusal`` says why
    the import would be refused, and is empty when it would not. ``known`` and ``unknown`` are sentences for people.
    """

    source: str
    files: int
    files_in_total: int
    megabytes: float
    megabytes_in_total: float
    patches: int
    patches_in_total: int
    exact: bool
    requests: int
    connections: int
    minutes: float
    refusal: str
    known: list[str]
    unknown: list[str]


class StoreRequest(Request):
    """A store."""

    store: str = Field(description="Folder of the store")


class PatchAtRequest(StoreRequest):
    """Points to look up in a store."""

    points: list[LonLat] = Field(min_length=1, max_length=1000, description="[[lon, lat], …] in degrees")

    @field_validator("points")
    @classmethod
    def _points(cls, points: list[LonLat]) -> list[LonLat]:
        return [check_lonlat(point) for point in points]


class GridCellsRequest(Request):
    """An area of the Major TOM grid."""

    bbox: BBox = Field(description="[west, south, east, north] in degrees; west > east crosses the antimeridian")
    limit: int = Field(100_000, ge=1, le=1_000_000, description="More cells than this are refused")

    @field_validator("bbox")
    @classmethod
    def _bbox(cls, bbox: BBox) -> BBox:
        return check_bbox(bbox)


class GridLocateRequest(Request):
    """Places to find in the Major TOM grid."""

    points: list[LonLat] = Field([], max_length=100_000, description="[[lon, lat], …] in degrees")
    names: list[str] = Field([], max_length=100_000, description="Names of cells such as 466U_23R")

    @field_validator("points")
    @classmethod
    def _points(cls, points: list[LonLat]) -> list[LonLat]:
        for point in points:
            check_lonlat(point)
        return points

    @model_validator(mode="after")
    def _something(self) -> GridLocateRequest:
        if not self.points and not self.names:
            raise ValueError("There is nothing to locate: give points [[lon, lat], …] or names of cells")
        return self


class StoreDescription(Result):
    """What a store holds and where it comes from."""

    store: str
    count: int
    dim: int
    encoder: str
    dataset: str
    source: str
    bbox: tuple[float, float, float, float]
    licence: str
    citation: str = ""
    start: str | None = None
    end: str | None = None
    patch_size_m: float
    footprints: str
    attributes: list[str] = []
    created: str = ""
    notes: list[str] = []
    index: dict[str, Any] = Field({}, description="Whether a search index is there, and the recall measured of it")
    details: dict[str, Any] = {}


class StoreMade(StoreDescription):
    """A store that has just been made."""

    skipped: int = 0
    seconds: float = 0


class Patch(Result):
    """A patch of a store; ``footprint`` is a closed ring [[lon, lat], …] whose longitudes may run past 180."""

    row: int
    id: str
    lon: float
    lat: float
    footprint: list[LonLat]


class PatchesAt(Result):
    """One entry a point, in the points' order; null where no patch is."""

    patches: list[Patch | None]


class GridCell(Result):
    """A cell of the Major TOM grid; ``row`` counts from the equator north, ``column`` from Greenwich east, and
    ``polygon`` is a closed ring [[lon, lat], …] that runs past 180 where the cell lies across the antimeridian."""

    cell: str
    row: int
    column: int
    polygon: list[list[float]]


class GridCells(Result):
    """Cells from south to north and, within a row, from west to east."""

    cells: list[GridCell]


class GridCellsFound(Result):
    """One entry a point, then one a name, in their order; null for points beyond the grid, which ends at 85 degrees."""

    cells: list[GridCell | None]


@operation("embeddings.encode_image", risk=Risk.COMPUTE)
def encode_image(request: EncodeImageRequest, run: Run) -> StoreMade:
    """Makes a store from any raster: cuts it into patches and encodes each."""
    from .encode import encode_image

    return encode_image(request, run)


@operation("embeddings.import", risk=Risk.COMPUTE)
def import_embeddings(request: ImportRequest, run: Run) -> StoreMade:
    """Makes a store from an embedding file of any common Parquet shape."""
    from .importing import import_embeddings

    return import_embeddings(request, run)


@operation("embeddings.estimate", risk=Risk.READ)
def estimate(request: EstimateRequest, run: Run) -> Estimate:
    """Says what an import would bring and how much it would read, from sizes and footers alone."""
    from .sources.estimate import estimate

    return estimate(request, run)


@operation("embeddings.describe", risk=Risk.READ)
def describe(request: StoreRequest, run: Run) -> StoreDescription:
    """Says what a store holds, where it comes from and under which licence."""
    from .store import open_store

    return StoreDescription(**description(open_store(request.store)))


@operation("embeddings.patch_at", risk=Risk.READ)
def patch_at(request: PatchAtRequest, run: Run) -> PatchesAt:
    """Finds the patch of a store at each of the given points."""
    from .store import open_store

    store = open_store(request.store)
    rows = [store.patch_at(*point) for point in request.points]
    found = iter(patches(store, [row for row in rows if row is not None]))
    return PatchesAt(patches=[None if row is None else Patch(**next(found)) for row in rows])


@operation("embeddings.grid_cells", risk=Risk.READ)
def grid_cells(request: GridCellsRequest, run: Run) -> GridCells:
    """Lists the cells of the Major TOM grid in a box."""
    from . import grid

    row, column = grid.cells_in(request.bbox, request.limit)
    run.progress(None, f"Drawing {len(row):,} cells")
    return GridCells(cells=_grid_cells(row, column))


@operation("embeddings.grid_locate", risk=Risk.READ)
def grid_locate(request: GridLocateRequest, run: Run) -> GridCellsFound:
    """Finds the cells of the Major TOM grid at points or of given names."""
    import numpy as np

    from . import grid

    lon, lat = np.array(request.points, dtype=np.float64).reshape(-1, 2).T
    row, column = grid.cells_at(lon, lat)
    found = [cell if known else None for cell, known in zip(_grid_cells(row, column), grid.in_grid(row), strict=True)]
    named = np.array([grid.parse(name) for name in request.names], dtype=np.int64).reshape(-1, 2)
    return GridCellsFound(cells=found + _grid_cells(*named.T))


def _grid_cells(row, column) -> list[GridCell]:
    from . import grid

    fields = zip(
        grid.names(row, column).tolist(), row.tolist(), column.tolist(), grid.rings(row, column).tolist(), strict=True
    )
    # These numbers are known to be right: to validate half a million of them would only cost seconds.
    make = GridCell.model_construct
    return [make(cell=cell, row=row, column=column, polygon=ring) for cell, row, column, ring in fields]


told_by_others: dict[str, Callable[[Any], Any]] = {}
"""Fields of StoreDescription that rooms built on this one fill in: a function of the open store by field."""


def description(store) -> dict[str, Any]:
    """The fields of StoreDescription for an open store."""
    manifest = dict(store.manifest)
    source, encoder = manifest.pop("source", {}), manifest.pop("encoder", {})
    known = {name: manifest[name] for name in StoreDescription.model_fields if name in manifest}
    details = {name: value for name, value in manifest.items() if name not in known}
    return {
        **known,
        "store": str(store.path),
        **{field: tell(store) for field, tell in told_by_others.items()},
        "encoder": encoder.get("name", "unknown"),
        "source": source.get("path") or source.get("url", "unknown"),
        "details": {**details, "encoder": encoder, "source": source},
    }


def patches(store, rows, columns: tuple[str, ...] = ()) -> list[dict[str, Any]]:
    """The fields of Patch for the given rows, and further columns as they are."""
    import numpy as np
    import shapely

    table = store.rows(rows, ["id", "lon", "lat", "geometry", *columns]).to_pydict()
    footprints = shapely.from_wkb(table.pop("geometry"))
    rings = np.split(shapely.get_coordinates(footprints), np.cumsum(shapely.get_num_coordinates(footprints))[:-1])
    return [
        {"row": int(row), "footprint": rings[i].tolist(), **{name: values[i] for name, values in table.items()}}
        for i, row in enumerate(rows)
    ]
