"""What setting up the engine would do, before anything is done."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from qgis.PyQt.QtCore import QCoreApplication

from ..environment import clean_environment, is_qgis_itself
from .base_python import OLDEST, BasePython, best, candidates
from .check import ask_python
from .child import module_command, run_child
from .diagnosis import without_logins
from .places import environment_folder, root, usable_environment
from .recipe import Recipe
from .sizes import GROWTH, package_sizes, readable

translate = QCoreApplication.translate


@dataclass(frozen=True)
class SetupPlan:
    """Everything a person should know before pressing the button, and everything the set-up needs to know then."""

    root: Path
    recipe: Recipe
    base: BasePython | None
    sizes: dict[str, int] = field(default_factory=dict)
    free_bytes: int = 0
    index: str = ""
    is_set_up: bool = False
    outdated: tuple[Path, ...] = ()
    is_writable: bool = True

    @property
    def environment(self) -> Path:
        """The folder of the environment."""
        return environment_folder(self.root, self.recipe.lock)

    @property
    def downloads(self) -> Path:
        """The folder that keeps downloads until a set-up has gone through."""
        return self.root / "downloads"

    @property
    def download_bytes(self) -> int:
        """What would be downloaded; 0 when unknown."""
        return sum(self.sizes.values())

    @property
    def installed_bytes(self) -> int:
        """About what it takes on disk in the end."""
        return int(self.download_bytes * GROWTH)

    @property
    def needed_bytes(self) -> int:
        """What must be free while it is made: the downloads, once more while unpacked, and the result."""
        return self.installed_bytes + 2 * self.download_bytes

    def obstacles(self) -> list[str]:
        """Sentences on why it cannot be done; empty when it can."""
        found = []
        if self.base is None:
            message = translate("EngineSetup", "No suitable Python was found: a 64-bit Python {oldest} or newer.")
            found.append(message.format(oldest=".".join(map(str, OLDEST))))
        elif not self.base.is_complete:
            message = translate(
                "EngineSetup",
                "Python {version} lacks “ensurepip”. On Debian and Ubuntu, “sudo apt install python{version}-venv” in "
                "a terminal brings it.",
            )
            found.append(message.format(version=self.base.short_version))
        if self.free_bytes and self.free_bytes < self.needed_bytes:
            message = translate("EngineSetup", "It takes {needed} on the disk for a while; only {free} are free there.")
            found.append(message.format(needed=readable(self.needed_bytes), free=readable(self.free_bytes)))
        if not self.is_writable:
            message = translate("EngineSetup", "The system does not let us write into “{folder}”.")
            found.append(message.format(folder=self.root))
        return found


def make_plan(
    recipe: Recipe | None = None,
    chosen_base: str = "",
    chosen_root: Path | None = None,
    is_cancelled: Callable[[], bool] = lambda: False,
) -> SetupPlan:
    """Looks around and plans; starts Pythons to ask them what they are, so not for the main thread."""
    recipe = recipe or Recipe()
    where = chosen_root or root()
    base = _base(chosen_base, is_cancelled)
    nearest = _nearest_folder(where)
    present = usable_environment(where, recipe.lock)
    target = environment_folder(where, recipe.lock)
    return SetupPlan(
        where,
        recipe,
        base,
        package_sizes(base.short_version, table=recipe.lock.with_name("download_sizes.csv")) if base else {},
        shutil.disk_usage(nearest).free,  # QStorageInfo knows nothing where the mount table does not show the folder
        _index(base, is_cancelled) if base else "",
        present is not None,
        tuple(folder for folder in environments_in(where) if folder != target),
        os.access(nearest, os.W_OK),
    )


def environments_in(where: Path) -> list[Path]:
    """Folders of environments, of whatever version and however complete."""
    parent = where / "engine"
    if not parent.is_dir():
        return []
    return sorted(folder for folder in parent.iterdir() if folder.is_dir() and _NAME.fullmatch(folder.name))


_NAME = re.compile(r"[0-9a-f]{12}(\.going-\w+)?")


def _base(chosen: str, is_cancelled: Callable[[], bool]) -> BasePython | None:
    programs = [chosen] if chosen else candidates()
    said = (ask_python(path, is_cancelled) for path in programs if not is_qgis_itself(path))
    # The first complete one ends the search; asking takes a moment each.
    known: list[BasePython] = []
    for python in said:
        if python is not None:
            known.append(python)
            if python.is_complete:
                break
    return best(known)


def _nearest_folder(where: Path) -> Path:
    return next(folder for folder in (where, *where.parents) if folder.is_dir())


def _index(base: BasePython, is_cancelled: Callable[[], bool]) -> str:
    """The address of the package index that pip is configured to use; empty for its default."""
    if not base.pip:  # a Python whose pip comes only with its environments cannot be asked
        return without_logins(clean_environment().value("PIP_INDEX_URL"))
    end = run_child(base.path, module_command("pip", "config", "list"), clean_environment(), is_cancelled, limit_s=30)
    found = re.findall(r"^(?::env:|global|install|user|site)\.index-url='([^']+)'", end.text, re.MULTILINE)
    return without_logins(found[-1]) if found else ""
