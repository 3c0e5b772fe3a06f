"""The demo: one command from nothing to similar places on the map.

With a display it opens QGIS, the plugin on, the demo project ready to be clicked. Without one it opens the real QGIS
window on a virtual screen and makes a person's clicks: dock, map tool, map, right, wrong, export.

    python3 demo/run.py [--image RASTER | --embeddings PARQUET]
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from demo.desktop import ROOT, DemoError, Person, Qgis
from tools import environments, package
from tools.clean_profile import CleanProfile
from tools.virtual_display import VirtualDisplay

OUT = ROOT / "build" / "demo"


def main() -> int:
    """Runs the demo; returns the exit status."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--image", default="", help="any raster that GDAL reads")
    parser.add_argument("--embeddings", default="", help="any embedding file (Parquet)")
    options = parser.parse_args()
    try:
        return _demo(options)
    except DemoError as error:
        print(f"The demo stopped: {error}", file=sys.stderr)
        return 1


def _demo(options: argparse.Namespace) -> int:
    OUT.mkdir(parents=True, exist_ok=True)
    say("Making the store")
    prepared = json.loads(_run(environments.ENGINE.python, "demo/prepare.py", OUT, *_data(options)))
    say("Packing the plugin and making the project")
    shutil.rmtree(OUT / "home", ignore_errors=True)
    profile = CleanProfile(OUT / "home").install(package.build())
    project = OUT / "demo.qgz"
    command = ["/usr/bin/python3", "demo/make_project.py", project, prepared["store"], prepared["backdrop"]]
    _run(*command, env=profile.environment())
    if os.environ.get("DISPLAY"):
        return _open(profile, project)
    return _act(profile, project, prepared)


def _open(profile: CleanProfile, project: Path) -> int:
    """QGIS for a person to click in."""
    say("Opening QGIS: press “Click an example” in the Copernicus toolbar, then click the map")
    # The profile has a home of its own, where the key to this display does not lie.
    key = os.environ.get("XAUTHORITY", str(Path.home() / ".Xauthority"))
    window = profile.start_qgis(os.environ["DISPLAY"], None, str(project), output=subprocess.DEVNULL, XAUTHORITY=key)
    return window.wait()


def _act(profile: CleanProfile, project: Path, prepared: dict) -> int:
    """A person's clicks on a virtual screen."""
    say("Opening QGIS on a virtual screen")
    exported, picture = OUT / "similar places.gpkg", OUT / "screenshot.png"
    exported.unlink(missing_ok=True)
    with VirtualDisplay() as screen:
        qgis = Qgis(profile, screen.name, str(project))
        try:
            table = click_through(qgis, Person(qgis, screen.name), prepared["place"], exported)
            time.sleep(1.5)  # the last pictures of the results are still being drawn
            screen.picture(picture)
        except DemoError:
            screen.picture(OUT / "stopped.png")
            raise
        finally:
            qgis.close()
    _tell(prepared, table, exported, picture)
    return 0


def click_through(qgis: Qgis, person: Person, place: list[float], exported: Path) -> dict:
    """Opens the dock from the toolbar, picks the tool, clicks the map, marks one result right and one wrong, exports.

    Returns the table of results as it stands in the dock.
    """
    qgis.wait("QGIS to open", lambda seen: seen["visible"] and "cdse_qgis_plugin" in seen["plugins"], "ready", 120)
    qgis.wait("the project", lambda seen: seen["layers"] is not None and not seen["drawing"], "ready", 60)
    person.settle("place", lon=place[0], lat=place[1])
    say("Opening the dock from the toolbar")
    person.click("action", name="copernicus_similarity")
    qgis.wait("the dock", lambda seen: True, "widget", name="CopernicusSimilarityDock")
    say("Picking the map tool and clicking the map")
    person.click("widget", name="exampleToolButton")
    qgis.wait("the map tool", lambda seen: seen["tool"] == "ExampleTool", "tool")
    lon, lat = place
    person.settle("place", lon=lon, lat=lat)
    began = time.monotonic()
    person.click("place", lon=lon, lat=lat)
    qgis.wait("the results", lambda seen: len(seen["rows"]) > 3, "table", name="resultsTable")
    say(f"Results after {time.monotonic() - began:.1f} s, the mouse's own time included")
    say("Marking the first result right and the last one wrong")
    before = qgis.see("table", name="resultsTable")["rows"]
    person.settle("row", name="resultsTable", row=0, column=1)
    person.click("row", name="resultsTable", row=0, column=1)
    person.click("widget", name="rightButton")
    qgis.wait("the list to change", lambda seen: seen["rows"] != before, "table", name="resultsTable")
    before = qgis.see("table", name="resultsTable")["rows"]
    person.click("row", name="resultsTable", row=len(before) - 1, column=1)
    person.click("widget", name="wrongButton")
    qgis.wait("the list to change", lambda seen: seen["rows"] != before, "table", name="resultsTable")
    table = qgis.see("table", name="resultsTable")
    say("Exporting")
    person.click("widget", name="exportButton")
    qgis.wait("the file dialog", lambda seen: seen["titles"], "dialogs")
    person.press("ctrl+a")
    person.type(str(exported))
    person.press("Return")
    end = time.monotonic() + 30
    while not exported.exists():
        if time.monotonic() > end:
            raise DemoError(f"{exported} was not written.")
        time.sleep(0.2)
    return table


def _tell(prepared: dict, table: dict, exported: Path, picture: Path) -> None:
    """The ranked table, and where everything lies."""
    shown = [table["header"], *table["rows"][:20]]
    keep = [i for i in range(len(table["header"])) if any(row[i] for row in table["rows"])]
    widths = [max(len(row[i]) for row in shown) for i in keep]
    print()
    for row in shown:
        print("  " + "  ".join(row[i].ljust(width) for i, width in zip(keep, widths)).rstrip())
    print()
    clicked = "latitude {1:.5f}, longitude {0:.5f}".format(*prepared["place"]) + (
        f" ({prepared['kind']})" if prepared["kind"] else ""
    )
    for what, where in (
        ("clicked", clicked),
        ("backdrop", prepared["backdrop"]),
        ("store", prepared["store"]),
        ("exported", exported),
        ("screenshot", picture),
        ("project", OUT / "demo.qgz"),
    ):
        print(f"  {what:<11}{where}")


def _data(options: argparse.Namespace) -> list[str]:
    if options.image and options.embeddings:
        raise DemoError("give IMAGE or EMBEDDINGS, not both.")
    for path in (options.image, options.embeddings):
        if path and not Path(path).exists():
            raise DemoError(f"there is no file “{path}”.")
    return [
        word
        for name in ("image", "embeddings")
        if getattr(options, name)
        for word in (f"--{name}", getattr(options, name))
    ]


def _run(*command: object, env: dict[str, str] | None = None) -> str:
    """Runs a step and returns what it printed; its complaints go to the terminal."""
    finished = subprocess.run([str(word) for word in command], cwd=ROOT, env=env, stdout=subprocess.PIPE, text=True)
    if finished.returncode:
        raise DemoError(f"“{' '.join(str(word) for word in command[:3])}” failed with status {finished.returncode}.")
    return finished.stdout


def say(what: str) -> None:
    """Tells what happens now."""
    print(f"· {what}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
