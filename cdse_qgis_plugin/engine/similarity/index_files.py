"""The files of an index: a folder ``index`` inside the store's, and what is needed to trust them.

``manifest.json`` names the file of lists, its size and checksum, the store it was built for and the recalls measured.
It is written last, by one rename, so an index is there whole or not at all. Anything doubtful is left aside with a
sentence, and the store is searched exactly.
"""

from __future__ import annotations

import json
import os
import zlib
from pathlib import Path
from typing import Any

import numpy as np
from pydantic import BaseModel, Field

from ..embeddings.store import Store
from .recalls import Recalls

FORMAT = 1
FOLDER, MANIFEST = "index", "manifest.json"
_SAMPLED_ROWS = 16


class StoreIdentity(BaseModel):
    """Which store, in which state, an index belongs to. ``rows`` is a checksum of vectors spread over the store."""

    count: int
    dim: int
    created: str
    rows: int

    @classmethod
    def of(cls, store: Store) -> StoreIdentity:
        """The identity of an open store."""
        rows = np.linspace(0, store.count - 1, min(store.count, _SAMPLED_ROWS)).astype(np.int64)
        checksum = zlib.crc32(np.ascontiguousarray(store.vectors[rows]))
        return cls(count=store.count, dim=store.dim, created=store.manifest.get("created", ""), rows=checksum)


class IndexManifest(BaseModel):
    """What an index says about itself. Without a ``file`` it says that lists would not help this store."""

    format: int
    store: StoreIdentity
    engine: str
    lists: int = Field(ge=1)
    file: str | None = Field(pattern=r"^lists-[0-9a-f]+\.faiss$")
    bytes: int = Field(ge=0)
    crc32: int
    recall: float
    recalls: Recalls
    seconds: dict[str, float] = {}
    created: str


class Unusable(Exception):
    """Why an index is left aside, as a sentence."""


_AGAIN = "Searches compare every patch instead, which takes longer and misses nothing. Build the index again."


def folder(store: Store) -> Path:
    """Where a store keeps its index."""
    return store.path / FOLDER


def read_manifest(store: Store) -> IndexManifest | None:
    """The manifest of a store's index, or None where there is no index.

    Raises Unusable when it cannot be read or belongs to another state of the store.
    """
    try:
        text = (folder(store) / MANIFEST).read_bytes()
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise Unusable(f"The index of this store cannot be read ({error}). {_AGAIN}") from error
    try:
        raw = json.loads(text)
        if isinstance(raw, dict) and isinstance(raw.get("format"), int) and raw["format"] > FORMAT:
            raise Unusable(f"The index of this store was built by a newer version. {_AGAIN}")
        manifest = IndexManifest.model_validate(raw)
    except ValueError as error:
        raise Unusable(f"The index of this store is damaged. {_AGAIN}") from error
    if manifest.store != StoreIdentity.of(store):
        raise Unusable(f"The index of this store belongs to an earlier state of it. {_AGAIN}")
    return manifest


def read_lists(store: Store, manifest: IndexManifest):
    """The Lists that a manifest names; raises Unusable when their file is not what was written."""
    path = folder(store) / manifest.file
    damaged = Unusable(f"The index of this store is damaged. {_AGAIN}")
    try:
        from . import lists
    except ImportError as error:
        raise Unusable(
            "The index of this store needs faiss, which this engine lacks. Searches compare every patch instead."
        ) from error
    try:
        if path.stat().st_size != manifest.bytes or checksum(path) != manifest.crc32:
            raise damaged
        return lists.read_lists(path, store.vectors)
    except (OSError, RuntimeError, ValueError) as error:
        raise damaged from error


def checksum(path: Path) -> int:
    """The CRC-32 of a file: it guards against accidents, at the speed of the disk."""
    value = 0
    with open(path, "rb") as file:
        while piece := file.read(2**22):
            value = zlib.crc32(piece, value)
    return value


def stamp(store: Store) -> tuple[int, int] | None:
    """What changes when the index of a store does; None where there is none."""
    try:
        stat = (folder(store) / MANIFEST).stat()
    except OSError:
        return None
    return stat.st_mtime_ns, stat.st_ino


def write_whole(path: Path, write) -> None:
    """Writes a file through ``write(file)`` under another name first, so that it is there whole or not at all."""
    partial = path.with_name(f"{path.name}.partial")
    with open(partial, "wb") as file:
        write(file)
        file.flush()
        os.fsync(file.fileno())
    os.replace(partial, path)


def index_summary(store: Store) -> dict[str, Any]:
    """What to tell a person about the index of a store."""
    try:
        manifest = read_manifest(store)
    except Unusable as problem:
        return {"state": "unusable", "note": str(problem)}
    if manifest is None:
        return {"state": "none"}
    point = manifest.recalls.point(manifest.recall, 100, 1.0, "places")
    return {
        "state": "ready" if manifest.file else "no use",
        "engine": manifest.engine,
        "recall": point.recall if point else None,
        "lists": manifest.lists,
        "bytes": manifest.bytes,
        "created": manifest.created,
    }
