"""Files of patches hold every column, whatever the source called it."""

from __future__ import annotations

import json

import pyarrow as pa
import pyogrio
import shapely

from cdse_qgis_plugin.engine.similarity.output import write_patches


def test_columns_that_geopackage_keeps_for_itself_get_another_name(tmp_path):
    table = pa.table(
        {
            "score": [0.5, 0.25],
            "Score": ["a", "b"],
            "fid": ["f1", "f2"],
            "geom": [1, 2],
            "geometry": shapely.to_wkb(shapely.box([0, 1], [0, 1], [1, 2], [1, 2])),
        }
    )
    path = tmp_path / "found.gpkg"
    write_patches(path, ".gpkg", "places", table.schema, iter([table]), {"what": "a test"})
    found = pyogrio.read_dataframe(path)
    assert found.drop(columns="geometry").to_dict("list") == {
        "score": [0.5, 0.25],
        "Score_": ["a", "b"],
        "fid_": ["f1", "f2"],
        "geom_": [1, 2],
    }
    assert found.geometry.tolist() == [shapely.box(0, 0, 1, 1), shapely.box(1, 1, 2, 2)]
    assert json.loads(pyogrio.read_info(path)["layer_metadata"]["cdse"]) == {"what": "a test"}
