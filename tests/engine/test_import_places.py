"""Where imported patches lie: encodings of geometry, reference systems, seams of the globe, points, areas."""

import itertools
import json
import re

import geopandas
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pyproj
import pytest
import shapely

from cdse_qgis_plugin.engine.embeddings import places
from cdse_qgis_plugin.engine.embeddings.import_footprints import usual_spacing
from cdse_qgis_plugin.engine.embeddings.parquet_source import SourceFile

from .embedding_files import (
    by_id,
    centres,
    edit,
    generic,
    import_file,
    list_array,
    points_table,
    refusal,
    scatter,
    vectors,
)
from .stores import grid


def centres_match(store, lon, lat, ids=None, metres=1.0):
    rows = by_id(store)
    ids = ids or [f"p{i}" for i in range(len(lon))]
    assert len(rows) == len(ids)
    for name, x, y in zip(ids, lon, lat, strict=True):
        row = rows[name]
        assert places.distance_m(x, y, store.lon[row], store.lat[row]) < metres, name


def as_wkt(table):
    shapes = shapely.from_wkb(table.column("geometry").to_numpy(zero_copy_only=False))
    return table.drop_columns("geometry").append_column("wkt", pa.array(shapely.to_wkt(shapes, rounding_precision=12)))


def as_native(table):
    """The geometry as Parquet's own GEOMETRY type, which pyarrow writes for this extension type."""

    class Wkb(pa.ExtensionType):
        def __init__(self):
            super().__init__(pa.binary(), "geoarrow.wkb")

        def __arrow_ext_serialize__(self):
            return json.dumps({"crs": "EPSG:32631", "crs_type": "authority_code"}).encode()

        @classmethod
        def __arrow_ext_deserialize__(cls, storage, text):
            return cls()

    kind = Wkb()
    pa.register_extension_type(kind)
    try:
        column = pa.ExtensionArray.from_storage(kind, table.column("geometry").combine_chunks())
        where = table.schema.get_field_index("geometry")
        sink = pa.BufferOutputStream()
        pq.write_table(table.set_column(where, "geometry", column).replace_schema_metadata(None), sink)
    finally:
        pa.unregister_extension_type("geoarrow.wkb")
    return sink.getvalue()


CRS = ["EPSG:4326", "EPSG:32631", "EPSG:3857", "EPSG:3035", "EPSG:4258"]


@pytest.mark.parametrize(
    ("encoding", "crs"),
    [("native", "EPSG:32631"), *itertools.product(["WKB", "geoarrow", "covering", "WKT"], CRS)],
)
def test_polygons_in_every_encoding_and_crs(tmp_path, encoding, crs):
    path = tmp_path / "a.parquet"
    frame = generic(path, 50, crs=crs)
    expected = frame.geometry.to_crs(32631).centroid.to_crs(4326)
    request = {}
    if encoding == "geoarrow":
        frame.to_parquet(path, geometry_encoding="geoarrow", schema_version="1.1.0")
    elif encoding == "covering":
        frame.to_parquet(path, write_covering_bbox=True, schema_version="1.1.0")
    elif encoding == "WKT":
        edit(path, lambda table: as_wkt(table).replace_schema_metadata({"geo": "{}"}))
        table = pq.read_table(path)
        pq.write_table(table.replace_schema_metadata(None), path)
        request = {"crs": crs}
    elif encoding == "native":
        path.write_bytes(as_native(pq.read_table(path)).to_pybytes())
        assert "Geometry" in str(SourceFile(path).parquet.schema)
    made, store = import_file(path, tmp_path / "store", **request)
    assert (made["count"], made["footprints"]) == (50, "published")
    centres_match(store, expected.x, expected.y)
    assert "bbox" not in made["attributes"] and "wkt" not in made["attributes"]
    footprints = geopandas.GeoSeries(store.footprints([by_id(store)[f"p{i}"] for i in range(50)]), crs=4326)
    assert (footprints.to_crs(32631).symmetric_difference(frame.geometry.to_crs(32631)).area < 1e3).all()


def test_native_geometry_statistics_prune(tmp_path):
    path = tmp_path / "a.parquet"
    generic(path, 50, crs="EPSG:32631")
    path.write_bytes(as_native(pq.read_table(path)).to_pybytes())
    west, south, east, north = SourceFile(path).native_box(0, "geometry")
    assert 400_000 < west < east < 510_000 and 4.5e6 < south < north < 4.7e6
    assert refusal(path, tmp_path / "s", bbox=[10, 10, 11, 11]).code == "outside_area"


def test_default_crs_is_lonlat_and_null_crs_is_asked_for(tmp_path):
    path = tmp_path / "a.parquet"
    frame = generic(path, 20, crs="EPSG:3857")
    expected = frame.geometry.centroid.to_crs(4326)

    def set_crs(value):
        frame.to_parquet(path)
        table = pq.read_table(path)
        geo = json.loads(table.schema.metadata[b"geo"])
        geo["columns"]["geometry"]["crs"] = value
        pq.write_table(table.replace_schema_metadata({"geo": json.dumps(geo)}), path)

    set_crs(None)
    error = refusal(path, tmp_path / "store")
    assert error.code == "unknown_crs" and "EPSG:3857" in error.hint
    _, store = import_file(path, tmp_path / "store", crs="EPSG:3857")
    centres_match(store, expected.x, expected.y)
    set_crs(json.loads(pyproj.CRS("EPSG:3857").to_json()))
    centres_match(import_file(path, tmp_path / "store")[1], expected.x, expected.y)
    set_crs({"type": "nonsense"})
    assert refusal(path, tmp_path / "new").code == "unknown_crs"


def test_no_crs_but_degrees_is_assumed_and_said(tmp_path):
    path = tmp_path / "a.parquet"
    generic(path, 20)
    table = pq.read_table(path)
    plain = pa.schema([field.remove_metadata() for field in table.schema])
    pq.write_table(pa.table(table.columns, schema=plain), path)
    made, _ = import_file(path, tmp_path / "store")
    assert any("WGS 84 were assumed" in note for note in made["notes"])


def test_extended_wkb_carries_its_crs(tmp_path):
    path = tmp_path / "a.parquet"
    frame = generic(path, 20, crs="EPSG:32631")
    shapes = shapely.set_srid(frame.geometry.to_numpy(), 32631)
    table = pq.read_table(path).drop_columns("geometry").replace_schema_metadata(None)
    column = pa.array(shapely.to_wkb(shapes, include_srid=True), pa.binary())
    pq.write_table(table.append_column("geom", column), path)
    made, store = import_file(path, tmp_path / "store")
    centres_match(store, *(frame.geometry.centroid.to_crs(4326).get_coordinates().to_numpy().T))
    assert made["details"]["source"]["crs"] == "EPSG:32631"


def test_an_asked_crs_wins_and_is_noted(tmp_path):
    path = tmp_path / "a.parquet"
    frame = generic(path, 20, crs="EPSG:32631")
    frame.set_crs(32632, allow_override=True).to_parquet(path)
    made, store = import_file(path, tmp_path / "store", crs="EPSG:32631")
    assert any("EPSG:32632" in note and "EPSG:32631" in note for note in made["notes"])
    assert store.lon.min() >= 2 and store.lon.max() <= 3


@pytest.mark.parametrize(
    ("crs", "asked", "code"),
    [
        ("EPSG:32631", "EPSG:4326", "wrong_crs"),  # metres taken for degrees
        ("EPSG:4326", "EPSG:32631", "wrong_crs"),  # degrees taken for metres
        ("EPSG:3035", "EPSG:32760", "wrong_crs"),  # on the other side of the Earth
        ("EPSG:32631", "EPSG:999999", "unknown_crs"),
        ("EPSG:32631", "utm zone 31", "unknown_crs"),
    ],
)
def test_an_impossible_crs_is_refused(tmp_path, crs, asked, code):
    generic(tmp_path / "a.parquet", 20, crs=crs)
    error = refusal(tmp_path / "a.parquet", tmp_path / "store", crs=asked)
    assert error.code == code and ("EPSG" in error.message or asked in error.message)


def test_latitude_first_is_seen(tmp_path):
    frame = generic(tmp_path / "a.parquet", 20)
    frame.geometry = shapely.transform(frame.geometry.to_numpy(), lambda xy: xy[:, ::-1] + [0, 95])
    frame.to_parquet(tmp_path / "a.parquet")
    error = refusal(tmp_path / "a.parquet", tmp_path / "store")
    assert error.code == "wrong_crs" and "order latitude, longitude" in error.message


@pytest.mark.parametrize(
    "names",
    [
        ("centre_lon", "centre_lat"), ("centroid_lon", "centroid_lat"), ("lon", "lat"), ("longitude", "latitude"),
        ("Longitude", "Latitude"), ("lng", "lat"), ("center_longitude", "center_latitude"), ("x", "y"),
        ("lon_center", "lat_center"), ("LON", "LAT"), ("long", "lat"), ("centre_x", "centre_y"),
        ("tile_lon", "tile_lat"),
    ],
)  # fmt: skip
def test_coordinate_columns_of_any_name(tmp_path, names):
    lon, lat = points_table(tmp_path / "a.parquet", names, distractor_lat=np.zeros(100))
    made, store = import_file(tmp_path / "a.parquet", tmp_path / "store")
    centres_match(store, lon, lat, [str(i) for i in range(100)], 0.01)
    assert made["footprints"] == "estimated" and made["attributes"] == ["distractor_lat"]


def test_projected_coordinate_columns(tmp_path):
    lon, lat = scatter(80)
    x, y = pyproj.Transformer.from_crs(4326, 32631, always_xy=True).transform(lon, lat)
    table = pa.table({"embedding": list_array(vectors(80)), "x": x, "y": y})
    pq.write_table(table, tmp_path / "a.parquet")
    error = refusal(tmp_path / "a.parquet", tmp_path / "store")
    assert error.code == "unknown_crs" and "x and y" in error.message
    _, store = import_file(tmp_path / "a.parquet", tmp_path / "store", crs="EPSG:32631")
    centres_match(store, lon, lat, [str(i) for i in range(80)], 0.01)


def test_integer_and_null_coordinates(tmp_path):
    table = {"embedding": list_array(vectors(6)), "lat": pa.array([1, 2, 3, None, 5, 6]), "lon": np.arange(6)}
    pq.write_table(pa.table(table), tmp_path / "a.parquet")
    made, _ = import_file(tmp_path / "a.parquet", tmp_path / "store")
    assert (made["count"], made["details"]["left_out"]) == (5, {"without a place": 1})


def test_a_covering_without_its_geometry_will_do(tmp_path):
    frame = generic(tmp_path / "a.parquet", 30)
    frame.to_parquet(tmp_path / "a.parquet", write_covering_bbox=True)
    table = pq.read_table(tmp_path / "a.parquet").drop_columns("geometry").replace_schema_metadata(None)
    pq.write_table(table, tmp_path / "a.parquet")
    made, store = import_file(tmp_path / "a.parquet", tmp_path / "store")
    centres_match(store, *centres(frame.geometry), metres=0.1)
    assert made["footprints"] == "published"


def test_broken_empty_and_missing_polygons_have_no_place(tmp_path):
    path = tmp_path / "a.parquet"
    frame = generic(path, 40)
    shapes = frame.geometry.to_numpy().copy()
    shapes[3], shapes[4] = None, shapely.Polygon()
    shapes[5] = shapely.Polygon([(1, 1), (2, 2), (1, 1)])  # no area
    shapes[6] = shapely.box(1, 89, 2, 91)
    frame.geometry = shapes
    frame.to_parquet(path)

    def damage(table):
        blobs = table.column("geometry").to_pylist()
        blobs[7] = b"\x01\x03\x00"
        where = table.schema.get_field_index("geometry")
        return table.set_column(where, table.schema.field(where), pa.array(blobs, pa.binary()))

    edit(path, damage)
    made, store = import_file(path, tmp_path / "store")
    assert (made["count"], made["details"]["left_out"]) == (35, {"without a place": 5})
    assert not {"p3", "p4", "p5", "p6", "p7"} & set(by_id(store))


def test_odd_polygons_become_simple_ones(tmp_path):
    """Holes are filled, parts are wrapped, three dimensions become two, a bow-tie becomes its hull."""
    frame = generic(tmp_path / "a.parquet", 4)
    shapes = [
        shapely.box(0, 0, 1, 1) - shapely.box(0.4, 0.4, 0.6, 0.6),
        shapely.MultiPolygon([shapely.box(0, 0, 1, 1), shapely.box(2, 0, 3, 1)]),
        shapely.force_3d(shapely.box(0, 0, 1, 1), 7),
        shapely.Polygon([(0, 0), (1, 1), (1, 0), (0, 1)]),
    ]
    frame.geometry = shapes
    frame.to_parquet(tmp_path / "a.parquet")
    _, store = import_file(tmp_path / "a.parquet", tmp_path / "store")
    rows = by_id(store)
    found = store.footprints([rows[f"p{i}"] for i in range(4)])
    unit = shapely.box(0, 0, 1, 1)
    for shape, expected in zip(found, [unit, shapely.box(0, 0, 3, 1), unit, unit], strict=True):
        assert shape.geom_type == "Polygon" and shapely.is_valid(shape) and not shape.has_z
        assert shape.symmetric_difference(expected).area < 1e-9


@pytest.mark.parametrize("how", ["beyond 180", "wrapped", "split", "projected"])
def test_a_patch_on_the_antimeridian(tmp_path, how):
    path = tmp_path / "a.parquet"
    frame = generic(path, 2)
    whole = shapely.box(179.9, -17.1, 180.1, -16.9)
    crs = "EPSG:4326"
    if how == "beyond 180":
        shape = whole
    elif how == "wrapped":
        shape = shapely.Polygon([(179.9, -17.1), (-179.9, -17.1), (-179.9, -16.9), (179.9, -16.9)])
    elif how == "split":
        shape = shapely.MultiPolygon([shapely.box(179.9, -17.1, 180, -16.9), shapely.box(-180, -17.1, -179.9, -16.9)])
    else:
        crs = "EPSG:32760"
        to_utm = pyproj.Transformer.from_crs(4326, 32760, always_xy=True)
        shape = shapely.transform(whole, lambda xy: np.column_stack(to_utm.transform(*xy.T)))
    frame = geopandas.GeoDataFrame(frame.drop(columns="geometry"), geometry=[shape, shape], crs=crs)
    frame.to_parquet(path)
    made, store = import_file(path, tmp_path / "store")
    assert places.distance_m(180, -17, store.lon[0], store.lat[0]) < 50
    assert -180 <= store.lon[0] < 180
    bounds = shapely.bounds(store.footprints([0])[0])
    assert bounds[2] - bounds[0] == pytest.approx(0.2, abs=1e-3)
    assert all(store.patch_at(lon, -17) is not None for lon in (179.95, -179.95, 180, -180))
    assert store.patch_at(179.8, -17) is None and store.patch_at(0, -17) is None
    made, _ = import_file(path, tmp_path / "store", bbox=[179, -18, -179, -16])
    assert made["count"] == 2


@pytest.mark.parametrize("pole", [90, -90])
def test_a_patch_over_a_pole(tmp_path, pole):
    path = tmp_path / "a.parquet"
    crs = "EPSG:3413" if pole > 0 else "EPSG:3031"
    frame = generic(path, 2).drop(columns="geometry")
    shapes = [shapely.box(-9000, -9000, 11_000, 11_000), shapely.box(30_000, 0, 40_000, 10_000)]
    geopandas.GeoDataFrame(frame, geometry=shapes, crs=crs).to_parquet(path)
    _, store = import_file(path, tmp_path / "store")
    rows = by_id(store)
    assert places.distance_m(0, pole, store.lon[rows["p0"]], store.lat[rows["p0"]]) == pytest.approx(1414, rel=0.05)
    for lon in (0.0, 90.0, -135.0, 179.0):
        assert store.patch_at(lon, pole - np.sign(pole) * 0.01) == rows["p0"]
    assert store.patch_at(0.0, pole - np.sign(pole) * 0.5) is None


def test_points_become_squares_of_the_usual_spacing(tmp_path):
    lon, lat = grid(20, 15, 640.0, 12.0, 60.0)
    table = pa.table({"id": pa.array(range(300)), "embedding": list_array(vectors(300)), "lon": lon, "lat": lat})
    pq.write_table(table, tmp_path / "a.parquet", row_group_size=37)
    made, store = import_file(tmp_path / "a.parquet", tmp_path / "store")
    assert made["footprints"] == "estimated" and made["patch_size_m"] == pytest.approx(640, rel=0.01)
    assert any("640 m" in note and "larger or smaller" in note for note in made["notes"])
    found = [store.patch_at(x, y) for x, y in zip(lon, lat, strict=True)]
    assert [str(store.column("id")[row]) for row in found] == [str(i) for i in range(300)]


def test_point_geometry_and_a_series_in_time(tmp_path):
    """The same places at several dates are no neighbours of each other."""
    lon, lat = grid(10, 10, 320.0)
    frame = geopandas.GeoDataFrame(
        {"embedding": list(vectors(300)), "year": np.repeat([2019, 2020, 2021], 100)},
        geometry=geopandas.points_from_xy(np.tile(lon, 3), np.tile(lat, 3)),
        crs=4326,
    )
    frame.to_parquet(tmp_path / "a.parquet")
    made, _ = import_file(tmp_path / "a.parquet", tmp_path / "store")
    assert made["patch_size_m"] == pytest.approx(320, rel=0.01)
    assert (made["start"], made["end"]) == ("2019-01-01T00:00:00Z", "2021-01-01T00:00:00Z")
    frame.to_parquet(tmp_path / "a.parquet", geometry_encoding="geoarrow", schema_version="1.1.0")
    again, _ = import_file(tmp_path / "a.parquet", tmp_path / "store")
    assert again["bbox"] == pytest.approx(made["bbox"])


def test_far_apart_and_lonely_points(tmp_path):
    lon, lat = scatter(9, span=40, west=-20, south=0)
    table = pa.table({"embedding": list_array(vectors(9)), "lon": lon, "lat": lat})
    pq.write_table(table, tmp_path / "a.parquet")
    made, _ = import_file(tmp_path / "a.parquet", tmp_path / "store")
    assert made["patch_size_m"] == pytest.approx(10_000, rel=0.01) and "km apart" in made["notes"][0]
    pq.write_table(table.slice(0, 1), tmp_path / "a.parquet")
    made, _ = import_file(tmp_path / "a.parquet", tmp_path / "store")
    assert made["patch_size_m"] == pytest.approx(320, rel=0.01) and "assumed" in made["notes"][0]


def test_chip_size_of_the_header_comes_before_the_spacing(tmp_path):
    lon, lat = grid(10, 10, 640.0)
    table = pa.table({"embedding": list_array(vectors(100)), "lon": lon, "lat": lat})
    emb = {"gsd": 10, "emb:chip_layout": {"layout_type": "regular_grid", "chip_size": [128, 128], "stride": [64, 64]}}
    pq.write_table(table.replace_schema_metadata({"emb": json.dumps(emb)}), tmp_path / "a.parquet")
    made, _ = import_file(tmp_path / "a.parquet", tmp_path / "store")
    assert made["patch_size_m"] == pytest.approx(1280, rel=0.01) and "header" in made["notes"][0]


def test_spacing_agrees_with_brute_force_at_any_latitude():
    for lat0 in (0.0, 55.0, 78.0):
        lon, lat = grid(30, 30, 500.0, 179.95, lat0)
        jitter = np.random.default_rng(1).normal(size=(2, 900)) * 3e-4
        lon, lat = places.wrap(lon + jitter[0] / np.cos(np.radians(lat0))), lat + jitter[1]
        slow = [np.partition(places.distance_m(x, y, lon, lat), 1)[1] for x, y in zip(lon, lat, strict=True)]
        assert usual_spacing(lon, lat) == pytest.approx(np.median(slow), rel=0.03)


def test_spacing_of_very_many_points_looks_at_strips():
    lon, lat = np.meshgrid(np.arange(0, 600) * 0.01, np.arange(0, 500) * 0.01)
    assert usual_spacing(lon.ravel(), lat.ravel()) == pytest.approx(1112, rel=0.01)


def test_bbox_and_polygon_take_the_centres_inside(tmp_path):
    frame = generic(tmp_path / "a.parquet", 400)
    x, y = centres(frame.geometry)
    inside = (x >= 2.3) & (x <= 2.6) & (y >= 41.2) & (y <= 41.9)
    made, store = import_file(tmp_path / "a.parquet", tmp_path / "one", bbox=[2.3, 41.2, 2.6, 41.9])
    assert set(by_id(store)) == set(frame.id[inside]) and made["skipped"] == 400 - inside.sum()
    assert f"Left out: {400 - inside.sum()} rows outside the area." in made["notes"]
    triangle = [[2, 41], [3, 41], [2, 42], [2, 41]]
    polygon = {"type": "Polygon", "coordinates": [triangle]}
    _, store = import_file(tmp_path / "a.parquet", tmp_path / "two", polygon=polygon)
    assert set(by_id(store)) == set(frame.id[x - 2 + y - 41 < 1])
    _, store = import_file(tmp_path / "a.parquet", tmp_path / "three", polygon=polygon, bbox=[2.3, 41.2, 2.6, 41.9])
    assert set(by_id(store)) == set(frame.id[inside & (x - 2 + y - 41 < 1)])


def sorted_columns(path, kind):
    """12,000 patches from south to north in 20 row groups, with statistics of the given kind."""
    frame = generic(path, 12_000).sort_values("id")
    frame = frame.iloc[np.argsort(centres(frame.geometry)[1])]
    crs = "EPSG:32631" if kind == "projected covering" else "EPSG:4326"
    if kind == "coordinates beside the geometry":
        frame["centre_lon"], frame["centre_lat"] = centres(frame.geometry)
    if kind == "points":
        frame["lon"], frame["lat"] = centres(frame.geometry)
        frame.drop(columns="geometry").to_parquet(path, row_group_size=600)
    else:
        frame.to_crs(crs).to_parquet(path, row_group_size=600, write_covering_bbox="covering" in kind)
    return frame


@pytest.mark.parametrize(
    "kind", ["covering", "projected covering", "coordinates beside the geometry", "points", "no statistics at all"]
)
def test_vectors_outside_the_area_are_never_read(tmp_path, kind):
    """The vectors of all other row groups are overwritten with rubbish, which reading them would trip over."""
    path = tmp_path / "a.parquet"
    frame = sorted_columns(path, kind)
    y = centres(frame.geometry)[1]
    expected = set(frame.id[(y > 41.4) & (y < 41.5)])
    parquet = pq.ParquetFile(path).metadata
    with open(path, "r+b") as file:
        for group in range(parquet.num_row_groups):
            if group == 0 or (((part := y[group * 600 :][:600]) > 41.38).any() and (part < 41.52).any()):
                continue  # the first rows are always looked at, for the length of a vector
            chunks = [parquet.row_group(group).column(i) for i in range(parquet.num_columns)]
            chunk = next(chunk for chunk in chunks if chunk.path_in_schema.startswith("embedding"))
            file.seek(min(filter(None, [chunk.dictionary_page_offset, chunk.data_page_offset])))
            file.write(b"\xff" * chunk.total_compressed_size)
    assert refusal(path, tmp_path / "store").code == "source_damaged"
    _, store = import_file(path, tmp_path / "store", bbox=[0, 41.4, 5, 41.5])
    assert set(by_id(store)) == expected and len(expected) > 20


def test_nothing_in_the_area_says_where_the_data_is(tmp_path):
    generic(tmp_path / "a.parquet", 100)
    for covering in (False, True):
        generic(tmp_path / "a.parquet", 100).to_parquet(tmp_path / "a.parquet", write_covering_bbox=covering)
        error = refusal(tmp_path / "a.parquet", tmp_path / "store", bbox=[10, 50, 11, 51])
        assert error.code == "outside_area"
        said = [float(number) for number in re.findall(r"\d+\.\d+", error.message)]
        assert said == pytest.approx([2, 3, 41, 42], abs=0.05)
