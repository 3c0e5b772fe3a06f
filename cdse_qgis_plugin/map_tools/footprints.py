"""Which patch lies under the cursor, as far as it is known already: no Qt, no QGIS."""

from __future__ import annotations

import math
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

_KEPT = 256


@dataclass(frozen=True)
class Patch:
    """A patch of a store; ``ring`` is its footprint [[lon, lat], …], whose longitudes may run past 180."""

    id: str
    lon: float
    lat: float
    ring: tuple[tuple[float, float], ...]

    @classmethod
    def from_engine(cls, said: dict[str, Any]) -> Patch:
        """The patch of an answer of ``embeddings.patch_at``."""
        ring = tuple((float(lon), float(lat)) for lon, lat in said["footprint"])
        return cls(str(said["id"]), float(said["lon"]), float(said["lat"]), ring)


class FootprintCache:
    """The patches met lately.

    Where patches overlap, the engine takes the one with the nearest centre. So a known patch is surely the right one
    only in its core: the footprint shrunk by the share ``core`` about its centre.
    """

    def __init__(self, core: float = 0.5):
        self._core = max(0.05, min(1.0, core))
        self._patches: OrderedDict[str, Patch] = OrderedDict()

    def add(self, patch: Patch) -> None:
        """Remembers a patch and forgets the one met longest ago when there are many."""
        self._patches[patch.id] = patch
        self._patches.move_to_end(patch.id)
        while len(self._patches) > _KEPT:
            self._patches.popitem(last=False)

    def at(self, lon: float, lat: float) -> Patch | None:
        """The patch that a point surely belongs to, or None when the engine has to be asked."""
        for patch in reversed(self._patches.values()):
            if _holds(patch, lon, lat, self._core):
                return patch
        return None


def core_share(details: dict[str, Any]) -> float:
    """The share of a footprint in which no other patch's centre is nearer, from a store's description.

    Stores made from an image say it with their step; of others half a footprint is safe to say.
    """
    source = details.get("source") or {}
    try:
        return min(1.0, float(source["stride"]) / float(source["patch"]))
    except (KeyError, TypeError, ValueError, ZeroDivisionError):
        return 0.5


def _holds(patch: Patch, lon: float, lat: float, core: float) -> bool:
    """Whether a point lies in a patch's core, on the plane that touches the Earth at the patch's centre."""
    if abs(lat - patch.lat) > 5:  # no patch is that large; the plane would be far from the ground
        return False
    x, y = _on_plane(patch, lon, lat)
    corners = [_on_plane(patch, *corner) for corner in patch.ring]
    return _in_polygon(x / core, y / core, corners)


def _on_plane(patch: Patch, lon: float, lat: float) -> tuple[float, float]:
    """A point in units of the Earth's radius east and north of a patch's centre (orthographic)."""
    turn, phi, phi0 = math.radians(lon - patch.lon), math.radians(lat), math.radians(patch.lat)
    if math.cos(turn) * math.cos(phi) * math.cos(phi0) + math.sin(phi) * math.sin(phi0) <= 0:
        return math.inf, math.inf
    east = math.cos(phi) * math.sin(turn)
    north = math.cos(phi0) * math.sin(phi) - math.sin(phi0) * math.cos(phi) * math.cos(turn)
    return east, north


def _in_polygon(x: float, y: float, corners: Sequence[tuple[float, float]]) -> bool:
    """Whether a point lies in a ring, by counting the edges east of it."""
    inside = False
    for (x0, y0), (x1, y1) in zip(corners, [*corners[1:], corners[0]]):
        if (y0 > y) != (y1 > y) and x < x0 + (x1 - x0) * (y - y0) / (y1 - y0):
            inside = not inside
    return inside
