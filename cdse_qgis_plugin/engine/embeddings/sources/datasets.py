"""The embedding sets that CDSE publishes: their names, and what is known of them before anything is read."""

from __future__ import annotations

import difflib
from dataclasses import dataclass

from ...errors import EngineError

BUCKET = "eodata"
_FOLDER = "auxdata/MajorTOM/embeddings"


@dataclass(frozen=True)
class Dataset:
    """A published set. ``per_cell`` is how many patches a complete cell of the Major TOM grid has."""

    name: str
    rows: int
    dim: int
    per_cell: int

    @property
    def prefix(self) -> str:
        """Where its files lie in the bucket."""
        return f"{_FOLDER}/{self.name}/"


_KNOWN = (
    Dataset("Core-S2L1C-SSL4EO", 56_147_150, 2048, 25),
    Dataset("Core-S1RTC-SSL4EO", 36_748_875, 2048, 25),
    Dataset("Core-S2RGB-DINOv2", 56_147_150, 768, 25),
    Dataset("Core-S2RGB-SigLIP", 20_212_974, 1152, 9),
    Dataset("Core-S2L1C-DeCUR", 56_147_150, 2048, 25),
    Dataset("Core-S1RTC-DeCUR", 36_748_875, 2048, 25),
)
DATASETS = {dataset.name: dataset for dataset in _KNOWN}
"""The sets that come as tables of patches, by name."""

_DENSE = "Core-S2L2A-MMEarth"


def find_dataset(name: str) -> Dataset:
    """The set of that name; raises EngineError ``unknown_dataset`` or ``dense_dataset``."""
    by_name = {known.lower(): known for known in (*DATASETS, _DENSE)}
    found = by_name.get(name.strip().lower())
    if found == _DENSE:
        raise EngineError(
            "dense_dataset",
            f"“{_DENSE}” holds a dense map of vectors for every grid cell rather than a table of patches, so it cannot "
            "be imported like the others.",
            f"Choose one of {', '.join(DATASETS)}.",
        )
    if found is None:
        near = difflib.get_close_matches(name.strip().lower(), by_name, n=1)
        guess = f"Did you mean “{by_name[near[0]]}”? " if near else ""
        known = ", ".join((*DATASETS, _DENSE))
        raise EngineError("unknown_dataset", f"CDSE has no embedding set “{name}”.", f"{guess}The sets are: {known}.")
    return DATASETS[found]


def of_path(path: str) -> Dataset | None:
    """The set whose name occurs in a path, such as the folder of a mirror."""
    return next((dataset for dataset in _KNOWN if dataset.name.lower() in path.lower()), None)
