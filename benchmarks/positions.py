"""How much noise the test for transposed places bears, and whether it ever moves what is right.

    .venv/engine/bin/python benchmarks/positions.py
    .venv/engine/bin/python benchmarks/positions.py --hard 3000
    .venv/engine/bin/python benchmarks/positions.py --image SCENE.tif

The first makes Major TOM tables from smooth random fields, right ones and transposed ones, and counts the answers. A
field changes over 3 to 10 km and has a standard deviation of 1; every patch gets noise, every cell an offset of its own
of half the field. The second draws terrain, noise and the shape of the region at random, to deceive: parallel ridges at
every angle, mosaics of land cover, slopes, fields wider than the region, few dimensions, strips. The third cuts a real
scene as if it were a region of cells, encodes it, and asks the same.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections import Counter
from pathlib import Path

import numpy as np
from scipy import spatial

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.table import show, verdict
from cdse_qgis_plugin.engine.embeddings import grid, patch_layout, places
from cdse_qgis_plugin.engine.embeddings.declared_places import Declared
from cdse_qgis_plugin.engine.embeddings.encoders import find as find_encoder
from cdse_qgis_plugin.engine.embeddings.encoders.base import ArrayImage, PatchBlock, Sample
from cdse_qgis_plugin.engine.embeddings.transposition import decide

LON, LAT = 2.8, 41.9
NOISE = (0.0, 0.5, 1.0, 2.0, 4.0, 8.0)
SIZES = (2, 3, 5, 10, 20)
DIM = 64


def main() -> None:
    """Runs what the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeats", type=int, default=40, help="fields for every number of the table")
    parser.add_argument("--hard", type=int, help="tables on difficult terrain to judge instead")
    parser.add_argument("--image", help="a raster to cut instead")
    options = parser.parse_args()
    if options.image:
        real(options.image)
    elif options.hard:
        hard(options.hard)
    else:
        power(options.repeats)


def power(repeats: int) -> None:
    """Prints how often either answer is found, by noise and number of cells."""
    wrong = total = 0
    for patch_px in (224, 384):
        rows = []
        for size in SIZES:
            cells, declared, spots = region(size, patch_px)
            found = []
            for noise in NOISE:
                answers = []
                for seed in range(repeats if size < 20 else max(5, repeats // 5)):
                    vectors = made_up(spots, len(cells), noise, seed)
                    answers += [decide(declared, vectors).transposed is False]
                    transposed = decide(declared.transposed(), vectors).transposed
                    wrong += (decide(declared, vectors).transposed is True) + (transposed is False)
                    answers += [transposed is True]
                    total += 2
                found.append(f"{np.mean(answers):.0%}")
            rows.append([f"{size} x {size}", declared.known.sum(), *found])
        side = patch_layout.layout(patch_px).side
        show(
            f"Right answers, {side} x {side} patches a cell",
            ["cells", "patches", *(f"noise {n:g}" for n in NOISE)],
            rows,
        )
    vectors = np.random.default_rng(0).normal(size=(len(spots), 768))
    began = time.perf_counter()
    decide(declared, vectors)
    print(f"\n{len(spots):,} patches of 768 numbers take {time.perf_counter() - began:.2f} s.")
    print(f"Wrong answers: {wrong} of {total:,} (goal: none): {verdict(wrong == 0)}")


def real(path: str) -> None:
    """Prints the evidence from a real image, cut as if it were a region of cells at several scales."""
    import rasterio

    with rasterio.open(path) as source:
        image = ArrayImage(source.read().astype(np.float32))
    rows = []
    for cell_px in (80, 150, 300):
        size = int((min(image.height, image.width) - cell_px * 0.12) // cell_px)
        for patch_px in (224, 384):
            _, declared, _ = region(size, patch_px)
            vectors, seen = encoded(image, declared, cell_px)
            declared = declared.take(seen)
            for table, said in ((declared, "right"), (declared.transposed(), "transposed")):
                found = decide(table, vectors)
                answer = {True: "transposed", False: "right", None: "undecided"}[found.transposed]
                evidence = found.evidence
                numbers = (evidence.z, evidence.z_east, evidence.z_north, evidence.z_contrast)
                side = patch_layout.layout(patch_px).side
                rows.append([size * size, f"{side} x {side}", said, answer, *(f"{number:+.1f}" for number in numbers)])
    header = ["cells", "patches", "truth", "answer", "z", "z east", "z north", "z contrast"]
    show("A real scene, default encoder", header, rows)


def hard(count: int) -> None:
    """Prints what becomes of right tables on terrain made to deceive."""
    rng = np.random.default_rng(0)
    shapes = ((2, 2), (2, 3), (3, 3), (4, 4), (3, 6), (1, 6), (1, 12), (8, 1))
    regions = {(shape, px): region(shape[0], px, shape[1]) for shape in shapes for px in (224, 384)}
    kinds = {"ridges": ridges, "mosaic": mosaic, "slope": slope, "smooth": smooth}
    found: dict[str, Counter] = {kind: Counter() for kind in kinds}
    for _ in range(count):
        cells, declared, spots = regions[shapes[rng.integers(len(shapes))], (224, 384)[rng.integers(2)]]
        kind = list(kinds)[rng.integers(len(kinds))]
        dim = int(rng.choice([4, 16, 64]))
        field = kinds[kind](spots, dim, rng)
        field /= field.std()
        day = rng.choice([0, 0.5, 2]) * np.repeat(rng.normal(size=(len(cells), dim)), len(spots) // len(cells), axis=0)
        noise = rng.choice([0, 0.3, 1, 2, 4]) * rng.normal(size=field.shape)
        vectors = (field + day + noise + 3 * rng.normal(size=dim)) * np.exp(rng.normal(size=dim))
        found[kind][decide(declared, vectors).transposed] += 1
    rows = [[kind, answers[False], answers[None], answers[True]] for kind, answers in found.items()]
    show("Right tables on difficult terrain", ["terrain", "right", "undecided", "WRONG"], rows)
    print(f"\nWrong answers (goal: none): {verdict(not any(row[3] for row in rows))}")


def ridges(spots: np.ndarray, dim: int, rng: np.random.Generator) -> np.ndarray:
    """Endless parallel ridges; along those to the north-east, far patches look more alike than near ones."""
    angle = np.radians(rng.uniform(0, 180) if rng.random() < 0.3 else rng.uniform(35, 55))
    across = spots @ [np.cos(angle), -np.sin(angle)]
    waves = rng.normal(size=64) / rng.uniform(0.8, 4)
    return np.cos(across[:, None] * waves + rng.uniform(0, 2 * np.pi, 64)) @ rng.normal(size=(64, dim))


def mosaic(spots: np.ndarray, dim: int, rng: np.random.Generator) -> np.ndarray:
    """Areas of eight kinds of land cover, 2 to 12 km wide."""
    step = rng.uniform(2, 12)
    low, high = spots.min(axis=0) - step, spots.max(axis=0) + step
    seeds = rng.uniform(low, high, size=(int(np.prod(high - low) / step**2) + 1, 2))
    kind = rng.integers(0, 8, len(seeds))
    return rng.normal(size=(8, dim))[kind[spatial.KDTree(seeds).query(spots)[1]]]


def slope(spots: np.ndarray, dim: int, rng: np.random.Generator) -> np.ndarray:
    """Everything changes steadily one way."""
    return spots @ rng.normal(size=(2, dim))


def smooth(spots: np.ndarray, dim: int, rng: np.random.Generator) -> np.ndarray:
    """Fields that change over 1.5 to 80 km."""
    waves = rng.normal(size=(2, 64)) / np.exp(rng.uniform(np.log(1.5), np.log(80)))
    return np.cos(spots @ waves + rng.uniform(0, 2 * np.pi, 64)) @ rng.normal(size=(64, dim))


def region(size: int, patch_px: int, columns: int | None = None) -> tuple[np.ndarray, Declared, np.ndarray]:
    """A square of cells, or so many columns, its patches at their right places, and where they lie in km, (n, 2)."""
    row, _ = grid.cells_at(LON, LAT)
    cells = []
    for i in range(int(row), int(row) + size):
        _, column = grid.cells_at(LON, grid.latitude(i) + 0.01)
        cells.append(np.stack(grid.neighbour(np.full(columns or size, i), column, np.arange(columns or size)), axis=1))
    cells = np.concatenate(cells)
    cut = patch_layout.layout(patch_px)
    left, top, code = patch_layout.pictures(*cells.T)
    down, across = (part.ravel() for part in np.mgrid[: cut.side, : cut.side])
    boxes = patch_layout.patch_boxes(left[:, None], top[:, None], cut, down, across).reshape(-1, 4)
    offsets, count = np.array(cut.offsets), len(down)
    declared = Declared(
        cell=np.repeat(cells, count, axis=0),
        pixel=np.tile(np.stack([offsets[across], offsets[down]], axis=1), (len(cells), 1)),
        size=np.full(len(boxes), patch_px),
        boxes=boxes,
        code=np.repeat(code, count),
        known=np.ones(len(boxes), dtype=bool),
    )
    return cells, declared, np.stack(places.to_tangent(LON, LAT, *declared.centres()), axis=1) / 1000


def made_up(spots: np.ndarray, cells: int, noise: float, seed: int) -> np.ndarray:
    """Vectors of patches from a smooth random field, with noise and an offset of every cell."""
    rng = np.random.default_rng([seed, int(noise * 10)])
    waves = rng.normal(size=(2, 64)) / rng.uniform(3, 10)
    field = np.cos(spots @ waves + rng.uniform(0, 2 * np.pi, 64)) @ rng.normal(size=(64, DIM)) * np.sqrt(2 / 64)
    day = 0.5 * np.repeat(rng.normal(size=(cells, DIM)), len(spots) // cells, axis=0)
    return field + day + 2 * rng.normal(size=DIM) + noise * rng.normal(size=field.shape)


def encoded(image: ArrayImage, declared: Declared, cell_px: int) -> tuple[np.ndarray, np.ndarray]:
    """Vectors of the patches that lie in an image in which a cell has so many pixels, and which patches those are."""
    patch = round(cell_px * int(declared.size[0]) / 1000)
    col = np.rint((declared.boxes[:, 0] - declared.boxes[:, 0].min()) / 10_000 * cell_px).astype(int)
    row = np.rint((declared.boxes[:, 3].max() - declared.boxes[:, 3]) / 10_000 * cell_px).astype(int)
    seen = np.flatnonzero((col + patch <= image.width) & (row + patch <= image.height))
    blocks = [PatchBlock(int(row[i]), int(col[i]), 1, 1, patch, patch) for i in seen]
    encoder = find_encoder("default").fit(Sample(image, [image], blocks[:: max(1, len(blocks) // 200)], 0))
    return np.concatenate([encoder.encode(image, block)[0] for block in blocks]), seen


if __name__ == "__main__":
    main()
