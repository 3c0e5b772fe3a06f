"""What stops a mistake before it costs hours: too many patches, or more bytes than the disk has room for."""

from __future__ import annotations

import shutil
from pathlib import Path

from ...errors import EngineError

MOST_PATCHES = 20_000_000
"""Patches that are imported without being asked for expressly; a store of so many is larger than most disks."""

_SPARE = 512 << 20


def check_patches(patches: int, most: int) -> None:
    """Raises EngineError ``too_many_patches`` when an import would take more than ``most``."""
    if patches > most:
        raise EngineError(
            "too_many_patches",
            f"This would bring {patches:,} patches, more than the {most:,} that are allowed at once.",
            "Choose a smaller area; if you mean it, raise max_patches.",
        )


def check_disk(folder: Path, wanted: int) -> None:
    """Raises EngineError ``disk_full`` when ``folder``'s disk has no room for so many bytes."""
    free = shutil.disk_usage(next(path for path in (folder, *folder.parents) if path.is_dir())).free
    if wanted + _SPARE > free:
        raise EngineError(
            "disk_full",
            f"About {wanted / 1e9:,.1f} GB would be read, and the disk with “{folder}” has {free / 1e9:,.1f} GB left.",
            "Choose a smaller area, free some space, or choose a cache folder on another disk.",
        )
