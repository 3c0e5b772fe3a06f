"""What a source says about itself: the ``emb`` header, the marks of Major TOM, the names of files."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

from .parquet_source import SourceFile

_MAJOR_TOM_COLUMNS = {"unique_id", "grid_cell", "grid_row_u", "grid_col_r", "pixel_bbox", "utm_footprint"}
_MAJOR_TOM_SET = re.compile(r"Core-S[12][A-Za-z0-9]*-[A-Za-z0-9]+")
_MAJOR_TOM_MODELS = {
    "SSL4EO": "SSL4EO-S12 ResNet50",
    "DINOv2": "facebook/dinov2-base",
    "SigLIP": "timm/ViT-SO400M-14-SigLIP-384",
    "DeCUR": "DeCUR ResNet50",
    "MMEarth": "MMEarth ConvNeXtV2-atto",
}


@dataclass
class Header:
    """What a source says about itself, as far as it does."""

    dataset: str
    encoder: dict[str, Any]
    licence: str = "unknown"
    citation: str = ""
    source: dict[str, Any] = field(default_factory=dict)
    extra: dict[str, Any] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    dim: int | None = None
    quantization: Any = None
    chip_m: float | None = None


def read_header(files: list[SourceFile], name: str) -> Header:
    """The header of a source; ``name`` is what to call it when it says nothing."""
    said = next((found for found in (_flat(file) for file in files) if found), {})
    model = said.get("model") or _link(said, "emb:model") or "unknown"
    encoder = dict(model) if isinstance(model, dict) else {"name": str(model)}
    encoder["name"] = str(encoder.get("name") or encoder.get("id") or "unknown")
    header = Header(
        dataset=str(said.get("title") or said.get("collection") or said.get("dataset") or name),
        encoder={**encoder, "imported": True},
        licence=_text(said.get("license") or said.get("licence") or said.get("licenses")) or "unknown",
        citation=_text(said.get("citation")),
        dim=_integer(said.get("dimensions") or said.get("dim") or said.get("dimension")),
        quantization=said.get("quantization"),
        chip_m=_chip(said),
    )
    kept = {key: said[key] for key in _KEPT if said.get(key) not in (None, "", [], {})}
    source_data = _link(said, "emb:source-data")
    header.source = {**kept, **({"source_data": source_data} if source_data else {})}
    if all(set(file.schema.names) >= _MAJOR_TOM_COLUMNS for file in files):
        _major_tom(header, files)
    return header


_KEPT = (
    "datasets", "source_data", "providers", "datetime", "start_datetime", "end_datetime", "start", "end",
    "temporal_resolution", "gsd", "chip_layout", "quantization", "data_type", "type", "version", "description",
)  # fmt: skip


def _flat(file: SourceFile) -> dict[str, Any]:
    """The header with the prefixes and nesting of its dialects taken away."""
    said = file.metadata("emb") or file.metadata("geoemb")
    flat: dict[str, Any] = {}
    for part in (said, said.get("properties"), said.get("embedding"), said.get("emb")):
        if isinstance(part, dict):
            for key, value in part.items():
                plain = re.sub(r"^(geoemb|emb|sci):", "", str(key)).replace("dtype", "data_type")
                flat[plain] = value
    return flat


def _major_tom(header: Header, files: list[SourceFile]) -> None:
    found = next((match for file in files if (match := _MAJOR_TOM_SET.search(str(file.path)))), None)
    name = found[0] if found else "embeddings"
    header.dataset = f"Major TOM {name}"
    if header.encoder["name"] == "unknown" and found:
        header.encoder["name"] = _MAJOR_TOM_MODELS.get(name.rpartition("-")[2], "unknown")
    if header.licence == "unknown":
        header.licence = "CC-BY-SA-4.0"
    header.citation = header.citation or (
        "Czerkawski, Kluczek, Bojanowski: Global and Dense Embeddings of Earth: Major TOM Floating in the Latent "
        "Space, arXiv:2412.05600"
    )


def _chip(said: dict[str, Any]) -> float | None:
    """The side of a chip in metres, where the header gives its pixels and their size."""
    layout, gsd = said.get("chip_layout"), said.get("gsd")
    size = layout.get("chip_size") if isinstance(layout, dict) else None
    try:
        side = float(gsd) * max(map(float, size if isinstance(size, list) else [size]))
    except (TypeError, ValueError):
        return None
    return side if 0 < side < 1e6 else None


def _link(said: dict[str, Any], relation: str) -> str | None:
    links = said.get("links")
    for link in links if isinstance(links, list) else []:
        if isinstance(link, dict) and link.get("rel") == relation:
            return link.get("title") or link.get("href")
    return None


def _integer(value: Any) -> int | None:
    try:
        return int(value) if int(value) > 0 else None
    except (TypeError, ValueError):
        return None


def _text(value: Any) -> str:
    """A licence or citation as text, whether given as one, as a list, or as an object with a name."""
    if isinstance(value, list):
        return ", ".join(filter(None, map(_text, value)))
    if isinstance(value, dict):
        return _text(value.get("id") or value.get("name") or value.get("url") or value.get("href"))
    return str(value).strip() if value is not None else ""
