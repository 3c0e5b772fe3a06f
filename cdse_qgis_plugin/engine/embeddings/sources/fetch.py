"""The files of an import: those on this machine as they are, those elsewhere with only the rows that are wanted."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from ...errors import EngineError
from ...run import Run
from ..operations import ImportRequest
from ..parquet_source import SourceFile, open_source
from .cells import Cells, cells_around
from .connections import MOST
from .guard import check_disk, check_patches
from .opening import Reading, is_remote, reading
from .ranged_file import RangedFile
from .select import candidate_groups, select


@dataclass
class Opened:
    """The open files of a source. ``label`` says where they come from, ``name`` what to call them; ``notes`` are
    about how they were read, and complete when all has been."""

    files: list[SourceFile]
    label: str
    name: str
    notes: Callable[[], list[str]] = list


@contextmanager
def opened(request: ImportRequest, run: Run) -> Iterator[Opened]:
    """The files of an import, open until the end of the block.

    Raises EngineError for a source that is not there or cannot be read, ``outside_area`` when no file has anything in
    the area, ``too_many_patches`` and ``disk_full`` before a mistake costs hours.
    """
    if not is_remote(request.source):
        path = Path(request.source).expanduser().absolute()
        yield Opened(open_source(request.source, request.store), str(path), path.name)
        return
    with reading(request.source, run, request.cache) as source:
        files = _wanted_files(source, request, run)
        name = source.source.label.rstrip("/").rpartition("/")[2].rpartition(":")[2]
        yield Opened(files, source.source.label, name, lambda: _notes(source, files))


def _wanted_files(source: Reading, request: ImportRequest, run: Run) -> list[RangedFile]:
    """The files with rows in the area, each keeping only those."""
    items = source.items()
    files = [file for file in source.open(items) if file.rows]
    if not files:
        raise EngineError("empty_source", f"“{source.source.label}” has no rows.", "Choose one that holds embeddings.")
    around = cells_around(request)
    candidates = [file for file in files if candidate_groups(file, request, around)]
    if request.bbox is None and request.polygon is None:
        check_patches(sum(file.rows for file in candidates), request.max_patches)
    for file in candidates:
        select(file, request, around, request.crs, run)
    found = [file for file in candidates if file.kept]
    if not found:
        raise _nothing(source.source.label, files, around)
    check_patches(sum(file.kept for file in found), request.max_patches)
    check_disk(source.cache.folder, sum(file.bytes_of_kept() for file in found))
    _find_pages(found, run)
    return found


def _find_pages(files: list[RangedFile], run: Run) -> None:
    """Finds the pages of several files side by side: within a file one page header leads to the next, one request at a
    time, which would leave most connections idle."""
    if len(files) < 2:
        return
    with ThreadPoolExecutor(MOST, "pages") as pool:
        for done in [pool.submit(file.find_pages) for file in files]:
            done.result()


def _nothing(label: str, files: list[RangedFile], around: Cells | None) -> EngineError:
    where = "" if around is None else " The sets of Major TOM cover land only, up to 85° north and south."
    return EngineError(
        "outside_area",
        f"Nothing of “{label}” lies in the area.{where if files[0].has_cells else ''}",
        "Choose an area where the data is, or none to import all of it.",
    )


def _notes(source: Reading, files: list[RangedFile]) -> list[str]:
    read, requests = source.traffic.bytes, source.traffic.requests
    total = sum(file.data.item.size for file in files)
    told = f"Read {read / 1e6:,.1f} MB in {requests:,} requests, of {total / 1e6:,.1f} MB in {len(files):,} files."
    return [told, *dict.fromkeys(note for file in files for note in file.notes)]
