"""Building an index: in stages that are kept, so that a build that was stopped or killed goes on where it was."""

from __future__ import annotations

import hashlib
import json
import os
import secrets
import shutil
import tempfile
import time
import zipfile
from collections.abc import Callable
from contextlib import contextmanager
from datetime import datetime, timezone
from pathlib import Path

import filelock
import numpy as np

from ..embeddings.store import Store, open_store
from ..errors import Cancelled, EngineError
from ..run import Run
from . import coarse, index_files
from .calibration import LEVELS, calibrate
from .held_out import HeldOut
from .index_files import IndexManifest, StoreIdentity
from .lists import Lists, ListsBuilder, read_lists
from .operations import BuildIndexRequest, IndexBuilt
from .part_of_run import PartOfRun
from .recalls import Recalls

MIN_ROWS = 50_000
"""Below, comparing every patch takes a few milliseconds and an index would gain nothing."""

_SEED = 1
_PIECE = 16_384
_STAGES = {"learn": 0.1, "assign": 0.25, "encode": 0.4, "measure": 0.25}
"""Stages in order and about the share of the time that each takes."""


def build_index(request: BuildIndexRequest, run: Run) -> IndexBuilt:
    """Builds and measures an index; see the operation ``similarity.build_index``."""
    began = time.perf_counter()
    store = open_store(request.store)
    if store.count < MIN_ROWS:
        raise EngineError(
            "index_not_needed",
            f"The store “{store.path.name}” has {store.count:,} patches. Comparing all of them takes a few "
            "milliseconds, so an index would gain nothing and cost recall.",
            f"Search it as it is. An index helps from {MIN_ROWS:,} patches on.",
        )
    with _lock(store):
        _check_space(store)
        manifest = _Build(store, request.recall, run).run()
    point = manifest.recalls.point(request.recall, 100, 1.0, "places")
    notes = []
    if point is None:
        notes.append(
            f"The vectors of this store do not gather into groups, so lists cannot find {request.recall:.1%} of the "
            "best in less than half the time of comparing every patch. Searches stay exact."
        )
    return IndexBuilt(
        store=str(store.path),
        engine=manifest.engine,
        recall=point.recall if point else None,
        lists=manifest.lists,
        probes=point.probes if point else None,
        candidates=point.candidates if point else None,
        bytes_per_patch=round(manifest.bytes / store.count, 1),
        stages=manifest.seconds,
        seconds=round(time.perf_counter() - began, 2),
        notes=notes,
    )


class _Build:
    """One build, in a folder of its own beside the index that may already be there."""

    def __init__(self, store: Store, recall: float, run: Run):
        self._store = store
        self._recall = recall
        self._run = run
        self._identity = StoreIdentity.of(store)
        self._folder = index_files.folder(store)
        self._partial = self._folder / "partial"
        self._seconds: dict[str, float] = {}

    def run(self) -> IndexManifest:
        """Does what is not yet done, puts the index into place and returns its manifest."""
        self._take_up()
        try:
            learnt = self._stage("learn", self._learn)
            assigned = self._stage("assign", lambda run: self._assign(learnt, run))
            lists = self._stage("encode", lambda run: self._encode(learnt, assigned, run))
            recalls = self._stage("measure", lambda run: self._measure(lists, assigned, run))
            self._run.check()
            self._check_same_store()
            return self._take_place(lists, recalls)
        except Cancelled:
            raise  # the stages that are done are kept
        except BaseException as error:
            shutil.rmtree(self._partial, ignore_errors=True)
            if isinstance(error, FileNotFoundError):
                self._check_same_store()
            raise

    def _check_same_store(self) -> None:
        if StoreIdentity.of(open_store(self._store.path)) != self._identity:
            raise EngineError(
                "store_changed",
                f"The store “{self._store.path.name}” was made anew while its index was being built, so the index was "
                "dropped. Searches of the new store are exact.",
                "Build the index again.",
            )

    def _take_up(self) -> None:
        """Keeps the stages of an earlier build of the same store by the same version, and removes all others."""
        plan = {"format": index_files.FORMAT, "seed": _SEED, "store": self._identity.model_dump()}
        path = self._partial / "plan.json"
        try:
            same = json.loads(path.read_text(encoding="utf-8")) == plan
        except (OSError, ValueError):
            same = False
        if not same:
            shutil.rmtree(self._partial, ignore_errors=True)
            self._partial.mkdir(parents=True)
            index_files.write_whole(path, lambda file: file.write(json.dumps(plan).encode()))

    def _stage(self, name: str, work: Callable[[Run], object]):
        began = time.perf_counter()
        before = sum(share for stage, share in list(_STAGES.items())[: list(_STAGES).index(name)])
        found = work(PartOfRun(self._run, before, _STAGES[name]))
        self._seconds[name] = round(time.perf_counter() - began, 2)
        return found

    def _learn(self, run: Run) -> coarse.Coarse:
        path = self._partial / "coarse.npz"
        kept = _kept(path, lambda: dict(np.load(path)))
        if kept:
            return coarse.Coarse(**kept)
        learnt = coarse.learn(self._store.vectors, _SEED, run)
        index_files.write_whole(path, lambda file: np.savez(file, leading=learnt.leading, middles=learnt.middles))
        return learnt

    def _assign(self, learnt: coarse.Coarse, run: Run) -> np.ndarray:
        path = self._partial / "assigned.npy"
        assigned = _kept(path, lambda: np.load(path))
        if assigned is None:
            assigned = coarse.assign(self._store.vectors, learnt, run)
            index_files.write_whole(path, lambda file: np.save(file, assigned))
        return assigned

    def _encode(self, learnt: coarse.Coarse, assigned: np.ndarray, run: Run) -> Lists:
        path, vectors = self._partial / "lists.faiss", self._store.vectors
        kept = _kept(path, lambda: read_lists(path, vectors))
        if kept:
            return kept
        builder = ListsBuilder(coarse.centroids(vectors, assigned, len(learnt.middles), run), learnt.leading, _SEED)
        for start in range(0, len(vectors), _PIECE):
            run.progress(start / len(vectors), f"Compressing {start:,} of {len(vectors):,} vectors")
            part = slice(start, start + _PIECE)
            builder.add(vectors[part], assigned[part])
        lists = builder.finish(vectors)
        index_files.write_whole(path, lists.write)
        return lists

    def _measure(self, lists: Lists, assigned: np.ndarray, run: Run) -> Recalls:
        seen = np.zeros(self._store.count, dtype=bool)
        seen[coarse.sample_rows(self._store.count, _SEED)] = True
        held_out = HeldOut(self._store.vectors, np.flatnonzero(~seen), _SEED + 2)
        levels = {*LEVELS, self._recall}
        return calibrate(lists, self._store.vectors, assigned, held_out, levels, run)

    def _take_place(self, lists: Lists, recalls: Recalls) -> IndexManifest:
        """Moves the lists and then the manifest into place; with the latter the index is there."""
        source, useful = self._partial / "lists.faiss", any(cell.points for cell in recalls.cells)
        name = f"lists-{secrets.token_hex(4)}.faiss" if useful else None
        manifest = IndexManifest(
            format=index_files.FORMAT,
            store=self._identity,
            engine=lists.engine,
            lists=lists.lists,
            file=name,
            bytes=source.stat().st_size if useful else 0,
            crc32=index_files.checksum(source) if useful else 0,
            recall=self._recall,
            recalls=recalls,
            seconds=self._seconds,
            created=datetime.now(timezone.utc).isoformat(timespec="seconds"),
        )
        if name:
            os.replace(source, self._folder / name)
        text = manifest.model_dump_json(indent=1)
        index_files.write_whole(self._folder / index_files.MANIFEST, lambda file: file.write(text.encode()))
        shutil.rmtree(self._partial, ignore_errors=True)
        for old in self._folder.glob("lists-*.faiss"):
            if old.name != name:
                old.unlink(missing_ok=True)
        return manifest


def _kept(path: Path, read: Callable):
    """What an earlier build left in a file, or None when there is none, or it cannot be read."""
    if not path.exists():
        return None
    try:
        return read()
    except (OSError, ValueError, RuntimeError, zipfile.BadZipFile):
        return None


@contextmanager
def _lock(store: Store):
    """One builder for each store; the system lets go when a builder dies."""
    key = hashlib.sha256(str(store.path.resolve()).encode()).hexdigest()[:24]
    lock = filelock.FileLock(Path(tempfile.gettempdir()) / f"cdse-index-{key}.lock")
    try:
        lock.acquire(timeout=0)
    except filelock.Timeout:
        raise EngineError(
            "index_busy",
            f"Another QGIS or process is building the index of “{store.path.name}” right now.",
            "Go on searching; the index will be used once it is there.",
        ) from None
    try:
        yield
    finally:
        lock.release()


def _check_space(store: Store) -> None:
    needed = store.count * (store.dim / 8 + 20) + 8 * coarse.list_count(store.count) * store.dim
    free = shutil.disk_usage(store.path).free
    if needed > free:
        raise EngineError(
            "disk_full",
            f"The index would need about {needed / 1e6:,.0f} MB, and {free / 1e6:,.0f} MB are free.",
            "Free some space. Until then the store is searched exactly, as before.",
        )
