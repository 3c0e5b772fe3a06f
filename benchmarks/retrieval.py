"""How often the places that come back are of the kind that was asked for.

    .venv/engine/bin/python benchmarks/retrieval.py
    .venv/engine/bin/python benchmarks/retrieval.py --image SCENE.tif --contact-sheet /somewhere/sheet.png

The first measures precision@10 on generated landscapes, kind by kind, the default encoder beside the plain statistics:
queries are patches of which at least 90 % are of one kind, answers count as right when most of their pixels are of it,
and neither overlap each other nor the query. The second draws the first eight answers to some queries in a real scene,
to be looked at; the picture is for the eye and stays out of the repository.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from cdse_qgis_plugin.engine.embeddings.operations import EncodeImageRequest, encode_image
from cdse_qgis_plugin.engine.embeddings.store import Store, open_store
from cdse_qgis_plugin.engine.landscape.kinds import EDGE, LEGEND
from cdse_qgis_plugin.engine.landscape.operations import LandscapeRequest, generate
from cdse_qgis_plugin.engine.run import Run

PATCH = 16
ENCODERS = ("statistics", "default")
ANSWERS = 10
PURE = 0.9
ELSEWHERE = 64
"""Answers nearer than this many pixels may lie in the very field that was asked about; without them it is harder."""


def main() -> None:
    """Runs what the command line asks for."""
    options = _parser().parse_args()
    if options.image:
        _contact_sheet(options)
    else:
        _table(options)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=5, help="how many landscapes")
    parser.add_argument(
        "--first", type=int, default=10, help="seed of the first; what was tuned was tuned on 0 to 4, so those flatter"
    )
    parser.add_argument("--size", type=int, default=1024, help="side of each landscape, px")
    parser.add_argument("--queries", type=int, default=40, help="queries a kind and landscape, at most")
    parser.add_argument("--image", help="a real scene for a contact sheet")
    parser.add_argument("--contact-sheet", help="PNG to draw, outside the repository")
    parser.add_argument("--encoder", default="default", help="encoder of the contact sheet")
    parser.add_argument("--bands", default="4,3,2", help="bands of the contact sheet as red, green, blue")
    parser.add_argument("--at", action="append", metavar="NAME:ROW,COL", help="a query of the contact sheet, in pixels")
    return parser


def best(store: Store, query: int, corners: np.ndarray, count: int, apart: int = PATCH) -> list[int]:
    """The rows of the best answers: no two overlap, and none is nearer to the query than ``apart`` px."""
    scores = store.vectors @ store.vectors[query]
    found = [query]
    order = np.argsort(-scores, kind="stable")
    free = np.ones(len(scores), dtype=bool)
    free[(np.abs(corners - corners[query]) < apart).all(axis=1)] = False
    for row in order:
        if free[row]:
            found.append(int(row))
            free[(np.abs(corners - corners[row]) < PATCH).all(axis=1)] = False
            if len(found) > count:
                break
    return found[1:]


def corners_of(store: Store) -> np.ndarray:
    """Upper-left pixels of the patches, (count, 2) as row and column."""
    return np.column_stack([store.column("image_row"), store.column("image_col")]).astype(np.int64)


def shares(labels: np.ndarray, corners: np.ndarray) -> np.ndarray:
    """The share of each kind in each patch, (patches, kinds + 1)."""
    found = np.empty((len(corners), max(LEGEND) + 1), dtype=np.float32)
    row, col = corners.T
    for value in range(found.shape[1]):
        total = np.pad(np.cumsum(np.cumsum(labels == value, axis=0, dtype=np.int64), axis=1), ((1, 0), (1, 0)))
        inside = total[row + PATCH, col + PATCH] - total[row, col + PATCH] - total[row + PATCH, col] + total[row, col]
        found[:, value] = inside / PATCH**2
    return found


def precision(store: Store, labels: np.ndarray, seed: int, queries: int) -> dict[int, np.ndarray]:
    """Precision of every query, by kind, (queries, 2): of answers anywhere, and of answers elsewhere."""
    corners = corners_of(store)
    share = shares(labels, corners)
    kind = share.argmax(axis=1)
    rng = np.random.default_rng(seed)
    found: dict[int, np.ndarray] = {}
    for value in sorted(set(LEGEND) - {EDGE}):
        pure = np.flatnonzero(share[:, value] >= PURE)
        chosen = rng.choice(pure, size=min(queries, len(pure)), replace=False)
        answers = [[best(store, int(q), corners, ANSWERS, apart) for apart in (PATCH, ELSEWHERE)] for q in chosen]
        found[value] = (kind[np.array(answers, dtype=int).reshape(-1, 2, ANSWERS)] == value).mean(axis=2)
    return found


def _table(options: argparse.Namespace) -> None:
    import rasterio

    found = {name: [] for name in ENCODERS}
    with tempfile.TemporaryDirectory() as folder:
        for seed in range(options.first, options.first + options.seeds):
            made = generate(LandscapeRequest(folder=folder, size=options.size, seed=seed), Run())
            with rasterio.open(made.labels) as dataset:
                labels = dataset.read(1)
            for name in ENCODERS:
                request = EncodeImageRequest(image=made.image, store=f"{folder}/{name}", encoder=name, patch=PATCH)
                store = open_store(encode_image(request, Run()).store)
                found[name].append(precision(store, labels, seed, options.queries))
    print(f"precision@{ANSWERS}: {options.seeds} landscapes of {options.size} px, queries {PURE:.0%} of one kind")
    print(f"anywhere: answers do not overlap the query; elsewhere: they are {ELSEWHERE} px away or more")
    print(f"{'':<22}{'anywhere':>24}{'elsewhere':>36}")
    print(f"{'kind':<14}{'queries':>8}" + 2 * ("".join(f"{name:>12}" for name in ENCODERS) + f"{'difference':>12}"))
    kinds = []
    for value in sorted(set(LEGEND) - {EDGE}):
        by_encoder = [np.concatenate([each[value] for each in found[name]]) for name in ENCODERS]
        if len(by_encoder[0]):
            kinds.append([values.mean(axis=0) for values in by_encoder])
            print(f"{LEGEND[value].name:<14}{len(by_encoder[0]):>8}" + _cells(kinds[-1]))
    print(f"{'mean of kinds':<22}" + _cells(np.mean(kinds, axis=0)))
    for name in ENCODERS:
        by_seed = [np.mean([v.mean(axis=0) for v in each.values() if len(v)], axis=0) for each in found[name]]
        print(f"{name} by landscape, elsewhere: " + " ".join(f"{values[1]:.3f}" for values in by_seed))


def _cells(values) -> str:
    """Precisions (encoders, 2) as the cells of a row."""
    plain, default = values
    return "".join(f"{a:>12.3f}{b:>12.3f}{b - a:>+12.3f}" for a, b in zip(plain, default, strict=True))


def _contact_sheet(options: argparse.Namespace) -> None:
    import rasterio

    with tempfile.TemporaryDirectory() as folder, rasterio.open(options.image) as dataset:
        request = EncodeImageRequest(image=options.image, store=f"{folder}/store", encoder=options.encoder, patch=PATCH)
        store = open_store(encode_image(request, Run()).store)
        corners = corners_of(store)
        picture = dataset.read([int(band) for band in options.bands.split(",")]).astype(np.float32)
    low, high = np.percentile(picture, [1, 99], axis=(1, 2))
    picture = np.clip((picture - low[:, None, None]) / (high - low)[:, None, None], 0, 1) ** 0.7
    picture = (255 * picture).astype(np.uint8)
    rows = []
    for entry in options.at:
        name, _, place = entry.partition(":")
        place = np.array([int(number) for number in place.split(",")])
        query = int(np.abs(corners + PATCH // 2 - place).sum(axis=1).argmin())
        answers = best(store, query, corners, 8)
        print(f"{name:<14}query {corners[query].tolist()}, answers {corners[answers].tolist()}")
        rows.append(np.concatenate([_cut(picture, corners[row]) for row in [query, *answers]], axis=2))
    sheet = np.concatenate(rows, axis=1)
    profile = {"driver": "PNG", "dtype": "uint8", "count": 3, "height": sheet.shape[1], "width": sheet.shape[2]}
    with rasterio.open(options.contact_sheet, "w", **profile) as out:
        out.write(sheet)
    print(f"the query is on the left of each row: {options.contact_sheet}")


def _cut(picture: np.ndarray, corner: np.ndarray, around: int = 8, zoom: int = 4) -> np.ndarray:
    """A patch with its surroundings, framed, uint8 (3, side, side)."""
    padded = np.pad(picture, ((0, 0), (around, around), (around, around)))
    side = PATCH + 2 * around
    cut = padded[:, corner[0] : corner[0] + side, corner[1] : corner[1] + side].repeat(zoom, 1).repeat(zoom, 2)
    first, last = around * zoom - 1, (around + PATCH) * zoom
    cut[:, [first, last], first : last + 1] = 255
    cut[:, first : last + 1, [first, last]] = 255
    cut[:, :2], cut[:, :, :2] = 0, 0
    return cut


if __name__ == "__main__":
    main()
