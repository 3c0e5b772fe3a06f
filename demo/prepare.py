"""Prepares what the demo shows, in the engine's Python: the image, the store, and a place worth clicking.

Prints one JSON object: ``store``, ``backdrop`` (an image, or a vector layer of the patches where there is no image),
``place`` [lon, lat], ``kind`` (what the place shows, or "").
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from cdse_qgis_plugin.engine.embeddings.store import open_store
from cdse_qgis_plugin.engine.errors import EngineError
from cdse_qgis_plugin.engine.operations import find
from cdse_qgis_plugin.engine.run import Run

SHOWN = "Greenhouses"
"""The kind of place that the demo clicks in the generated landscape: few, scattered, told by texture."""


def main() -> int:
    """Makes the store and says where everything lies."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--image", default="")
    parser.add_argument("--embeddings", default="")
    options = parser.parse_args()
    try:
        told = _prepare(options.folder, options.image, options.embeddings)
    except EngineError as error:
        print(f"{error.message} {error.hint}", file=sys.stderr)
        return 1
    print(json.dumps(told))
    return 0


def _prepare(folder: Path, image: str, embeddings: str) -> dict:
    run = Run(report=lambda said: print(f"  {said.get('text', '')}", file=sys.stderr))
    if embeddings:
        store = folder / "stores" / Path(embeddings).stem
        find("embeddings.import")({"source": str(Path(embeddings).resolve()), "store": str(store)}, run)
        place, patches = _middle(store), store.with_name(f"{store.name} patches.gpkg")
        find("similarity.score")({"store": str(store), "like": [place], "output": str(patches)}, run)
        return {"store": str(store), "backdrop": str(patches), "place": place, "kind": ""}
    if image:
        store = folder / "stores" / Path(image).stem
        image = str(Path(image).resolve())
        find("embeddings.encode_image")({"image": image, "store": str(store)}, run)
        return {"store": str(store), "backdrop": image, "place": _middle(store), "kind": ""}
    made = find("landscape.generate")({"folder": str(folder / "landscape")}, run)
    store = folder / "stores" / "landscape"
    find("embeddings.encode_image")({"image": made["image"], "store": str(store)}, run)
    kind = next(kind for kind in made["kinds"] if kind["name"] == SHOWN)
    return {"store": str(store), "backdrop": made["image"], "place": [kind["lon"], kind["lat"]], "kind": SHOWN}


def _middle(store: Path) -> list[float]:
    """The centre of the patch that lies nearest the middle of a store's data."""
    opened = open_store(store)
    row = int((opened.directions @ opened.directions.mean(axis=0)).argmax())
    return [float(opened.lon[row]), float(opened.lat[row])]


if __name__ == "__main__":
    sys.exit(main())
