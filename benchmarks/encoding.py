"""How long encoding takes, how much memory, and what share of it is unavoidable.

    .venv/engine/bin/python benchmarks/encoding.py [--image SCENE.tif] [--size 10980] [--cores 1 2]

Encodes a scene (or a generated landscape of about its size) and a large raster made of many copies of a generated
landscape, each in a process of its own with the given number of cores, progress and cancel checks included. Beside it
stand two times that no encoder of this kind can beat on one core: reading every pixel once, and the bare matrix product
of its filters with as many pieces of 3 x 3 pixels as the encoder looks at.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
SCENE = ROOT.parent / "shared/data/sentinel2_delmarva/S2_L1C_18SVG_20160112_20m.tif"
GOALS = {"scene": ("cpu", 0.5, None), "large": ("best", 60, 1.5)}
"""What is measured, seconds, GB: the scene in time of one core, the large raster on the clock."""


def main() -> None:
    """Runs the measurements and prints the table, or is one measurement in a child process."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--image", default=str(SCENE) if SCENE.exists() else None)
    parser.add_argument("--size", type=int, default=10_980, help="side of the large raster, px; 0 leaves it out")
    parser.add_argument("--cores", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--child", nargs=3, metavar=("IMAGE", "STORE", "REPEATS"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    sys.path.insert(0, str(ROOT))
    if options.child:
        print(json.dumps(_measure(options.child[0], options.child[1], int(options.child[2]))))
        return
    with tempfile.TemporaryDirectory() as folder:
        scene = options.image or _landscape(folder, 967)
        rows = [("scene", cores, _child(scene, folder, 5, cores)) for cores in options.cores]
        if options.size:
            large = _large(folder, options.size)
            rows += [("large", cores, _child(large, folder, 1, cores)) for cores in options.cores]
    _print(rows)


def _child(image: str, folder: str, repeats: int, cores: int) -> dict:
    """One measurement in a fresh process that is held to some cores."""
    available = sorted(os.sched_getaffinity(0))[:cores] if hasattr(os, "sched_getaffinity") else None
    command = [sys.executable, __file__, "--child", image, f"{folder}/store", str(repeats)]
    started = time.perf_counter()
    done = subprocess.run(
        command,
        check=True,
        capture_output=True,
        text=True,
        preexec_fn=(lambda: os.sched_setaffinity(0, available)) if available else None,
    )
    return {**json.loads(done.stdout), "process": time.perf_counter() - started}


def _measure(image: str, store: str, repeats: int) -> dict:
    """Times of encoding an image, of reading it and of the bare matrix product."""
    started = time.perf_counter()
    from cdse_qgis_plugin.engine.embeddings import encode  # noqa: F401
    from cdse_qgis_plugin.engine.embeddings.operations import EncodeImageRequest, encode_image
    from cdse_qgis_plugin.engine.run import Run

    imported = time.perf_counter() - started
    times, cpu = [], []
    for _ in range(repeats):
        said: list[dict] = []
        started, worked = time.perf_counter(), time.process_time()
        made = encode_image(EncodeImageRequest(image=image, store=store), Run(said.append))
        times.append(time.perf_counter() - started)
        cpu.append(time.process_time() - worked)
    peak = _peak_memory()
    reading = _time_reading(image)
    return {
        "imports": imported,
        "first": times[0],
        "best": min(times),
        "cpu": min(cpu),
        "peak": peak,
        "reading": reading,
        "product": _time_product(image),
        "patches": made.count,
        "messages": len(said),
        "shape": made.details["source"]["height"],
        "bands": len(made.details["source"]["bands"]),
    }


def _peak_memory() -> float:
    """The most memory this process held since it began, GB; NaN where only Linux would know."""
    status = Path("/proc/self/status")
    found = re.search(r"VmHWM:\s+(\d+)", status.read_text()) if status.exists() else None
    return int(found[1]) * 1024 / 1e9 if found else float("nan")


def _time_reading(image: str) -> float:
    import rasterio
    from rasterio.windows import Window

    started = time.perf_counter()
    with rasterio.open(image) as dataset:
        for row in range(0, dataset.height, 512):
            for col in range(0, dataset.width, 512):
                dataset.read(window=Window(col, row, min(512, dataset.width - col), min(512, dataset.height - row)))
    return time.perf_counter() - started


def _time_product(image: str) -> float:
    """Time of multiplying 9 values a band with 256 filters at every fourth pixel, from cache and back to it."""
    import numpy as np
    import rasterio
    import threadpoolctl

    with rasterio.open(image) as dataset:
        positions, bands = dataset.width * dataset.height // 4, dataset.count
    rng = np.random.default_rng(0)
    pieces = rng.random((2048, 9 * bands), dtype=np.float32)
    filters = rng.random((9 * bands, 256), dtype=np.float32)
    out = np.empty((2048, 256), dtype=np.float32)
    turns = min(2000, positions // 2048)
    with threadpoolctl.threadpool_limits(1):
        started = time.perf_counter()
        for _ in range(turns):
            np.matmul(pieces, filters, out=out)
        return (time.perf_counter() - started) / turns * positions / 2048


def _landscape(folder: str, size: int) -> str:
    from cdse_qgis_plugin.engine.landscape.operations import LandscapeRequest, generate
    from cdse_qgis_plugin.engine.run import Run

    return generate(LandscapeRequest(folder=folder, size=size), Run()).image


def _large(folder: str, size: int) -> str:
    """A raster of ``size`` px side from copies of a landscape, every second one mirrored."""
    import numpy as np
    import rasterio
    from rasterio.windows import Window

    with rasterio.open(_landscape(folder, 1024)) as dataset:
        tile, profile = dataset.read(), dataset.profile
    tile = np.concatenate([tile, tile[:, :, ::-1]], axis=2)
    tile = np.concatenate([tile, tile[:, ::-1]], axis=1)
    path = f"{folder}/large.tif"
    profile |= {"width": size, "height": size, "blockxsize": 512, "blockysize": 512, "zlevel": 1, "nodata": None}
    with rasterio.open(path, "w", num_threads=2, **profile) as out:
        for row in range(0, size, 2048):
            for col in range(0, size, 2048):
                height, width = min(2048, size - row), min(2048, size - col)
                out.write(tile[:, :height, :width], window=Window(col, row, width, height))
    return path


def _print(rows: list[tuple[str, int, dict]]) -> None:
    columns = ("image", "cores", "s", "first s", "cpu s", "peak GB", "patches", "x reading", "x product", "goal")
    print("".join(f"{column:>11}" for column in columns))
    for name, cores, found in rows:
        measure, seconds, memory = GOALS[name]
        met = found[measure] <= seconds and (memory is None or found["peak"] <= memory)
        wanted = f"{seconds} {'cpu ' if measure == 'cpu' else ''}s" + (f", {memory} GB" if memory else "")
        goal = wanted + (" met" if met else " MISSED")
        cells = [
            f"{found['best']:.2f}",
            f"{found['first']:.2f}",
            f"{found['cpu']:.2f}",
            f"{found['peak']:.2f}",
            f"{found['patches']:,}",
            f"{found['best'] / found['reading']:.1f}",
            f"{found['best'] / found['product']:.1f}",
        ]
        print(f"{name:>11}{cores:>11}" + "".join(f"{cell:>11}" for cell in cells) + f"   {goal}")
    imports = min(found["imports"] for _, _, found in rows)
    print(
        f"s: encode_image from request to finished store, best of five for the scene; imports take {imports:.2f} s more"
    )
    print("x reading, x product: against reading every pixel once and the bare matrix product, both on one core")


if __name__ == "__main__":
    main()
