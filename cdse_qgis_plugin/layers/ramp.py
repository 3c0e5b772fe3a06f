"""The one colour ramp of scores: light for the best to dark, in even steps of lightness.

Made in OKLCH with lightness falling from 0.92 to 0.42, so it reads the same with any colour vision and in grey. Its
light end stands out from vegetation and water as much as from a white map, its dark end from a dark forest.
"""

from __future__ import annotations

from qgis.core import QgsGradientColorRamp, QgsGradientStop
from qgis.PyQt.QtGui import QColor

_STOPS = ("#a7fdaa", "#7cdab8", "#6db3b0", "#638e99", "#536d7e", "#404d65")


def ramp() -> QgsGradientColorRamp:
    """The ramp from the best (0) to the last (1)."""
    last = len(_STOPS) - 1
    inner = [QgsGradientStop(i / last, QColor(_STOPS[i])) for i in range(1, last)]
    return QgsGradientColorRamp(QColor(_STOPS[0]), QColor(_STOPS[-1]), False, inner)


def colour(share: float) -> QColor:
    """The colour at a share from 0 (best) to 1."""
    return ramp().color(max(0.0, min(1.0, share)))


def rank_colour(rank: int, count: int) -> QColor:
    """The colour of a rank among so many."""
    return colour((rank - 1) / max(1, count - 1))
