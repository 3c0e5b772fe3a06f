"""Operations that look for similar places: search, score, export."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Any, Literal

from pydantic import Field, field_validator, model_validator

from ..area import AreaRequest, LonLat, check_lonlat
from ..embeddings.operations import told_by_others
from ..errors import EngineError
from ..operations import Request, Result, Risk, operation
from ..run import Run


class Examples(AreaRequest):
    """Places that are like what is sought, and places that are not."""

    store: str = Field(description="Folder of the store")
    like: list[LonLat] = Field(min_length=1, description="[[lon, lat], …] of places like what is sought")
    unlike: list[LonLat] = Field([], description="[[lon, lat], …] of places unlike what is sought")

    @field_validator("like", "unlike")
    @classmethod
    def _points(cls, points: list[LonLat]) -> list[LonLat]:
        return [check_lonlat(point) for point in points]


class SearchRequest(Examples):
    """A search by example."""

    k: int = Field(50, ge=1, le=100_000, description="How many places to find")
    start: datetime | None = Field(None, description="Earliest date, included (ISO 8601, UTC)")
    end: datetime | None = Field(
        None, description="Latest date, included (ISO 8601, UTC; a bare date means its whole day)"
    )
    min_distance_m: float = Field(
        0, ge=0, description="Least distance between two places, and from the examples, in metres"
    )
    exact: bool = Field(False, description="Compare every patch, whether or not the store has an index")
    recall: float = Field(
        0.99, ge=0.5, le=1, description="Least share of the true best that an index must find; 1 compares every patch"
    )

    @field_validator("end", mode="before")
    @classmethod
    def _whole_day(cls, end: Any) -> Any:
        if isinstance(end, str) and len(end.strip()) == 10:
            return f"{end.strip()}T23:59:59.999Z"
        return end

    @field_validator("start", "end")
    @classmethod
    def _utc(cls, moment: datetime | None) -> datetime | None:
        if moment is None:
            return None
        return moment.replace(tzinfo=timezone.utc) if moment.tzinfo is None else moment.astimezone(timezone.utc)

    @model_validator(mode="after")
    def _dates(self) -> SearchRequest:
        if self.start and self.end and self.start > self.end:
            raise ValueError("The first date lies after the last date")
        return self


class BuildIndexRequest(Request):
    """A store to index."""

    store: str = Field(description="Folder of the store")
    recall: float = Field(
        0.99, ge=0.5, lt=1, description="Share of the true best that searches are to find; it is measured at the end"
    )


class IndexBuilt(Result):
    """An index, and what was measured about it. ``recall`` is that of a search for 100 places with ``probes`` lists and
    ``candidates`` compared exactly; null when no such search is worth while and searches stay exact."""

    store: str
    engine: str
    recall: float | None
    lists: int
    probes: int | None
    candidates: int | None
    bytes_per_patch: float
    stages: dict[str, float] = Field({}, description="Seconds that each stage took; nearly none where it was resumed")
    seconds: float = 0
    notes: list[str] = []


class ScoreRequest(Examples):
    """A score for every patch, as a layer."""

    output: str = Field(
        description="File to write: .gpkg, .parquet (GeoParquet), or .tif for stores made from an image"
    )


class ExportedMatch(Request):
    """A match to export, with the verdict of the person who looked at it."""

    id: str
    score: float
    rank: int
    label: Literal["", "right", "wrong"] = ""


class ExportRequest(Request):
    """Matches to write to a file with everything the store knows about them."""

    store: str = Field(description="Folder of the store")
    matches: list[ExportedMatch] = Field(min_length=1, description="Matches as a search returned them, with labels")
    output: str = Field(description="File to write: .gpkg or .parquet (GeoParquet)")
    query: dict[str, Any] = Field({}, description="The search they came from, kept in the file's metadata")


class Match(Result):
    """A place that looks similar. ``footprint`` is a closed ring [[lon, lat], …]; ``distance_m`` is from the nearest
    example; ``score`` is the cosine, at most 1."""

    id: str
    lon: float
    lat: float
    score: float
    rank: int
    row: int
    distance_m: float
    footprint: list[LonLat]
    time: str | None = None
    attributes: dict[str, Any] = {}


class Example(Result):
    """The patch that an example point took; ``score`` is its own cosine with what all examples together ask for."""

    kind: Literal["like", "unlike"]
    point: LonLat
    id: str
    lon: float
    lat: float
    score: float
    footprint: list[LonLat]


class SearchResult(Result):
    """Matches, best first. ``scanned`` counts the patches searched; ``exact``: no index left any out; ``recall``: the
    share of the true best that the index was measured to find, 1 when exact; ``engine`` did the work."""

    matches: list[Match]
    scanned: int
    exact: bool
    recall: float = 1.0
    engine: str = ""
    examples: list[Example]
    notes: list[str] = []
    seconds: float = 0


class ScoreResult(Result):
    """The file that was written and the range of its scores."""

    output: str
    count: int
    min: float
    max: float
    quantiles: list[float] = Field([], description="101 values: the score at every percent of the patches")
    format: str = ""


class ExportResult(Result):
    """The file that was written."""

    output: str
    count: int


@operation("similarity.search", risk=Risk.READ)
def search(request: SearchRequest, run: Run) -> SearchResult:
    """Finds the places of a store that look most like the given examples."""
    from .search import search

    return search(request, run)


@operation("similarity.build_index", risk=Risk.COMPUTE)
def build_index(request: BuildIndexRequest, run: Run) -> IndexBuilt:
    """Builds an index that makes searches of a large store fast, and measures how much it finds."""
    try:
        from .index_build import build_index
    except ModuleNotFoundError as error:
        raise EngineError(
            "library_missing",
            f"This engine lacks “{error.name}”, which an index needs. Searches stay exact.",
            "Repair the engine on its settings page, or install the library into the Python that you chose.",
        ) from error
    return build_index(request, run)


@operation("similarity.score", risk=Risk.COMPUTE)
def score(request: ScoreRequest, run: Run) -> ScoreResult:
    """Gives every patch of a store a score of likeness to the examples, as a layer."""
    from .score import score

    return score(request, run)


@operation("similarity.export", risk=Risk.WRITE)
def export(request: ExportRequest, run: Run) -> ExportResult:
    """Writes matches with their labels and all attributes to a GeoPackage or GeoParquet file."""
    from .export import export

    return export(request, run)


def _index(store) -> dict[str, Any]:
    """What a store's description says of its index."""
    from .index_files import index_summary

    return index_summary(store)


told_by_others["index"] = _index
