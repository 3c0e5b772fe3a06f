"""Farmland: parcels in districts that each run their own way, with hedges and tracks between them."""

from __future__ import annotations

import numpy as np

from . import kinds
from .noise import fractal, hashed, uniform
from .scene import Scene

_PARCEL = (38, 66)
"""About how wide and how long parcels are, px."""


class Fields:
    """Green fields, bare fields, orchards and vineyards; ``closeness`` shrinks the districts of a small landscape."""

    def __init__(self, seed: int, closeness: float):
        self._seed = seed
        self._gap = 240 * max(0.6, closeness)

    def fill(self, scene: Scene) -> None:
        """Covers a whole scene with farmland."""
        seed = self._seed
        district, u, v, border = self._districts(scene)
        strip, from_edge = _jittered(seed, district, v, _PARCEL[0])
        piece, from_end = _jittered(seed + 1, hashed(seed, district, strip), u, _PARCEL[1])
        parcel = hashed(seed + 2, district, strip, piece)
        chance, tone, vigour = (uniform(seed + salt, parcel) for salt in (3, 4, 5))
        leaning = uniform(seed + 6, district)
        planted = 0.26 + 0.22 * (leaning > 0.7)
        orchard, vineyard = chance < planted / 2, (chance >= planted / 2) & (chance < planted)
        bare = chance > 0.62 + 0.2 * (leaning - 0.5)
        green = ~(orchard | vineyard | bare)
        patchy = fractal(seed + 7, 36, 3, scene.y, scene.x)
        period = 3.0 + 3.6 * uniform(seed + 8, parcel)
        rows = np.sin(v * (np.float32(2 * np.pi) / period))
        bright = (0.72 + 0.56 * tone) * (1 + rows * (0.02 + 0.09 * uniform(seed + 18, parcel)) + 0.06 * patchy)
        crop = np.clip(vigour * 1.1 - 0.1 + 0.3 * patchy, 0, 1)
        scene.put(green, kinds.GREEN, "lush_crop", "dull_crop", crop, bright)
        scene.put(bare, kinds.BARE, "pale_soil", "dark_soil", np.clip(vigour + 0.45 * patchy, 0, 1), bright)
        self._planted(scene, orchard, vineyard, parcel, u, v)
        hedged = uniform(seed + 9, hashed(0, district, strip)) < 0.6
        edge = (from_edge < 1.3) | (from_end < 1.1)
        scene.put(edge & hedged, kinds.EDGE, "hedge", "canopy_shadow", 0.3)
        scene.put(edge & ~hedged, kinds.EDGE, "gravel", "dull_crop", 0.45)
        scene.put(border < 1.6, kinds.EDGE, "gravel", "asphalt", 0.3)

    def _planted(
        self,
        scene: Scene,
        orchard: np.ndarray,
        vineyard: np.ndarray,
        parcel: np.ndarray,
        u: np.ndarray,
        v: np.ndarray,
    ) -> None:
        """Trees in a lattice and vines in rows, of the same green on the same ground, so that only their pattern tells
        orchards from vineyards."""
        bright = 0.80 + 0.4 * uniform(self._seed + 10, parcel)
        ground = 0.25 + 0.75 * uniform(self._seed + 12, parcel)
        spacing = np.float32(2 * np.pi) / (6.8 + 2.2 * uniform(self._seed + 11, parcel))
        lattice = np.abs(np.sin(u * spacing) * np.sin(v * spacing))
        lines = np.abs(np.sin(v * spacing))
        for where, kind, leaves in ((orchard, kinds.ORCHARD, lattice * 1.5), (vineyard, kinds.VINEYARD, lines * 0.95)):
            scene.put(where, kind, "bare_floor", "grass_floor", 1 - ground, bright)
            shade = np.clip(1.4 - 2.0 * leaves, 0, 1) * ground
            scene.put(where & (leaves > 0.35), kind, "orchard_tree", "bare_floor", shade, bright)

    def _districts(self, scene: Scene) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        """Each pixel's district, its place along and across the rows of that district, and the distance to the next
        district, px: Voronoi cells of jittered seats, with borders bent a little."""
        seed, gap = self._seed, self._gap
        reach = 1.7 * gap
        y = (scene.y[:, None] + 10 * fractal(seed + 13, 150, 2, scene.y, scene.x)).astype(np.float32)
        x = (scene.x[None, :] + 10 * fractal(seed + 14, 150, 2, scene.y, scene.x)).astype(np.float32)
        nearest, second = np.full((2, *y.shape), np.inf, np.float32)
        u, v = np.zeros((2, *y.shape), np.float32)
        owner = np.zeros(y.shape, np.uint32)
        for row, col, seat_y, seat_x in scene.seats(seed + 15, gap, reach):
            rows = slice(*np.searchsorted(scene.y, [seat_y - reach, seat_y + reach]))
            cols = slice(*np.searchsorted(scene.x, [seat_x - reach, seat_x + reach]))
            dy, dx = y[rows, cols] - np.float32(seat_y), x[rows, cols] - np.float32(seat_x)
            away = np.sqrt(dy * dy + dx * dx)
            near, next_ = nearest[rows, cols], second[rows, cols]
            closer = away < near
            np.minimum(next_, np.maximum(away, near), out=next_)
            np.minimum(near, away, out=near)
            angle = np.float32(np.pi * float(uniform(seed + 16, row, col)))
            np.copyto(u[rows, cols], dx * np.cos(angle) + dy * np.sin(angle), where=closer)
            np.copyto(v[rows, cols], dy * np.cos(angle) - dx * np.sin(angle), where=closer)
            owner[rows, cols][closer] = hashed(seed + 17, row, col)
        return owner, u, v, (second - nearest) / 2


def _jittered(seed: int, group: np.ndarray, places: np.ndarray, gap: float) -> tuple[np.ndarray, np.ndarray]:
    """The interval of uneven length that each place falls in, and the distance to its nearer end, px."""
    places = places / np.float32(gap)
    cell = np.floor(places).astype(np.int32)
    low = cell + np.float32(0.36) * (uniform(seed, group, cell) - np.float32(0.5))
    high = cell + 1 + np.float32(0.36) * (uniform(seed, group, cell + 1) - np.float32(0.5))
    number = cell - (places < low) + (places >= high)
    nearer = np.minimum(np.abs(places - low), np.abs(places - high))
    return number, nearer * np.float32(gap)
