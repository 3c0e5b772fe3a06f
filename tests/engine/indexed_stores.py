"""Stores large enough for an index, with vectors that do or do not gather into groups."""

import numpy as np

from cdse_qgis_plugin.engine.operations import find
from cdse_qgis_plugin.engine.run import Run

from .stores import grid, make_store


def clustered(count, dim, seed=0):
    """Vectors behind a random ReLU layer over ten latent numbers, with a common mean and some noise."""
    rng = np.random.default_rng(seed)
    latent = rng.normal(size=(count, 10)).astype(np.float32)
    hidden = np.maximum(latent @ rng.normal(size=(10, 128)).astype(np.float32), 0)
    vectors = hidden @ rng.normal(size=(128, dim)).astype(np.float32) / 40
    return vectors + 0.1 * rng.normal(size=(count, dim)) + 0.5 * rng.normal(size=dim)


def store_of(path, vectors):
    """A store with the vectors on a grid, row by row from south to north."""
    side = int(np.ceil(np.sqrt(len(vectors))))
    lon, lat = grid(side, side)
    return make_store(path, vectors, lon[: len(vectors)], lat[: len(vectors)])


def build(store, run=None, **request):
    """Builds the index of a store; returns what the operation tells."""
    return find("similarity.build_index")({"store": str(store.path), **request}, run or Run())


def search(store, row, **request):
    """Searches with the patch of a row as the example."""
    like = [[float(store.lon[row]), float(store.lat[row])]]
    return find("similarity.search")({"store": str(store.path), "like": like, **request}, Run())
