"""Parquet files in memory, opened as a source opens them, with a count of what was read."""

import io

import pyarrow as pa
import pyarrow.parquet as pq

from cdse_qgis_plugin.engine.embeddings.sources.connections import Connections
from cdse_qgis_plugin.engine.embeddings.sources.pace import Pace
from cdse_qgis_plugin.engine.embeddings.sources.ranged_file import RangedFile
from cdse_qgis_plugin.engine.embeddings.sources.ranges import RangedBytes, Traffic
from cdse_qgis_plugin.engine.embeddings.sources.retry import Patience, Retrying
from cdse_qgis_plugin.engine.embeddings.sources.source import Item, Source


class MemorySource(Source):
    """One file in memory."""

    label = "memory"

    def __init__(self, data: bytes):
        self.data = data

    def items(self, check):
        return [Item("file.parquet", len(self.data), "1")]

    def stat(self, item):
        return item

    def stream(self, item, start, stop):
        yield self.data[start:stop]


class Opened:
    """An open file and what it has read so far."""

    def __init__(self, data: bytes, cache=None):
        self.traffic = Traffic()
        self.connections = Connections(2)
        source = MemorySource(data)
        (item,) = source.items(None)
        kept = cache.of(source.label, item) if cache else None
        parts = (
            self.connections,
            Retrying(Patience(), self.connections.stop, print, Pace(2)),
            lambda: None,
            self.traffic,
        )
        self.bytes = RangedBytes(source, item, kept, *parts)
        self.file = RangedFile(self.bytes)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.connections.close()


def written(table: pa.Table, **options) -> bytes:
    """A table as pyarrow writes it."""
    out = io.BytesIO()
    pq.write_table(table, out, **options)
    return out.getvalue()


def rows_of(file: RangedFile, columns, rows_by_group: dict, size: int = 300) -> tuple[list, pa.Table]:
    """Row numbers and values of some rows, read in batches."""
    file.keep(rows_by_group)
    numbers, batches = [], []
    for found, batch in file.batches(columns, size):
        numbers += found.tolist()
        batches.append(batch)
    return numbers, pa.Table.from_batches(batches) if batches else None
