"""Bytes and requests for an area of 50 patches in a file of 40,000 x 256, over a range server on this machine.

    .venv/engine/bin/python -m benchmarks.range_reading [rows]

Beside ours: pyarrow's own filtered read of the same file through the same server, with the same columns, and the whole
file. Every answer must be the same to the bit. The server answers after 30 ms with 20 MB/s a connection, as a far one
would. The worst case is what geopandas writes by default: one row group, no page index.
"""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import requests

from cdse_qgis_plugin.engine.embeddings import grid
from cdse_qgis_plugin.engine.embeddings.operations import ImportRequest
from cdse_qgis_plugin.engine.embeddings.sources.cells import cells_around
from cdse_qgis_plugin.engine.embeddings.sources.opening import reading
from cdse_qgis_plugin.engine.embeddings.sources.select import select
from cdse_qgis_plugin.engine.operations import find
from cdse_qgis_plugin.engine.run import Run
from tests.services import major_tom_files as major_tom
from tests.services.range_server import Fault, RangeServer

from .table import show, verdict

PATH = "/part.parquet"
FEW = ["unique_id", "embedding", "grid_row_u", "grid_col_r", "centre_lat", "centre_lon"]
FAR = Fault(wait_s=0.03, a_second=20_000_000)


class _Remote:
    """A file for pyarrow that asks the server for every piece it reads."""

    closed = False

    def __init__(self, address: str):
        self._address, self._session, self._at = address, requests.Session(), 0
        self._size = int(
            self._session.get(address, headers={"Range": "bytes=0-0"}).headers["Content-Range"].split("/")[1]
        )

    def read(self, count: int = -1) -> bytes:
        stop = self._size if count < 0 else min(self._size, self._at + count)
        if stop <= self._at:
            return b""
        data = self._session.get(self._address, headers={"Range": f"bytes={self._at}-{stop - 1}"}).content
        self._at = stop
        return data

    def seek(self, offset: int, whence: int = 0) -> int:
        self._at = offset + (0, self._at, self._size)[whence]
        return self._at

    def tell(self) -> int:
        return self._at

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def close(self) -> None:
        self._session.close()


def box(row: int, column: int, rows: int, columns: int) -> list[float]:
    """The box of a block of cells, which holds all patches of these and no others."""
    west, south, _, _ = grid.edges(row, column)
    _, _, east, north = grid.edges(row + rows - 1, column + columns - 1)
    return [float(west) + 0.001, float(south) + 0.001, float(east) - 0.001, float(north) - 0.001]


def ours(address: str, area: list[float], folder: Path) -> pa.Table:
    """All columns of the rows of an area, read by the page."""
    request, run = ImportRequest(source=address, store="", bbox=area), Run()
    with reading(address, run, str(folder)) as source:
        (file,) = source.open(source.items())
        select(file, request, cells_around(request), None, run)
        return pa.Table.from_batches([batch for _, batch in file.batches(file.schema.names, 1 << 20)])


def theirs(address: str, rows: list[int], columns: list[int]) -> pa.Table:
    """The same with pyarrow's filters."""
    wanted = (pc.field("grid_row_u").isin(rows)) & (pc.field("grid_col_r").isin(columns))
    return pq.read_table(pa.PythonFile(_Remote(address), mode="r"), filters=wanted)


def measure(server: RangeServer, read) -> tuple[pa.Table, int, int, float]:
    """What was read, bytes, requests and seconds."""
    server.forget()
    began = time.perf_counter()
    found = read()
    return found, server.sent, len(server.log), time.perf_counter() - began


def contest(name: str, data: bytes, corner: tuple[int, int], block: tuple[int, int]) -> tuple[list[list[str]], float]:
    """Lines of the table for one file and one area, and our share of the file's bytes."""
    row, column = corner
    rows, columns = list(range(row, row + block[0])), list(range(column, column + block[1]))
    area = box(row, column, *block)
    lines = []
    with RangeServer({PATH: data}) as server, tempfile.TemporaryDirectory() as folder:
        server.fault_for = lambda request: FAR
        address = server.address + PATH
        cache = Path(folder) / "cache"
        contestants = {
            "by the page": lambda: ours(address, area, cache),
            "by the page, again": lambda: ours(address, area, cache),
            "pyarrow, filters": lambda: theirs(address, rows, columns),
        }
        answers = {}
        for label, read in contestants.items():
            answers[label], *costs = measure(server, read)
            lines.append(_line(name, label, len(data), *costs))
        request = {"source": address, "store": f"{folder}/store", "cache": f"{folder}/other", "bbox": area}
        made, *costs = measure(server, lambda: find("embeddings.import")(request, Run()))
        lines.append(_line(name, "embeddings.import, whole", len(data), *costs))
    exact = pq.read_table(pa.BufferReader(data))
    wanted = np.flatnonzero(np.isin(exact["grid_row_u"], rows) & np.isin(exact["grid_col_r"], columns))
    expected = exact.take(pa.array(wanted)).combine_chunks().replace_schema_metadata()
    for label, found in answers.items():
        found = found.combine_chunks().replace_schema_metadata()
        same = all(found[column].equals(expected[column]) for column in expected.schema.names)
        if not same:
            raise SystemExit(f"{name}, {label}: not the same values")
    if made["count"] != len(wanted):
        raise SystemExit(f"{name}: {made['count']} patches were imported, not {len(wanted)}")
    return lines, float(lines[0][4].rstrip(" %"))


def _line(name: str, label: str, size: int, sent: int, asked: int, seconds: float) -> list[str]:
    return [name, label, f"{size / 1e6:.1f}", f"{sent / 1e6:.2f}", f"{sent / size:.2%}", str(asked), f"{seconds:.2f}"]


def main(rows: int = 40_000) -> None:
    """Makes the files, runs the contest, prints the table."""
    across = 40
    up = rows // 25 // across
    frame = major_tom.frame(*major_tom.cells(450, 10, up, across), dim=256)
    few = frame[FEW]
    small = {"write_page_index": True, "data_page_size": 1 << 16}
    files = {
        "all columns, default": major_tom.parquet(frame),
        "all columns, page index": major_tom.parquet(frame, write_page_index=True),
        "all columns, page index, 64 kB pages": major_tom.parquet(frame, **small),
        "few columns, default": _plain(few),
        "few columns, page index": _plain(few, write_page_index=True),
        "few columns, page index, 64 kB pages": _plain(few, **small),
    }
    lines, shares = [], {}
    for block in ((1, 2), (2, 1)):
        for name, data in files.items():
            label = f"{block[0]} x {block[1]} cells, {name}"
            found, shares[label] = contest(label, data, (450 + up // 2, 10 + across // 2), block)
            lines += found
    header = ["50 patches in", "read", "file MB", "MB", "share", "requests", "s"]
    show(f"An area of 50 patches in {len(frame):,} x 256, one row group, 30 ms and 20 MB/s", header, lines)
    for label, share in shares.items():
        goal = 3 if "index" in label else 10
        print(f"  {label}: under {goal} %: {share:.2f} %, {verdict(share < goal)}")


def _plain(frame, **options) -> bytes:
    out = pa.BufferOutputStream()
    pq.write_table(pa.Table.from_pandas(frame, preserve_index=False), out, **options)
    return out.getvalue().to_pybytes()


if __name__ == "__main__":
    main(*(int(argument) for argument in sys.argv[1:]))
