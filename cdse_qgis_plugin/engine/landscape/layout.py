"""The geography of the landscape: what lies where, for any window of it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from . import kinds
from .kinds import MATERIALS
from .noise import along, fractal, hashed, smooth, uniform


@dataclass
class Scene:
    """A window of the landscape while it is being laid out, all arrays (height, width).

    Every pixel is a mixture of two materials, (1 - ``mix``) of ``first`` and ``mix`` of ``second``, ``bright`` times.
    """

    y: np.ndarray
    x: np.ndarray
    kind: np.ndarray
    first: np.ndarray
    second: np.ndarray
    mix: np.ndarray
    bright: np.ndarray

    @classmethod
    def empty(cls, y: np.ndarray, x: np.ndarray) -> Scene:
        """A scene of rows ``y`` and columns ``x`` (1-D, pixels)."""
        shape = (len(y), len(x))
        bytes_ = [np.zeros(shape, np.uint8) for _ in range(3)]
        return cls(y, x, *bytes_, np.zeros(shape, np.float32), np.ones(shape, np.float32))

    def put(self, where, kind: int, first: str, second: str | None = None, mix=0.0, bright=1.0) -> None:
        """Makes the pixels ``where`` (a mask) of a kind, of two materials; ``mix`` and ``bright`` are numbers or
        arrays of the whole window."""
        self.kind[where] = kind
        self.first[where] = MATERIALS[first]
        self.second[where] = MATERIALS[second or first]
        self.mix[where] = mix[where] if isinstance(mix, np.ndarray) else mix
        self.bright[where] = bright[where] if isinstance(bright, np.ndarray) else bright

    def part(self, centre_y: float, centre_x: float, reach: float) -> Scene | None:
        """The view of what lies within ``reach`` of a place, or None when nothing does."""
        rows = slice(*np.searchsorted(self.y, [centre_y - reach, centre_y + reach]))
        cols = slice(*np.searchsorted(self.x, [centre_x - reach, centre_x + reach]))
        if rows.start == rows.stop or cols.start == cols.stop:
            return None
        arrays = (self.kind, self.first, self.second, self.mix, self.bright)
        return Scene(self.y[rows], self.x[cols], *(array[rows, cols] for array in arrays))


class Geography:
    """A landscape of ``size`` px side: a coast in the west, rivers running to it, and land with all that is on it."""

    def __init__(self, size: int, seed: int):
        self.size = size
        self.seed = seed
        # A small landscape is the same country at closer quarters, so that it still has some of everything.
        self._closeness = float(np.clip(size / 1024, 0.42, 1))
        self._settlement_gap = 300 * self._closeness

    def scene(self, y: np.ndarray, x: np.ndarray) -> Scene:
        """The window of rows ``y`` and columns ``x`` (1-D pixel coordinates)."""
        scene = Scene.empty(y, x)
        inland = self._inland(y, x)
        self._fields(scene)
        self._woods(scene)
        self._roads(scene)
        self._greenhouses(scene)
        self._villages(scene)
        self._river(scene, inland)
        self._shore(scene, inland)
        return scene

    # The coast ---------------------------------------------------------------------------------------------------

    def _inland(self, y: np.ndarray, x: np.ndarray) -> np.ndarray:
        """How far inland a place is, px; negative at sea."""
        return x[None, :] - self._coast(y)[:, None] + 5 * fractal(self.seed + 1, 40, 3, y, x)

    def _coast(self, y: np.ndarray) -> np.ndarray:
        """The column of the coast at rows ``y``."""
        base = self.size * (0.13 + 0.07 * (y / self.size))
        reach = 0.06 * min(self.size, 2048)
        return base + reach * along(self.seed + 2, 520 * self._closeness, 3, y)

    def _shore(self, scene: Scene, inland: np.ndarray) -> None:
        """Marsh behind a beach, the beach, the surf and the sea."""
        y, x, seed = scene.y, scene.x, self.seed
        sheltered = along(seed + 3, 330 * self._closeness, 2, y)[:, None]
        sand = self._closeness * (24 + 14 * along(seed + 4, 170, 2, y)[:, None]) + 2
        marsh = sand + np.clip(sheltered * 2.2 + 0.35, 0, 1) * 95 * self._closeness
        marsh = marsh + 9 * fractal(seed + 5, 46, 3, y, x)
        in_marsh = (inland < marsh) & (inland >= sand) & (scene.kind != kinds.RIVER) & (marsh > sand + 12)
        wet = fractal(seed + 6, 30, 3, y, x)
        scene.put(in_marsh, kinds.MARSH, "marsh_grass", "marsh_mud", np.clip(0.45 + 1.3 * wet, 0, 1))
        creek = np.abs(fractal(seed + 7, 44, 3, y, x)) < 0.035
        scene.put(in_marsh & creek, kinds.MARSH, "shallow_water", "marsh_mud", 0.25)
        on_beach = (inland < sand) & (inland >= 0) & (scene.kind != kinds.RIVER)
        damp = np.clip(1 - inland / 7, 0, 1) + 0.18 * smooth(seed + 8, 5, y, x)
        scene.put(on_beach, kinds.BEACH, "dry_sand", "wet_sand", np.clip(damp, 0, 1).astype(np.float32))
        at_sea = inland < 0
        depth = np.clip(-inland / (120 * self._closeness), 0, 1) ** 0.6
        swell = np.sin((scene.x[None, :] * 0.8 + scene.y[:, None] * 0.45) * 0.55 + 4 * smooth(seed + 9, 60, y, x))
        bright = 1 + 0.05 * swell + 0.06 * fractal(seed + 10, 14, 2, y, x)
        scene.put(at_sea, kinds.SEA, "shallow_water", "deep_water", depth.astype(np.float32), bright)
        breaker = (inland > -9) & at_sea & (smooth(seed + 11, 7, y, x) + 0.35 * np.sin(inland * 1.1) > 0.25)
        scene.put(breaker, kinds.SEA, "shallow_water", "foam", 0.6)

    def _river(self, scene: Scene, inland: np.ndarray) -> None:
        """Rivers that meander to the sea, wider at their mouths, with trees along them."""
        gap = 620 * self._closeness
        for number in range(int(np.ceil(self.size / gap)) + 1):
            middle = (number + 0.25 + 0.5 * float(uniform(self.seed + 20, number))) * gap
            seed = self.seed + 21 + 13 * number
            course = middle + 62 * self._closeness * along(seed, 270 * self._closeness, 2, scene.x)
            if course.max() < scene.y[0] - 80 or course.min() > scene.y[-1] + 80:
                continue
            slope = np.gradient(course) if len(course) > 1 else np.zeros(1)
            away = np.abs(scene.y[:, None] - course[None, :]) / np.sqrt(1 + slope**2)[None, :]
            away = away + 1.5 * smooth(seed + 1, 11, scene.y, scene.x)
            half = 13 + 22 * self._closeness * np.exp(-np.maximum(inland, 0) / (90 * self._closeness))
            bank = (away < half + 7 + 4 * smooth(seed + 2, 30, scene.y, scene.x)) & (inland > 30)
            scene.put(bank, kinds.FOREST, "canopy", "canopy_shadow", _canopy(self.seed, scene))
            water = (away < half) & (inland > -6)
            ripple = 1 + 0.05 * smooth(seed + 3, 9, scene.y, scene.x)
            scene.put(water, kinds.RIVER, "river_water", "shallow_water", 0.2, ripple.astype(np.float32))

    # The land ----------------------------------------------------------------------------------------------------

    def _fields(self, scene: Scene) -> None:
        """Parcels in districts that each run their own way, with hedges and tracks between them."""
        district, u, v, border = self._districts(scene)
        strip, from_edge = _jittered(self.seed + 30, district, v, 38)
        piece, from_end = _jittered(self.seed + 31, hashed(self.seed, district, strip), u, 66)
        parcel = hashed(self.seed + 32, district, strip, piece)
        chance, tone, vigour = (uniform(self.seed + salt, parcel) for salt in (33, 34, 35))
        leaning = uniform(self.seed + 36, district)
        orchard = chance < 0.10 + 0.16 * (leaning > 0.7)
        bare = ~orchard & (chance > 0.55 + 0.2 * (leaning - 0.5))
        period = 3.2 + 3.6 * uniform(self.seed + 37, parcel)
        rows = np.sin(v * (2 * np.pi / period).astype(np.float32))
        patchy = fractal(self.seed + 38, 36, 3, scene.y, scene.x)
        bright = (0.80 + 0.42 * tone) * (1 + rows * (0.02 + 0.05 * vigour) + 0.05 * patchy)
        green = ~orchard & ~bare
        scene.put(
            green, kinds.GREEN, "lush_crop", "dull_crop", np.clip(vigour * 1.1 - 0.1 + 0.3 * patchy, 0, 1), bright
        )
        scene.put(bare, kinds.BARE, "pale_soil", "dark_soil", np.clip(vigour + 0.45 * patchy, 0, 1), bright)
        spacing = 2 * np.pi / (3.7 + 0.9 * uniform(self.seed + 39, parcel))
        trees = np.sin(u * spacing) * np.sin(v * spacing) > 0.12
        scene.put(orchard, kinds.ORCHARD, "orchard_floor", "lush_crop", 0.55 * vigour, 0.85 + 0.3 * tone)
        scene.put(orchard & trees, kinds.ORCHARD, "orchard_tree", bright=0.85 + 0.3 * tone)
        hedged = uniform(self.seed + 40, hashed(0, district, strip)) < 0.6
        edge = (from_edge < 1.3) | (from_end < 1.1)
        scene.put(edge & hedged, kinds.EDGE, "hedge", "canopy_shadow", 0.3)
        scene.put(edge & ~hedged, kinds.EDGE, "gravel", "dull_crop", 0.45)
        scene.put(border < 1.6, kinds.EDGE, "gravel", "asphalt", 0.3)

    def _districts(self, scene: Scene) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        """Each pixel's district, its place along and across the rows of that district, and the distance to the next
        district, px."""
        gap = 240 * max(0.6, self._closeness)
        bend = [10 * fractal(self.seed + salt, 150, 2, scene.y, scene.x) for salt in (41, 42)]
        y, x = scene.y[:, None] + bend[0], scene.x[None, :] + bend[1]
        y, x = y.astype(np.float32), x.astype(np.float32)
        nearest, second = np.full(y.shape, np.inf, np.float32), np.full(y.shape, np.inf, np.float32)
        owner = np.zeros(y.shape, np.uint32)
        u, v = np.zeros(y.shape, np.float32), np.zeros(y.shape, np.float32)
        for row, col, seat_y, seat_x in self._seats(scene, gap, 43, 2 * gap):
            rows = slice(*np.searchsorted(scene.y, [seat_y - 1.7 * gap, seat_y + 1.7 * gap]))
            cols = slice(*np.searchsorted(scene.x, [seat_x - 1.7 * gap, seat_x + 1.7 * gap]))
            dy, dx = y[rows, cols] - np.float32(seat_y), x[rows, cols] - np.float32(seat_x)
            away = np.sqrt(dy * dy + dx * dx)
            near, next_ = nearest[rows, cols], second[rows, cols]
            closer = away < near
            np.minimum(next_, np.maximum(away, near), out=next_)
            np.minimum(near, away, out=near)
            angle = np.pi * float(uniform(self.seed + 44, row, col))
            along_rows, across = dx * np.cos(angle) + dy * np.sin(angle), dy * np.cos(angle) - dx * np.sin(angle)
            np.copyto(u[rows, cols], along_rows, where=closer)
            np.copyto(v[rows, cols], across, where=closer)
            owner[rows, cols][closer] = hashed(self.seed + 45, row, col)
        return owner, u, v, (second - nearest) / 2

    def _woods(self, scene: Scene) -> None:
        """Woods with a lumpy canopy."""
        density = fractal(self.seed + 50, 210 * self._closeness, 4, scene.y, scene.x)
        scene.put(density > 0.2, kinds.FOREST, "canopy", "canopy_shadow", _canopy(self.seed, scene))

    def _villages(self, scene: Scene) -> None:
        """Villages: streets at right angles, roofs along them, gardens behind."""
        for row, col, centre_y, centre_x in self._settlements(scene):
            reach = self._settlement_gap * (0.15 + 0.07 * float(uniform(self.seed + 61, row, col)))
            part = scene.part(centre_y, centre_x, 1.4 * reach)
            if part is None:
                continue
            angle = np.pi * float(uniform(self.seed + 62, row, col))
            u, v = _turned(part, centre_y, centre_x, angle)
            ragged = 0.35 * fractal(self.seed + 63, 36, 2, part.y, part.x)
            built = np.hypot(u / 1.15, v / 0.9) < reach * (1 + ragged)
            street = (u % 13 < 1.3) | (v % 17 < 1.3)
            lot_u, lot_v = np.floor(u / 3.25).astype(int), np.floor(v / 3.4).astype(int)
            lot = hashed(self.seed + 64, lot_u, lot_v, row, col)
            in_lot = (u % 3.25 < 2.1) & (v % 3.4 < 2.2)
            chance, tone = uniform(self.seed + 65, lot), uniform(self.seed + 66, lot)
            roof = built & ~street & in_lot & (chance < 0.72)
            scene_tone = (0.72 + 0.5 * tone).astype(np.float32)
            part.put(built, kinds.VILLAGE, "garden", "canopy", 0.8 * tone, 0.9)
            part.put(built & street, kinds.VILLAGE, "asphalt")
            part.put(roof, kinds.VILLAGE, "tile_roof", "slate_roof", 0.3 * tone, scene_tone)
            part.put(roof & (chance < 0.22), kinds.VILLAGE, "slate_roof", "white_roof", 0.4 * tone, scene_tone)
            part.put(roof & (chance < 0.05), kinds.VILLAGE, "white_roof", bright=scene_tone)

    def _greenhouses(self, scene: Scene) -> None:
        """Compounds of long plastic houses side by side."""
        gap = 330 * self._closeness
        for row, col, centre_y, centre_x in self._seats(scene, gap, 70, 80):
            if uniform(self.seed + 71, row, col) > 0.75:
                continue
            half_u = (44 + 22 * float(uniform(self.seed + 72, row, col))) * max(0.6, self._closeness)
            half_v = (30 + 16 * float(uniform(self.seed + 73, row, col))) * max(0.6, self._closeness)
            part = scene.part(centre_y, centre_x, np.hypot(half_u, half_v))
            if part is None:
                continue
            u, v = _turned(part, centre_y, centre_x, np.pi * float(uniform(self.seed + 74, row, col)))
            inside = (np.abs(u) < half_u) & (np.abs(v) < half_v)
            lane = (v % 11 < 1.8) | (u % 37 < 2.0)
            house = hashed(self.seed + 75, np.floor(v / 11).astype(int), np.floor(u / 37).astype(int), row, col)
            tone = (0.68 + 0.5 * uniform(self.seed + 76, house)).astype(np.float32)
            seam = np.sin(v * (2 * np.pi / 3.1)) < -0.1
            part.put(inside, kinds.GREENHOUSES, "plastic", "plastic_seam", 0.85 * seam.astype(np.float32), tone)
            part.put(inside & lane, kinds.GREENHOUSES, "yard", "garden", 0.3)

    def _roads(self, scene: Scene) -> None:
        """Roads from each village to its neighbours in the east and south."""
        gap = self._settlement_gap
        seats = {(row, col): (y, x) for row, col, y, x in self._settlements(scene, 2 * gap)}
        for (row, col), (y0, x0) in seats.items():
            for other in ((row, col + 1), (row + 1, col)):
                if other in seats:
                    self._road(scene, (y0, x0), seats[other], hash_of=(row, col, *other))

    def _road(self, scene: Scene, start, end, hash_of) -> None:
        (y0, x0), (y1, x1) = start, end
        length = float(np.hypot(y1 - y0, x1 - x0))
        part = scene.part((y0 + y1) / 2, (x0 + x1) / 2, length / 2 + 30)
        if part is None:
            return
        u, v = _turned(part, y0, x0, np.arctan2(y1 - y0, x1 - x0))
        bend = 9 * np.sin(np.pi * np.clip(u / length, 0, 1)) * np.sin(u / 34 + 6 * float(uniform(self.seed, *hash_of)))
        part.put((np.abs(v - bend) < 1.0) & (u > 0) & (u < length), kinds.EDGE, "asphalt", "gravel", 0.3)

    def _settlements(self, scene: Scene, margin: float = 120):
        """Villages near the scene: lattice row and column, centre row and column in px."""
        for row, col, y, x in self._seats(scene, self._settlement_gap, 60, margin):
            if uniform(self.seed + 67, row, col) < 0.82:
                yield row, col, y, x

    def _seats(self, scene: Scene, gap: float, salt: int, margin: float):
        """Places on a jittered lattice near the scene: lattice row and column, place in px."""
        rows = range(int((scene.y[0] - margin) // gap), int((scene.y[-1] + margin) // gap) + 1)
        cols = range(int((scene.x[0] - margin) // gap), int((scene.x[-1] + margin) // gap) + 1)
        for row in rows:
            for col in cols:
                down = 0.2 + 0.6 * float(uniform(self.seed + salt, row, col, 0))
                right = 0.2 + 0.6 * float(uniform(self.seed + salt, row, col, 1))
                yield row, col, (row + down) * gap, (col + right) * gap


def _canopy(seed: int, scene: Scene) -> np.ndarray:
    """Share of shadow in a canopy: crowns of some pixels, stands of some tens."""
    crowns = smooth(seed + 51, 2.6, scene.y, scene.x)
    stands = fractal(seed + 52, 28, 2, scene.y, scene.x)
    return np.clip(0.42 + 0.5 * crowns + 0.35 * stands, 0, 1)


def _turned(scene: Scene, centre_y: float, centre_x: float, angle: float) -> tuple[np.ndarray, np.ndarray]:
    """Pixels' places along and across a direction, from a centre."""
    dy, dx = scene.y[:, None] - centre_y, scene.x[None, :] - centre_x
    return dx * np.cos(angle) + dy * np.sin(angle), dy * np.cos(angle) - dx * np.sin(angle)


def _jittered(seed: int, group: np.ndarray, places: np.ndarray, gap: float) -> tuple[np.ndarray, np.ndarray]:
    """The interval of uneven length that each place falls in, and the distance to its nearer end, px."""
    places = places / np.float32(gap)
    cell = np.floor(places).astype(np.int32)
    low = cell + np.float32(0.36) * (uniform(seed, group, cell) - np.float32(0.5))
    high = cell + 1 + np.float32(0.36) * (uniform(seed, group, cell + 1) - np.float32(0.5))
    number = cell - (places < low) + (places >= high)
    nearer = np.minimum(np.abs(places - low), np.abs(places - high))
    return number, nearer * np.float32(gap)
