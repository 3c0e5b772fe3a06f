"""Embedding files in the layouts that are in use, made small."""

import hashlib

import geopandas
import numpy as np
import pandas
import pyarrow as pa
import pyarrow.parquet as pq
import shapely

from cdse_qgis_plugin.engine.embeddings.store import Store
from cdse_qgis_plugin.engine.errors import EngineError
from cdse_qgis_plugin.engine.operations import find
from cdse_qgis_plugin.engine.run import Run


def import_file(source, store, run=None, **request):
    """Imports and returns the operation's answer and the open store."""
    made = find("embeddings.import")({"source": str(source), "store": str(store), **request}, run or Run())
    return made, Store(store)


def refusal(source, store, **request) -> EngineError:
    """The error of an import, which must leave nothing behind and say what to do."""
    existed = store.exists()
    try:
        find("embeddings.import")({"source": str(source), "store": str(store), **request}, Run())
    except EngineError as error:
        assert error.message.endswith(".") and error.hint.endswith("."), error.as_dict()
        assert store.exists() == existed
        assert not list(store.parent.glob(f".{store.name}.*")), "a partial store was left behind"
        return error
    raise AssertionError("the import succeeded")


def directions(vectors) -> np.ndarray:
    """Vectors at unit length, in float64."""
    vectors = np.asarray(vectors, dtype=np.float64)
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def by_id(store):
    """Row numbers of a store by id."""
    return {str(name): row for row, name in enumerate(store.column("id"))}


def column(store, name):
    """A column of a store by id, in the order of the ids."""
    values = store.rows(np.arange(store.count), ["id", name]).to_pydict()
    return dict(zip(values["id"], values[name], strict=True))


def centres(shapes):
    """Longitudes and latitudes of the middles of small polygons in degrees."""
    return shapely.get_coordinates(shapely.centroid(np.asarray(shapes))).T


def scatter(count, seed=3, west=2.0, south=41.0, span=1.0):
    """Scattered longitudes and latitudes."""
    rng = np.random.default_rng(seed)
    return rng.uniform(west, west + span, count), rng.uniform(south, south + span, count)


def vectors(count, dim=24, seed=4):
    """Random vectors, float32."""
    return np.random.default_rng(seed).normal(size=(count, dim)).astype(np.float32)


def generic(path, count=200, dim=24, crs="EPSG:4326", **columns):
    """A plain GeoParquet with id, embedding and square polygons of about a kilometre; returns it as a frame."""
    lon, lat = scatter(count)
    frame = geopandas.GeoDataFrame(
        {"id": [f"p{i}" for i in range(count)], "embedding": list(vectors(count, dim)), **columns},
        geometry=shapely.box(lon - 0.005, lat - 0.005, lon + 0.005, lat + 0.005),
        crs="EPSG:4326",
    ).to_crs(crs)
    frame.to_parquet(path)
    return frame


def points_table(path, names=("lon", "lat"), count=100, dim=24, **columns):
    """A table without geometry: an embedding and two coordinate columns; returns lon and lat."""
    lon, lat = scatter(count)
    table = {"embedding": list_array(vectors(count, dim)), names[0]: lon, names[1]: lat, **columns}
    pq.write_table(pa.table(table), path)
    return lon, lat


def list_array(values, kind=pa.list_, leaf=None):
    """A matrix as a list array."""
    values = np.asarray(values)
    leaf = leaf or pa.from_numpy_dtype(values.dtype)
    if kind == "fixed":
        return pa.FixedSizeListArray.from_arrays(pa.array(values.ravel(), leaf), values.shape[1])
    offsets = np.arange(0, values.size + 1, values.shape[1])
    cls, offset = (pa.LargeListArray, pa.int64()) if kind == pa.large_list else (pa.ListArray, pa.int32())
    return cls.from_arrays(pa.array(offsets, offset), pa.array(values.ravel(), leaf))


def major_tom(path, cells=8, dim=48):
    """A file as the official embedder writes it: 25 patches a cell, places transposed, columns in its order."""
    rows = []
    for cell in range(cells):
        left, bottom, zone = 480_000 + 10_000 * cell, 4_640_000, "EPSG:32631"
        for r in range(5):
            for c in range(5):
                x0, top = left + 2110 * r, bottom + 10_680 - 2110 * c
                utm = shapely.box(x0, top - 2240, x0 + 2240, top)
                box = [211 * r, 211 * c, 211 * r + 224, 211 * c + 224]
                rows.append((f"{466 + cell}U_23R", 466 + cell, 23, utm, zone, box))
    names = ("grid_cell", "grid_row_u", "grid_col_r", "utm", "utm_crs", "pixel_bbox")
    table = pandas.DataFrame(rows, columns=names)
    polygons = geopandas.GeoSeries(table.pop("utm"), crs="EPSG:32631")
    geometry = polygons.to_crs(4326)
    count = len(table)
    product = "S2B_MSIL1C_20200223T105019_N0209_R051_T31TDG_20200223T123456"
    frame = geopandas.GeoDataFrame(
        {
            "unique_id": [hashlib.sha256(f"{shape.wkt}_{product}".encode()).hexdigest() for shape in geometry],
            "embedding": list(vectors(count, dim)),
            "timestamp": ["20200223T105019"] * count,
            "product_id": [product] * count,
            "grid_cell": table["grid_cell"],
            "grid_row_u": table["grid_row_u"].astype("int16"),
            "grid_col_r": table["grid_col_r"].astype("int16"),
            "geometry": geometry,
            "centre_lat": centres(geometry)[1].astype("float32"),
            "centre_lon": centres(geometry)[0].astype("float32"),
            "utm_footprint": polygons.to_wkt(),
            "utm_crs": table["utm_crs"],
            "pixel_bbox": table["pixel_bbox"],
        },
        geometry="geometry",
        crs="EPSG:4326",
    )
    frame.to_parquet(path)
    return frame


def with_header(path, **metadata):
    """Adds values to a Parquet file's own metadata."""
    import json

    table = pq.read_table(path)
    extra = {key.encode(): json.dumps(value).encode() for key, value in metadata.items()}
    pq.write_table(table.replace_schema_metadata({**(table.schema.metadata or {}), **extra}), path)


def edit(path, change):
    """Rewrites a Parquet file with a changed table, keeping its metadata."""
    table = pq.read_table(path)
    metadata = table.schema.metadata
    changed = change(table)
    pq.write_table(changed.replace_schema_metadata({**(changed.schema.metadata or {}), **(metadata or {})}), path)
