"""Where the patches of a table lie: a geometry column in any common encoding, a box, or coordinate columns."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import shapely

from ..errors import EngineError
from . import places
from .import_crs import ToLonLat, check_plausible, in_degrees, read_crs, srid
from .import_footprints import outlines
from .import_geometry import decoder
from .parquet_source import SourceFile

_GEOMETRY_NAMES = (
    "geometry", "geom", "wkb_geometry", "geometry_wkb", "wkb", "wkt", "geometry_wkt", "the_geom", "shape",
)  # fmt: skip
_EXTENSION = b"ARROW:extension:name"
_COORDINATE = re.compile(
    r"^(?P<what>(?:patch_|tile_|chip_|point_|geo)?(?:centre|center|centroid|cent)?)_?"
    r"(?P<axis>lat|latitude|lon|lng|long|longitude|x|y|easting|northing)(?:_?(?:centre|center|centroid|deg))?$"
)
_FIRST = {"lon": 0, "lng": 0, "long": 0, "longitude": 0, "lat": 0, "latitude": 0}
_EASTWARD = ("lon", "lng", "long", "longitude", "x", "easting")
_EDGES = ("xmin", "ymin", "xmax", "ymax")


class Places(NamedTuple):
    """Centres (NaN where there is none) and footprints (None where only a point is known) of some rows."""

    lon: np.ndarray
    lat: np.ndarray
    footprints: np.ndarray


@dataclass
class PlaceReader:
    """How to read the places of one file. ``columns`` are what it needs; ``used`` what the store need not repeat."""

    file: SourceFile
    columns: list[str]
    used: list[str]
    decode: Any
    crs: ToLonLat
    box_paths: tuple[str, str, str, str] | None = None
    box_crs: ToLonLat | None = None
    note: str = ""

    def read(self, batch: pa.RecordBatch) -> Places:
        """The places of a batch."""
        geometries = self.decode(batch)
        kinds = shapely.get_type_id(geometries)
        lon, lat = np.full((2, len(geometries)), np.nan)
        footprints = np.full(len(geometries), None, dtype=object)
        area = np.flatnonzero((kinds == 3) | (kinds == 6))
        if len(area):
            lon[area], lat[area], footprints[area] = outlines(geometries[area], self.crs)
        rest = np.flatnonzero((kinds >= 0) & (kinds != 3) & (kinds != 6) & ~shapely.is_empty(geometries))
        if len(rest):
            points = shapely.get_coordinates(shapely.centroid(geometries[rest]))
            lon[rest], lat[rest] = self.crs(*points.T)
        return Places(places.wrap(lon), lat, footprints)

    def group_box(self, group: int) -> tuple[float, float, float, float] | None:
        """What the statistics of a row group say about where it lies, [west, south, east, north], or None."""
        box = self.file.box(group, self.box_paths) if self.box_paths else None
        if box is not None:
            return self.box_crs.box(box)
        box = self.file.native_box(group, self.columns[0])
        return None if box is None else self.crs.box(box)


def find_places(file: SourceFile, crs: str | None) -> PlaceReader:
    """How to read the places of a file; ``crs`` is what the person says it is in.

    Raises EngineError ``no_place``, ``unknown_crs`` or ``wrong_crs``.
    """
    reader = _geometry(file, crs) or _boxes(file, crs) or _coordinates(file, crs)
    if reader is None:
        shown = ", ".join(field.name for field in list(file.schema)[:30])
        raise EngineError(
            "no_place",
            f"“{file.name}” does not say where its patches lie: it has no geometry, no box and no coordinates.",
            f"Add a geometry column or columns lat and lon where the file was made. Its columns are: {shown}.",
        )
    _check(reader, crs)
    return reader


def _geometry(file: SourceFile, crs: str | None) -> PlaceReader | None:
    geo = file.metadata("geo")
    described = geo.get("columns")
    described = {name: said for name, said in described.items() if isinstance(said, dict)} if described else {}
    names = {field.name.lower(): field.name for field in file.schema}
    order = [geo.get("primary_column"), *described, *(names.get(name) for name in _GEOMETRY_NAMES)]
    order += [field.name for field in file.schema if b"geoarrow" in (field.metadata or {}).get(_EXTENSION, b"")]
    for name in order:
        if name not in file.schema.names:
            continue
        if reader := _geometry_column(file, name, described.get(name), crs):
            return reader
    return None


def _geometry_column(file: SourceFile, name: str, described: dict | None, crs: str | None) -> PlaceReader | None:
    decode_column = decoder(file.schema.field(name), (described or {}).get("encoding"))
    if decode_column is None:
        return None

    def decode(batch: pa.RecordBatch) -> np.ndarray:
        return decode_column(batch.column(name))

    to_lonlat, note = _declared(file, name, described, crs, decode)
    reader = PlaceReader(file, [name], [name], decode, to_lonlat, note=note)
    covering = ((described or {}).get("covering") or {}).get("bbox") or {}
    if all(edge in covering for edge in _EDGES):
        reader.box_paths = tuple(".".join(covering[edge]) for edge in _EDGES)
        reader.box_crs = to_lonlat
        reader.used.append(covering["xmin"][0])
    elif pair := coordinate_columns(file, geographic=True):
        reader.box_paths, reader.box_crs = (*pair, *pair), ToLonLat(read_crs("OGC:CRS84", ""))
    return reader


def _declared(file: SourceFile, name: str, described: dict | None, crs: str | None, decode) -> tuple[ToLonLat, str]:
    """The CRS of a geometry column, and a note where it is not the one the file declares."""
    declared = _declared_crs(file, name, described)
    if crs:
        asked = ToLonLat(read_crs(crs, "that was asked for"))
        if declared and not declared.crs.equals(asked.crs, ignore_axis_order=True):
            return asked, f"The file says its geometry is in {declared.name}; {asked.name} was used as asked for."
        return asked, ""
    if declared:
        return declared, ""
    sample = _sample(file, [name], decode)
    code = srid(sample)
    if code:
        return ToLonLat(read_crs(f"EPSG:{code}", f"of “{file.name}”")), ""
    xy = shapely.get_coordinates(sample)
    if in_degrees(*xy.T):
        return ToLonLat(read_crs("OGC:CRS84", "")), "The file does not say its CRS; degrees on WGS 84 were assumed."
    raise EngineError(
        "unknown_crs",
        f"“{file.name}” does not say in which CRS its geometry is, and it is not in degrees "
        f"(it begins at {xy[0, 0]:.6g}, {xy[0, 1]:.6g}).",
        "Give crs, such as EPSG:3857 or the UTM zone EPSG:32631.",
    )


def _declared_crs(file: SourceFile, name: str, described: dict | None) -> ToLonLat | None:
    """The CRS in the GeoParquet metadata, else that of the native or GeoArrow type; None where none is said."""
    if described is not None and "crs" in described:
        said = described["crs"]
    elif described is not None:
        said = "OGC:CRS84"  # GeoParquet's default
    else:
        said = _type_crs(file, name)
    return None if said in (None, "") else ToLonLat(read_crs(said, f"of “{file.name}”"))


def _type_crs(file: SourceFile, name: str) -> Any:
    import json

    metadata = file.schema.field(name).metadata or {}
    if _EXTENSION not in metadata:
        return None
    try:
        said = json.loads(metadata.get(b"ARROW:extension:metadata") or b"{}").get("crs")
    except ValueError:
        return None
    native = "Geometry" in str(file.parquet.schema.column(_leaf_index(file, name)).logical_type)
    if isinstance(said, str) and said.startswith("projjson:"):
        said = file.metadata(said.removeprefix("projjson:"))
    elif isinstance(said, str) and said.startswith("srid:"):
        said = f"EPSG:{said.removeprefix('srid:')}"
    return "OGC:CRS84" if said is None and native else said


def _leaf_index(file: SourceFile, name: str) -> int:
    paths = [file.parquet.schema.column(i).path.split(".")[0] for i in range(len(file.parquet.schema))]
    return paths.index(name)


def _boxes(file: SourceFile, crs: str | None) -> PlaceReader | None:
    """A struct of xmin, ymin, xmax, ymax, the covering of a geometry that was left out."""
    for field in file.schema:
        if pa.types.is_struct(field.type) and {field.type.field(i).name for i in range(len(field.type))} >= set(_EDGES):
            name = field.name
            paths = tuple(f"{name}.{edge}" for edge in _EDGES)
            to_lonlat = ToLonLat(read_crs(crs or "OGC:CRS84", "that was asked for"))

            def decode(batch: pa.RecordBatch, name=name) -> np.ndarray:
                edges = [np.asarray(batch.column(name).field(edge).to_numpy(zero_copy_only=False)) for edge in _EDGES]
                known = np.isfinite(np.array(edges, dtype=np.float64)).all(axis=0)
                found = np.full(batch.num_rows, None, dtype=object)
                found[known] = shapely.box(*(np.asarray(edge, dtype=np.float64)[known] for edge in edges))
                return found

            note = "" if crs else "The boxes do not say their CRS; degrees on WGS 84 were assumed."
            return PlaceReader(file, [name], [name], decode, to_lonlat, paths, to_lonlat, note)
    return None


def _coordinates(file: SourceFile, crs: str | None) -> PlaceReader | None:
    pair = coordinate_columns(file, geographic=not crs) or coordinate_columns(file, geographic=False)
    if pair is None:
        return None
    x, y = pair

    def decode(batch: pa.RecordBatch) -> np.ndarray:
        xy = [np.asarray(batch.column(name).to_numpy(zero_copy_only=False), dtype=np.float64) for name in pair]
        known = np.isfinite(xy[0]) & np.isfinite(xy[1])
        found = np.full(batch.num_rows, None, dtype=object)
        found[known] = shapely.points(xy[0][known], xy[1][known])
        return found

    note = ""
    if crs is None:
        xy = shapely.get_coordinates(_sample(file, list(pair), decode))
        if not _is_lonlat(x) and not in_degrees(*xy.T):
            raise EngineError(
                "unknown_crs",
                f"“{file.name}” has coordinates {x} and {y} that are not degrees ({xy[0, 0]:.6g}, {xy[0, 1]:.6g}) "
                "and does not say their CRS.",
                "Give crs, such as EPSG:3857 or the UTM zone EPSG:32631.",
            )
        if not _is_lonlat(x):
            note = f"{x} and {y} were taken as degrees on WGS 84."
    to_lonlat = ToLonLat(read_crs(crs or "OGC:CRS84", "that was asked for"))
    return PlaceReader(file, list(pair), list(pair), decode, to_lonlat, (x, y, x, y), to_lonlat, note)


def _is_lonlat(name: str) -> bool:
    match = _COORDINATE.match(name.lower())
    return bool(match and match["axis"] in _FIRST)


def coordinate_columns(file: SourceFile, geographic: bool) -> tuple[str, str] | None:
    """Columns with the eastward and the northward coordinate that are named alike."""
    found: dict[tuple[str, bool], dict[bool, str]] = {}
    for field in file.schema:
        match = _COORDINATE.match(field.name.lower())
        if match and (pa.types.is_floating(field.type) or pa.types.is_integer(field.type)):
            kind = (match["what"], match["axis"] in _FIRST)
            found.setdefault(kind, {}).setdefault(match["axis"] in _EASTWARD, field.name)
    pairs = [(kind, (axes[True], axes[False])) for kind, axes in found.items() if len(axes) == 2]
    pairs = [
        pair
        for kind, pair in sorted(pairs, key=lambda pair: (not pair[0][1], -len(pair[0][0])))
        if kind[1] or not geographic
    ]
    return pairs[0] if pairs else None


def _sample(file: SourceFile, columns: list[str], decode) -> np.ndarray:
    """The first geometries of a file; raises EngineError ``no_place`` when there is none at all."""
    for _, batch in file.batches(columns, 1024):
        geometries = decode(batch)
        geometries = geometries[~(shapely.is_missing(geometries) | shapely.is_empty(geometries))]
        if len(geometries):
            return geometries
    raise EngineError(
        "no_place",
        f"No row of “{file.name}” says where its patch lies: {' and '.join(columns)} is empty throughout.",
        "Choose a file with places.",
    )


def _check(reader: PlaceReader, crs: str | None) -> None:
    """Looks at the first coordinates, so that a wrong CRS is told before an hour of reading."""
    xy = shapely.get_coordinates(_sample(reader.file, reader.columns, reader.decode))
    try:
        check_plausible(reader.crs, *xy.T, reader.file.name)
    except EngineError:
        pair = None if crs else coordinate_columns(reader.file, geographic=True)
        if pair is None or pair == tuple(reader.columns) or not in_degrees(*xy.T):
            raise
        _, batch = next(reader.file.batches(pair, 1024))
        lonlat = [np.asarray(batch.column(name).to_numpy(zero_copy_only=False), dtype=np.float64) for name in pair]
        if np.abs(np.nanmedian(lonlat, axis=1) - np.median(xy, axis=0)).max() > 1:
            raise
        declared, reader.crs = reader.crs.name, ToLonLat(read_crs("OGC:CRS84", ""))
        reader.box_crs = reader.crs if reader.box_paths else None
        reader.note = (
            f"The file says its geometry is in {declared}, but it is in degrees, as {pair[0]} and {pair[1]} confirm; "
            "WGS 84 was used."
        )
