"""Exact search on 100,000 x 768, beside a bare numpy product and scikit-learn's NearestNeighbors in the same run.

.venv/engine/bin/python -m benchmarks.search [rows] [dimensions]
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import numpy as np
import pyarrow as pa
import shapely
from sklearn.neighbors import NearestNeighbors

from cdse_qgis_plugin.engine.embeddings.store import open_store
from cdse_qgis_plugin.engine.embeddings.store_writer import StoreWriter
from cdse_qgis_plugin.engine.operations import find
from cdse_qgis_plugin.engine.run import Run
from cdse_qgis_plugin.engine.similarity.index import ExactIndex

from .table import interleaved, milliseconds, show, verdict

K = 50


def build(folder: Path, rows: int, dim: int) -> None:
    """A store of random unit vectors on a grid of 2 km patches."""
    rng = np.random.default_rng(1)
    side = int(np.ceil(np.sqrt(rows)))
    row, column = np.divmod(np.arange(rows), side)
    lon, lat = 5 + column * 0.02, 40 + row * 0.02
    with StoreWriter(folder, Run(), dim) as writer:
        for start in range(0, rows, 20_000):
            part = slice(start, start + 20_000)
            shapes = shapely.box(lon[part] - 0.01, lat[part] - 0.01, lon[part] + 0.01, lat[part] + 0.01)
            patches = {
                "id": [f"p{i}" for i in range(rows)[part]],
                "lon": lon[part],
                "lat": lat[part],
                "geometry": pa.array(shapely.to_wkb(shapes), pa.binary()),
            }
            writer.append(rng.normal(size=(len(shapes), dim)), pa.table(patches))
        about = {"encoder": {"name": "random"}, "source": {"path": "random"}, "dataset": "random", "licence": "CC0"}
        writer.finish({**about, "footprints": "exact", "notes": []})


def main(rows: int = 100_000, dim: int = 768) -> None:
    """Builds the store, runs the contest, prints the table."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "store"
        build(path, rows, dim)
        store = open_store(path)
        vectors, index = np.array(store.vectors), ExactIndex(store.vectors)
        point = [float(store.lon[rows // 3]), float(store.lat[rows // 3])]
        query = vectors[rows // 3]
        peer = NearestNeighbors(n_neighbors=K, algorithm="brute", metric="cosine").fit(vectors)
        operation, request = find("similarity.search"), {"store": str(path), "like": [point], "k": K}
        times = interleaved(
            15,
            product=lambda: np.asarray(store.vectors) @ query,
            index=lambda: index.search(query, K, Run()),
            search=lambda: operation(request, Run()),
            sklearn=lambda: peer.kneighbors(query[None]),
        )
        ours, theirs = operation(request, Run()), peer.kneighbors(query[None], K + 1)[1][0]
        same = [match["row"] for match in ours["matches"]] == theirs[1:].tolist()
    product = milliseconds(times["product"])
    labels = {
        "product": "numpy matrix-vector product",
        "index": "exact index, product and top k",
        "search": "similarity.search, whole operation",
        "sklearn": "scikit-learn NearestNeighbors",
    }
    table = []
    for name, label in labels.items():
        ms = milliseconds(times[name])
        table.append([label, f"{ms:.1f}", f"{ms / product:.2f}"])
    show(f"Exact search, {rows:,} x {dim}, k={K}, median of 15 interleaved rounds", ["what", "ms", "x product"], table)
    for name in ("index", "search"):
        ratio = milliseconds(times[name]) / product
        faster = milliseconds(times["sklearn"]) / milliseconds(times[name])
        print(f"  {labels[name]}")
        print(f"    at most 1.3x the product: {ratio:.2f}x, {verdict(ratio <= 1.3)}")
        print(f"    10x faster than scikit-learn: {faster:.1f}x, {verdict(faster >= 10)}")
    print(f"  same {K} neighbours as scikit-learn: {'yes' if same else 'NO'}")


if __name__ == "__main__":
    main(*(int(argument) for argument in sys.argv[1:]))
