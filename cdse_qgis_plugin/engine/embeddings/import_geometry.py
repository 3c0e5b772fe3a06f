"""Geometry columns as shapely geometries: WKB, WKT, and GeoArrow's nested coordinates."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pyarrow as pa
import shapely

from .import_vectors import unwrapped

Decode = Callable[[pa.Array], np.ndarray]


def decoder(field: pa.Field, encoding: str | None) -> Decode | None:
    """How to read a column as geometries, or None when it cannot hold any. Broken and null rows become None."""
    kind = unwrapped(field.type)
    if pa.types.is_binary(kind) or pa.types.is_large_binary(kind) or kind == pa.binary_view():
        return _from_wkb
    if pa.types.is_string(kind) or pa.types.is_large_string(kind) or kind == pa.string_view():
        return _from_wkt
    depth, point = 0, kind
    while pa.types.is_list(point) or pa.types.is_large_list(point):
        depth, point = depth + 1, point.value_type
    if _is_point(point):
        return _nested(_nested_type(depth, encoding or _extension(field)))
    return None


def _from_wkb(column: pa.Array) -> np.ndarray:
    return shapely.from_wkb(np.asarray(column.to_numpy(zero_copy_only=False), dtype=object), on_invalid="ignore")


def _from_wkt(column: pa.Array) -> np.ndarray:
    return shapely.from_wkt(np.asarray(column.to_numpy(zero_copy_only=False), dtype=object), on_invalid="ignore")


def _extension(field: pa.Field) -> str:
    return (field.metadata or {}).get(b"ARROW:extension:name", b"").decode().removeprefix("geoarrow.")


def _is_point(kind: pa.DataType) -> bool:
    if pa.types.is_struct(kind):
        return kind.get_field_index("x") >= 0 and kind.get_field_index("y") >= 0
    return pa.types.is_fixed_size_list(kind) and pa.types.is_floating(kind.value_type) and 2 <= kind.list_size <= 4


def _nested_type(depth: int, encoding: str) -> shapely.GeometryType:
    if depth == 1 and encoding.lower() == "multipoint":
        return shapely.GeometryType.MULTIPOINT
    if depth == 2 and encoding.lower() == "multilinestring":
        return shapely.GeometryType.MULTILINESTRING
    kinds = shapely.GeometryType
    return (kinds.POINT, kinds.LINESTRING, kinds.POLYGON, kinds.MULTIPOLYGON)[min(depth, 3)]


def _nested(kind: shapely.GeometryType) -> Decode:
    def decode(column: pa.Array) -> np.ndarray:
        known = np.asarray(column.is_valid())
        column, offsets = column.drop_null(), []
        inner = column
        while pa.types.is_list(inner.type) or pa.types.is_large_list(inner.type):
            starts = np.asarray(inner.offsets)
            offsets.append((starts - starts[0]).astype(np.int64))
            inner = inner.flatten()
        found = np.full(len(known), None, dtype=object)
        xy = _coordinates(inner)
        if kind == shapely.GeometryType.POINT:
            found[known] = shapely.points(xy)
        else:
            found[known] = shapely.from_ragged_array(kind, xy, tuple(reversed(offsets)))
        return found

    return decode


def _coordinates(points: pa.Array) -> np.ndarray:
    if pa.types.is_struct(points.type):
        return np.stack([points.field(axis).to_numpy(zero_copy_only=False) for axis in ("x", "y")], axis=-1)
    return points.flatten().to_numpy(zero_copy_only=False).reshape(len(points), -1)[:, :2]
