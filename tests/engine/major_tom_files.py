"""Made-up Major TOM tables with the published schema, whose vectors come from a field over the globe.

The field says what truly is at a place, so a test can ask whether a vector ended up where it belongs.
"""

import hashlib

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import shapely

from cdse_qgis_plugin.engine.embeddings import grid, patch_layout, places, utm
from cdse_qgis_plugin.engine.embeddings.store_writer import geo_metadata

PRODUCT = "S2B_MSIL1C_20200223T105019_N0209_R051_T31TDG_20200223T123456"


class Field:
    """A smooth random field of ``dim`` numbers over the globe that changes over ``length_km``; mean 0, deviation 1."""

    def __init__(self, seed, dim=48, length_km=5.0, waves=64):
        rng = np.random.default_rng([seed, 1])
        self._waves = rng.normal(size=(3, waves)) * places.EARTH_RADIUS_M / 1000 / length_km
        self._phase = rng.uniform(0, 2 * np.pi, waves)
        self._weights = rng.normal(size=(waves, dim)) * np.sqrt(2 / waves)
        self.dim = dim

    def __call__(self, lon, lat):
        return np.cos(places.unit_vectors(lon, lat) @ self._waves + self._phase) @ self._weights


class NoField:
    """Nothing but noise: places have nothing to do with vectors."""

    def __init__(self, dim=48):
        self.dim = dim

    def __call__(self, lon, lat):
        return np.zeros((len(lon), self.dim))


def block(lon, lat, rows, columns):
    """Cells of a block whose lower left one holds a point: row and column numbers, (n, 2), from south to north."""
    row, column = (int(value) for value in grid.cells_at(lon, lat))
    middle = (grid.edges(row, column)[0] + grid.edges(row, column + columns)[0]) / 2
    found = []
    for i in range(row, row + rows):
        _, first = grid.cells_at(middle, grid.latitude(i) + 0.01)
        row_numbers = np.full(columns, i)
        found.append(np.stack(grid.neighbour(row_numbers, first, np.arange(columns) - columns // 2), axis=1))
    return np.concatenate(found)


def major_tom_table(cells, field, *, defect, noise=0.3, seed=0, patch_px=224, codes=None, share=1.0, plain=False):
    """A table as published, and where each row truly lies.

    Returns (table, true longitudes, true latitudes, true boxes in metres). ``defect``: places are declared transposed.
    ``share`` of the rows is kept, at random. ``noise`` is its standard deviation, where that of the field is 1; every
    cell also has an offset of its own, half as large as the field, since its picture was taken on another day, and all
    vectors have one in common. ``plain`` leaves out all three: vectors are just the field.
    """
    rng = np.random.default_rng([seed, 2])
    cut = patch_layout.layout(patch_px)
    row, column = np.asarray(cells).T
    left, top, code = patch_layout.pictures(row, column, codes)
    down, across = (part.ravel() for part in np.mgrid[: cut.side, : cut.side])
    true = patch_layout.patch_boxes(left[:, None], top[:, None], cut, down, across).reshape(-1, 4)
    code = np.repeat(code, len(down))
    lon, lat, shapes = patch_layout.footprints(true, code)
    day = 0.5 * np.repeat(rng.normal(size=(len(row), field.dim)), len(down), axis=0)
    common = 2 * rng.normal(size=field.dim)
    vectors = field(lon, lat)
    if not plain:
        vectors = vectors + day + common + noise * rng.normal(size=vectors.shape)
    vectors = vectors.astype(np.float32)
    said = true
    said_down, said_across = (across, down) if defect else (down, across)
    if defect:
        said = patch_layout.patch_boxes(left[:, None], top[:, None], cut, said_down, said_across).reshape(-1, 4)
        _, _, shapes = patch_layout.footprints(said, code)
    said_lon, said_lat = shapely.get_coordinates(shapely.centroid(shapes)).T
    offsets = np.array(cut.offsets)
    x, y = (np.tile(offsets[at], len(row)) for at in (said_across, said_down))
    names = np.repeat(grid.names(row, column), len(down))
    utm_boxes = shapely.box(said[:, 0], said[:, 3], said[:, 2], said[:, 1])  # the order of corners as published
    table = pa.table(
        {
            "unique_id": [hashlib.sha256(f"{name} {i}".encode()).hexdigest() for i, name in enumerate(names)],
            "embedding": pa.ListArray.from_arrays(
                pa.array(np.arange(0, vectors.size + 1, field.dim), pa.int32()), pa.array(vectors.ravel())
            ),
            "timestamp": ["20200223T105019"] * len(names),
            "product_id": [PRODUCT] * len(names),
            "grid_cell": names.tolist(),
            "grid_row_u": pa.array(np.repeat(row, len(down)), pa.int16()),
            "grid_col_r": pa.array(np.repeat(column, len(down)), pa.int16()),
            "geometry": pa.array(shapely.to_wkb(shapes), pa.binary()),
            "centre_lat": pa.array(said_lat, pa.float32()),
            "centre_lon": pa.array(places.wrap(said_lon), pa.float32()),
            "utm_footprint": shapely.to_wkt(utm_boxes, rounding_precision=-1).tolist(),
            "utm_crs": [f"EPSG:{one}" for one in code],
            "pixel_bbox": [[int(a), int(b), int(a) + patch_px, int(b) + patch_px] for a, b in zip(x, y, strict=True)],
        }
    )
    kept = np.sort(rng.choice(len(names), max(1, round(share * len(names))), replace=False))
    return table.take(kept), lon[kept], lat[kept], true[kept]


def write(table, path, **options):
    """Writes a table as GeoParquet, as the official embedder does with geopandas."""
    pq.write_table(table.replace_schema_metadata({b"geo": geo_metadata_without_covering()}), path, **options)


def geo_metadata_without_covering():
    import json

    geo = json.loads(geo_metadata())
    del geo["columns"]["geometry"]["covering"]
    return json.dumps(geo).encode()


def zones(lon, lat, cells, step=0):
    """EPSG codes of the pictures of cells when all come from the zone of a place, or its neighbour."""
    code = utm.epsg(lon, lat)
    return np.full(len(cells), code - code % 100 + (code % 100 - 1 + step) % 60 + 1)
