"""The kinds of places in the landscape and the materials they are made of."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

BANDS = ("B02", "B03", "B04", "B08", "B11", "B12")


class Legend(NamedTuple):
    """A kind's name and the colour of its class."""

    name: str
    colour: str


SEA, BEACH, MARSH, RIVER, FOREST, GREEN, BARE, ORCHARD, VINEYARD, VILLAGE, GREENHOUSES, EDGE = range(1, 13)

LEGEND = {
    SEA: Legend("Sea", "#2f6db5"),
    BEACH: Legend("Beach", "#f2dfa0"),
    MARSH: Legend("Salt marsh", "#7f8f5a"),
    RIVER: Legend("River", "#66b6d9"),
    FOREST: Legend("Forest", "#1f5f2f"),
    GREEN: Legend("Green field", "#8fce5a"),
    BARE: Legend("Bare field", "#b98a5e"),
    ORCHARD: Legend("Orchard", "#d98ac0"),
    VINEYARD: Legend("Vineyard", "#6b3f8f"),
    VILLAGE: Legend("Village", "#d7402f"),
    GREENHOUSES: Legend("Greenhouses", "#b9a6f2"),
    EDGE: Legend("Hedge, road or track", "#9a9a9a"),
}

_SPECTRA = {
    # Reflectance x 10000 in B02 B03 B04 B08 B11 B12, about what Sentinel-2 sees of such surfaces.
    "deep_water": (430, 360, 200, 110, 60, 40),
    "shallow_water": (800, 920, 560, 260, 90, 60),
    "foam": (1700, 1800, 1750, 1500, 700, 500),
    "river_water": (520, 680, 520, 300, 120, 80),
    "dry_sand": (1650, 2150, 2600, 3200, 3900, 3500),
    "wet_sand": (1000, 1250, 1400, 1600, 1500, 1200),
    "marsh_grass": (470, 700, 680, 1900, 1700, 950),
    "marsh_mud": (620, 760, 760, 1100, 1000, 700),
    "canopy": (260, 440, 260, 3000, 1350, 560),
    "canopy_shadow": (190, 290, 170, 1700, 750, 300),
    "lush_crop": (330, 780, 350, 4600, 1900, 850),
    "dull_crop": (520, 860, 720, 3000, 2200, 1250),
    "pale_soil": (1150, 1500, 1950, 2550, 3300, 2900),
    "dark_soil": (620, 820, 1080, 1500, 2100, 1800),
    "orchard_tree": (280, 480, 300, 2900, 1400, 650),
    "grass_floor": (420, 760, 540, 3200, 2000, 1050),
    "bare_floor": (860, 1130, 1330, 2200, 2600, 2100),
    "garden": (380, 640, 460, 2900, 1700, 900),
    "tile_roof": (1350, 1650, 2700, 3000, 2900, 2500),
    "slate_roof": (1500, 1560, 1620, 1850, 1900, 1750),
    "white_roof": (3300, 3400, 3500, 3700, 3200, 2900),
    "asphalt": (950, 1050, 1150, 1450, 1700, 1550),
    "plastic": (2350, 2450, 2650, 3000, 2300, 1950),
    "lane": (470, 720, 640, 2500, 1800, 1150),
    "yard": (820, 1000, 1150, 1900, 2200, 1850),
    "hedge": (270, 430, 290, 2400, 1200, 550),
    "gravel": (1250, 1500, 1750, 2200, 2600, 2300),
}

MATERIALS = {name: number for number, name in enumerate(_SPECTRA)}
"""Index of each material in SPECTRA."""

SPECTRA = np.array(list(_SPECTRA.values()), dtype=np.float32)
"""Reflectance x 10000, (materials, bands)."""
