"""Right places: are patches declared at transposed places within their cells, and if so, where do they lie?

The software behind Major TOM's embeddings writes the place of the patch in row r and column c of a cell as that of row
c and column r. Files made with it put 20 of 25 patches (6 of 9) at a wrong place, up to 12 km off, and a corrected
edition would not say so: only the data tells. See docs/positions.md for what the thresholds are worth.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

import numpy as np

from .declared_places import Declared
from .seams import Evidence, measure

CORRECTED, AS_PUBLISHED = "corrected", "as published"
"""What the attribute ``position`` of a patch says."""

_SUSPECTS = re.compile(r"SSL4EO|DINOv2|SigLIP")
"""Sets made with the software that transposes; of those that came later nobody has said."""

_LEAST_SEAMS = 4
_Z, _Z_EITHER, _Z_CONTRAST, _Z_TOGETHER = 3.0, 1.0, 1.0, 6.0
"""Standard deviations asked of all seams together, of those in either direction, of the contrast within cells, and of
the first and the last added up."""

_ONE_WAY = 6
_Z_ONE_WAY, _Z_CONTRAST_ONE_WAY, _Z_TOGETHER_ONE_WAY = 4.0, 3.0, 8.0
"""What is asked where all seams run the same way, so that the other direction cannot object; at least six of them."""

_LEAST_SHARE = 0.05
"""A gain that is a smaller share of the contrast within cells is some other effect, however certain it is."""


@dataclass(frozen=True)
class Verdict:
    """Whether places of a data set are transposed: True, False, or None where that is undecided; why, as a phrase."""

    transposed: bool | None
    reason: str
    evidence: Evidence

    def as_dict(self) -> dict[str, Any]:
        """The verdict in plain values, to be kept for the next import of the same data set."""
        return {"transposed": self.transposed, "reason": self.reason, "evidence": self.evidence.as_dict()}

    @classmethod
    def from_dict(cls, kept: dict[str, Any]) -> Verdict:
        """A verdict that was kept."""
        return cls(kept["transposed"], kept["reason"], Evidence(**kept["evidence"]))


def decide(declared: Declared, vectors: np.ndarray) -> Verdict:
    """The verdict on a data set from some of its rows, best whole cells with their neighbours; see seams.measure."""
    evidence = measure(declared, vectors)
    if not declared.known.any():
        return Verdict(None, "no row says which patch of which cell it is", evidence)
    return _judged(evidence)


@dataclass(frozen=True)
class Settled:
    """What is done about the places of a data set: whether they are corrected, what its manifest says of it in one
    line, and what a person reads."""

    correct: bool
    transposition: str
    note: str


def settle(verdict: Verdict, wish: str, dataset: str) -> Settled:
    """What to do: as the verdict says with ``wish`` “auto”, which leaves places alone where it is undecided, or as
    asked for with “correct” and “keep”."""
    about = (
        "Some of Major TOM's embeddings are published with places transposed within their grid cells, up to 12 km off."
    )
    if wish != "auto":
        done = "corrected" if wish == "correct" else "kept as published"
        return Settled(
            wish == "correct",
            f"overridden: {done} as asked for; the test says {_short(verdict)}",
            f"{about} These were {done} as asked for. What the data says: {_short(verdict)}.",
        )
    if verdict.transposed:
        return Settled(True, "corrected", f"{about} So were these, and they have been corrected ({verdict.reason}).")
    if verdict.transposed is False:
        return Settled(False, "not affected", f"{about} These are not ({verdict.reason}).")
    suspect = _SUSPECTS.search(dataset)
    likely = (
        f" That they are is likely for {suspect[0]}, which was made with the software that does it." if suspect else ""
    )
    return Settled(
        False,
        f"undecided: {verdict.reason}",
        f"{about} Whether these are could not be found out: {verdict.reason}. They are where they were published."
        f"{likely} Import a larger area to find out, or with transposition “correct” to correct them anyway.",
    )


def _short(verdict: Verdict) -> str:
    said = {True: "transposed", False: "not affected", None: "undecided"}[verdict.transposed]
    return f"{said}: {verdict.reason}"


def _judged(found: Evidence) -> Verdict:
    if not found.off_diagonal:
        return Verdict(False, "every patch lies where transposing leaves it", found)
    seams = f"{found.seams:,} seams between {found.cells:,} cells"
    why = _doubt(found)
    if why:
        return Verdict(None, why, found)
    numbers = (
        f"mean cosine {found.cosine_as_published:.3f} as published, {found.cosine_transposed:.3f} transposed, "
        f"z = {found.z:+.1f}"
    )
    return Verdict(found.z > 0, f"{seams}, {found.seam_pairs:,} pairs of patches: {numbers}", found)


def _doubt(found: Evidence) -> str:
    """Why the evidence does not decide; empty when it does."""
    if found.seams < _LEAST_SEAMS:
        return f"{found.seams:,} seams between {found.cells:,} cells are too few to tell"
    one_way = min(found.seams_east, found.seams_north) < 2
    contrast = _Z_CONTRAST_ONE_WAY if one_way else _Z_CONTRAST
    if found.z_contrast < contrast:
        return (
            "neighbouring patches are not clearly more alike than distant ones, so vectors hardly tell where they "
            f"belong ({found.seams:,} seams, contrast {found.contrast:.3f}, z = {found.z_contrast:+.1f})"
        )
    towards = np.sign(found.z)
    if not one_way and min(towards * found.z_east, towards * found.z_north) < _Z_EITHER:
        return (
            f"the seams do not agree ({found.seams:,} seams, z = {found.z_east:+.1f} from west to east, "
            f"{found.z_north:+.1f} from south to north)"
        )
    clear, together = (_Z_ONE_WAY, _Z_TOGETHER_ONE_WAY) if one_way else (_Z, _Z_TOGETHER)
    weak = abs(found.z) < clear or abs(found.z) + found.z_contrast < together
    if weak or abs(found.gain) < _LEAST_SHARE * found.contrast or (one_way and found.seams < _ONE_WAY):
        same_way = ", all in one direction" if one_way else ""
        return f"the seams are not clear enough ({found.seams:,} seams{same_way}, z = {found.z:+.1f})"
    return ""
