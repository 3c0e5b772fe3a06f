"""Files in the layout of the published Major TOM embeddings, made small: whole cells in rows from south to north."""

import io

import geopandas
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import shapely

from cdse_qgis_plugin.engine.embeddings import grid, patch_layout


def cells(row: int, column: int, rows: int, columns: int):
    """Rows and columns of a block of cells, from south to north and from west to east."""
    up, right = np.divmod(np.arange(rows * columns), columns)
    return row + up, column + right


def frame(row, column, dim: int, side: int = 5, seed: int = 0) -> geopandas.GeoDataFrame:
    """Patches of whole cells, every column as published, with random vectors."""
    rng = np.random.default_rng(seed)
    cut = patch_layout.layout({5: 224, 3: 384}[side])
    left, top, code = patch_layout.pictures(row, column)
    each = np.tile(np.arange(side * side), len(row))
    cell = np.repeat(np.arange(len(row)), side * side)
    r, c = np.divmod(each, side)
    boxes = patch_layout.patch_boxes(left[cell], top[cell], cut, r, c)
    lon, lat, shapes = patch_layout.footprints(boxes, code[cell])
    names = grid.names(row, column)
    offsets = np.array(cut.offsets)
    count = len(cell)
    vectors = rng.normal(size=(count, dim)).astype(np.float32)
    return geopandas.GeoDataFrame(
        {
            "unique_id": [f"{value:016x}{i:048x}" for i, value in enumerate(rng.integers(0, 2**63, count))],
            "embedding": list(vectors),
            "timestamp": np.repeat([f"202{i % 4}0615T103021" for i in range(len(row))], side * side),
            "product_id": np.repeat(
                [f"S2B_MSIL1C_{i // 7:08d}T103021_N0209_R108_T31TCF" for i in range(len(row))], side**2
            ),
            "grid_cell": names[cell],
            "grid_row_u": np.asarray(row)[cell].astype(np.int16),
            "grid_col_r": np.asarray(column)[cell].astype(np.int16),
            "centre_lat": lat.astype(np.float32),
            "centre_lon": lon.astype(np.float32),
            "utm_footprint": shapely.to_wkt(shapely.box(*boxes.T), rounding_precision=3),
            "utm_crs": np.char.add("EPSG:", code[cell].astype(str)),
            "pixel_bbox": list(
                np.stack([offsets[r], offsets[c], offsets[r] + cut.patch_px, offsets[c] + cut.patch_px], axis=1)
            ),
        },
        geometry=shapes,
        crs="EPSG:4326",
    )


def parquet(patches: geopandas.GeoDataFrame, **options) -> bytes:
    """A frame as geopandas writes it: by default one row group, pages of a megabyte, snappy, no page index."""
    out = io.BytesIO()
    patches.to_parquet(out, index=False, **options)
    return out.getvalue()


def table(data: bytes) -> pa.Table:
    """What pyarrow reads from a file."""
    return pq.read_table(pa.BufferReader(data))
