"""Operations of the generated landscape."""

from __future__ import annotations

from pydantic import Field

from ..operations import Request, Result, Risk, operation
from ..run import Run


class LandscapeRequest(Request):
    """A landscape to generate."""

    folder: str = Field(description="Folder for the files; made when missing")
    size: int = Field(1024, ge=128, le=16384, description="Side in pixels of 10 m")
    seed: int = Field(7, ge=0, description="Seed; the same seed gives the same landscape")


class Kind(Result):
    """A kind of place of the landscape, with one spot where it is plain to see."""

    value: int
    name: str
    colour: str
    lon: float
    lat: float


class LandscapeResult(Result):
    """Where the files lie: the image (6 bands), and the kinds of places as a class raster for measuring."""

    image: str
    labels: str
    kinds: list[Kind]


@operation("landscape.generate", risk=Risk.WRITE)
def generate(request: LandscapeRequest, run: Run) -> LandscapeResult:
    """Generates a made-up landscape with known kinds of places, the same for the same seed."""
    from .generate import generate

    return generate(request, run)
