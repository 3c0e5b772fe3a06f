"""Small stores with known contents, for tests."""

import numpy as np
import pyarrow as pa
import shapely

from cdse_qgis_plugin.engine.embeddings import places
from cdse_qgis_plugin.engine.embeddings.store import Store
from cdse_qgis_plugin.engine.embeddings.store_writer import StoreWriter
from cdse_qgis_plugin.engine.run import Run


def squares(lon, lat, side_m):
    """Square footprints of the given side around points, as WKB; all aligned with the first one, as on a grid."""
    half = side_m / 2
    x, y = places.to_tangent(lon[0], lat[0], lon, lat)
    corners_x = x[:, None] + np.array([-1, 1, 1, -1, -1]) * half
    corners_y = y[:, None] + np.array([-1, -1, 1, 1, -1]) * half
    ring_lon, ring_lat = places.from_tangent(lon[0], lat[0], corners_x, corners_y)
    return shapely.to_wkb(
        shapely.polygons(np.stack([places.near(ring_lon, np.array(lon)[:, None]), ring_lat], axis=-1))
    )


def make_store(path, vectors, lon, lat, side_m=1000.0, hilbert=False, times=None, **attributes) -> Store:
    """A store with the given rows; row order is kept unless ``hilbert``."""
    lon, lat = np.asarray(lon, dtype=float), np.asarray(lat, dtype=float)
    columns = {"id": [f"p{i}" for i in range(len(lon))], "lon": lon, "lat": lat}
    if times is not None:
        columns["time"] = pa.array(times, pa.timestamp("ms", tz="UTC"))
    columns["geometry"] = pa.array(squares(lon, lat, side_m), pa.binary())
    with StoreWriter(path, Run(), vectors.shape[1], hilbert=hilbert) as writer:
        writer.append(vectors, pa.table({**columns, **attributes}))
        writer.finish(
            {
                "encoder": {"name": "test"},
                "dataset": "made up",
                "source": {"path": "nowhere"},
                "licence": "CC0",
                "footprints": "exact",
                "notes": [],
            }
        )
    return Store(path)


def grid(columns, rows, step_m=1000.0, lon0=10.0, lat0=45.0):
    """Centres of a grid of points: longitudes and latitudes, west to east, then south to north."""
    x, y = np.meshgrid(np.arange(columns) * step_m, np.arange(rows) * step_m)
    lon, lat = places.from_tangent(lon0, lat0, x.ravel(), y.ravel())
    return places.wrap(lon), lat
