"""Setting up an engine for real: a venv, pip, and a package index on this computer that misbehaves on demand."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import textwrap
import threading
import time
import venv
from dataclasses import replace
from pathlib import Path

import pytest
from qgis.core import QgsApplication
from qgis.PyQt.QtWidgets import QMessageBox, QPushButton

from cdse_qgis_plugin.engine_link.call import CallFailed
from cdse_qgis_plugin.engine_link.environment import clean_environment
from cdse_qgis_plugin.engine_link.link import EngineLink
from cdse_qgis_plugin.engine_link.live_work import end_all
from cdse_qgis_plugin.engine_link.setup import places
from cdse_qgis_plugin.engine_link.setup.child import module_command, run_child
from cdse_qgis_plugin.engine_link.setup.control import SetupControl
from cdse_qgis_plugin.engine_link.setup.installer import Installer, only_one, remove_engine
from cdse_qgis_plugin.engine_link.setup.packages import Packages
from cdse_qgis_plugin.engine_link.setup.plan import SetupPlan, make_plan
from cdse_qgis_plugin.engine_link.setup.recipe import Recipe
from cdse_qgis_plugin.pages.setup_page import SetupPage
from cdse_qgis_plugin.settings import Settings

from ..own_settings import keep_settings_in
from .package_index import PackageIndex

# An engine small enough to be made in a second: it speaks the wire, and needs the packages of the index to do so.
SMALL_ENGINE = """
    import json, sys
    import alpha, beta
    if sys.argv[1] == "serve":
        hello = {"type": "hello", "protocol": 1, "engine": alpha.VERSION, "python": "3", "pid": 1}
        print(json.dumps(hello), flush=True)
        sys.stdin.read()
    elif beta.WORKS:
        print(json.dumps([{"name": "alpha.work"}]))
    else:
        sys.exit("beta is broken")
"""


@pytest.fixture
def index(monkeypatch):
    """A package index that pip is configured to use, and no other."""
    for name in [name for name in os.environ if name.upper().startswith("PIP_") or name.upper().endswith("_PROXY")]:
        monkeypatch.delenv(name)
    served = PackageIndex()
    served.add("alpha", code="VERSION = '7.0'")
    served.add("beta", code="WORKS = True", ballast=3_000_000)
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("PIP_INDEX_URL", served.address)
    # pip keeps files of hosts that it trusts, and plain HTTP is not among those by itself.
    monkeypatch.setenv("PIP_TRUSTED_HOST", served.address.split("/")[2])
    monkeypatch.setenv("PIP_RETRIES", "1")
    yield served
    served.close()


@pytest.fixture
def recipe(qgis_app, index, tmp_path) -> Recipe:
    """What the small engine is made of."""
    folder = tmp_path / "small engine"
    folder.mkdir()
    (folder / "__main__.py").write_text(textwrap.dedent(SMALL_ENGINE), encoding="utf-8")
    (folder / "requirements.lock").write_text(index.lock(), encoding="utf-8")
    rows = [
        f"{name},1.0,linux,{v},{len(made)}" for name, made in index.wheels.items() for v in ("3.11", "3.12", "3.13")
    ]
    table = "\n".join(["package,version,platform,python,bytes", *rows])
    (folder / "download_sizes.csv").write_text(table, encoding="utf-8")
    return Recipe(folder / "requirements.lock", folder / "__main__.py", "7.0")


@pytest.fixture
def root(tmp_path) -> Path:
    """Where environments are made; with a space and letters beyond ASCII, as in many a user's name."""
    return tmp_path / "Zoë's data" / "copernicus-ai"


@pytest.fixture
def plan(recipe, root) -> SetupPlan:
    """The plan, made by looking at this computer."""
    made = make_plan(recipe, chosen_root=root)
    assert made.obstacles() == []
    return made


def failure_of(plan: SetupPlan, **heard) -> CallFailed:
    """How a set-up by this plan fails."""
    with pytest.raises(CallFailed) as refusal:
        Installer(plan, **heard).run()
    return refusal.value


def leftovers(plan: SetupPlan) -> list[str]:
    """What lies in the folder of environments."""
    return sorted(path.name for path in plan.environment.parent.glob("*"))


def test_the_plan_says_what_would_happen(plan, index, root):
    assert plan.download_bytes == sum(map(len, index.wheels.values()))
    assert plan.index == index.address
    assert plan.free_bytes > plan.needed_bytes > plan.installed_bytes > plan.download_bytes
    assert plan.environment.parent.parent == root
    assert plan.base.is_complete
    assert not plan.is_set_up
    assert not root.exists()  # planning touches nothing


def test_a_set_up_goes_through_is_repaired_and_removed(plan, recipe, root):
    steps, lines = [], []
    environment = Installer(plan, lambda share, text: steps.append((share, text)), lines.append).run()
    assert environment == plan.environment == places.usable_environment(root, recipe.lock)
    shares = [share for share, _ in steps]
    assert shares == sorted(shares)
    assert (shares[0], shares[-1]) == (0.0, 1.0)
    assert any("Successfully installed" in line for line in lines)
    assert sorted(path.name for path in root.iterdir()) == ["engine"]
    assert leftovers(plan) == [environment.name]
    marker = places.read_marker(environment)
    assert (marker["engine"], marker["lock"]) == ("7.0", places.lock_digest(recipe.lock))

    older = environment.with_name("0123456789ab")
    older.mkdir()
    module = next(environment.rglob("alpha/__init__.py"))
    module.unlink()
    again = make_plan(recipe, chosen_root=root)
    assert again.is_set_up
    assert again.outdated == (older,)
    Installer(again).run()
    assert module.is_file()
    assert leftovers(plan) == [environment.name]

    assert remove_engine(root) == 1
    assert places.usable_environment(root, recipe.lock) is None
    assert not environment.exists()
    assert remove_engine(root) == 0


def test_a_set_up_that_is_stopped_and_then_broken_resumes_and_is_never_half_usable(plan, index, recipe, root):
    index.held.add("beta")
    steps, lines = [], []
    failure = failure_of(plan, report=lambda *step: steps.append(step), is_cancelled=index.half_sent.is_set)
    assert failure.code == "cancelled"
    assert places.usable_environment(root, recipe.lock) is None
    assert leftovers(plan) == []
    assert index.sent_whole == ["alpha"]

    index.heal()
    index.go_on.set()
    index.cut.add("beta")
    failure = failure_of(plan, log=lines.append)
    assert failure.code in ("setup_hash", "setup_no_network")  # which one depends on the version of pip
    assert "cut off" in failure.message or "broke off" in failure.message
    assert "127.0.0.1" in failure.details
    assert any("Using cached" in line and "alpha" in line for line in lines)
    assert places.usable_environment(root, recipe.lock) is None
    assert leftovers(plan) == []

    index.heal()
    Installer(plan).run()
    assert index.sent_whole == ["alpha", "beta"]  # each came once, in spite of three tries
    assert places.usable_environment(root, recipe.lock)


def test_a_cancel_while_the_environment_is_made_ends_every_process(plan, recipe, root):
    seen = []

    def is_cancelled():
        # Late enough for venv to have started the processes of ensurepip.
        seen.extend(_processes_with(str(plan.environment)))
        return len(set(seen)) >= 2

    assert failure_of(plan, is_cancelled=is_cancelled).code == "cancelled"
    deadline = time.monotonic() + 3
    while _processes_with(str(plan.environment)) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert _processes_with(str(plan.environment)) == []
    assert leftovers(plan) == []


def test_a_set_up_ends_when_the_plugin_goes(plan, index, recipe, root):
    index.held.add("beta")
    failures = []
    thread = threading.Thread(target=lambda: failures.append(failure_of(plan)))
    thread.start()
    assert index.half_sent.wait(60)
    began = time.monotonic()
    end_all()
    assert time.monotonic() - began < 2
    assert _processes_with(str(plan.environment)) == []
    thread.join(10)
    assert [failure.code for failure in failures] == ["cancelled"]
    assert places.usable_environment(root, recipe.lock) is None


@pytest.fixture(scope="module")
def bare_environment(tmp_path_factory) -> Path:
    """An environment with pip and nothing else, made once."""
    folder = tmp_path_factory.mktemp("bare") / "environment"
    venv.create(folder, with_pip=True)
    return folder


@pytest.fixture
def bare(plan, bare_environment) -> SetupPlan:
    """The plan with its environment made and still without packages."""
    plan.environment.parent.mkdir(parents=True)
    plan.environment.symlink_to(bare_environment, target_is_directory=True)
    yield plan
    packages = plan.environment / "lib" / f"python{plan.base.short_version}" / "site-packages"
    for name in ("alpha", "beta"):
        for left in packages.glob(f"{name}*"):
            shutil.rmtree(left)


def refusal_of(plan: SetupPlan) -> CallFailed:
    """How pip fails by this plan."""
    with pytest.raises(CallFailed) as refusal:
        Packages(plan).install()
    return refusal.value


@pytest.mark.parametrize(
    ("fault", "code", "words"),
    [
        ("missing", "setup_no_wheel", "no ready-made file"),
        ("swapped", "setup_hash", "changed on the way"),
        ("refused", "setup_refused", "refuses"),
    ],
)
def test_a_fault_of_the_index_is_recognised(bare, index, fault, code, words):
    getattr(index, fault).add("alpha")
    failure = refusal_of(bare)
    assert failure.code == code, failure.details
    assert words in failure.message
    assert "Nothing was changed in QGIS" in failure.message
    assert failure.hint
    index.heal()
    Packages(bare).install()  # what was wrong is not kept


def test_no_index_at_all_is_a_matter_of_the_network(bare, index):
    index.close()
    failure = refusal_of(bare)
    assert failure.code == "setup_no_network", failure.details


def test_a_package_that_nobody_has_is_named(bare, index, recipe, bare_environment):
    recipe.lock.write_text(index.lock("gamma==1.0 --hash=sha256:" + "0" * 64), encoding="utf-8")
    bare.environment.symlink_to(bare_environment, target_is_directory=True)  # another lock, another environment
    failure = refusal_of(bare)
    assert failure.code == "setup_no_wheel"
    assert "gamma" in failure.message


def test_progress_counts_megabytes_within_a_file(bare, index):
    index.held.add("beta")
    texts = []

    def hear(share, text):
        texts.append(text)
        if "1.5 MB of 3.0 MB" in text:
            index.go_on.set()

    Packages(bare, hear).install()
    assert "Downloading beta: 1.5 MB of 3.0 MB" in texts
    assert any(text.startswith("Putting 2 packages") for text in texts)


def test_an_engine_that_does_not_start_on_what_was_installed_is_not_usable(plan, recipe, root):
    recipe.main.write_text("import delta", encoding="utf-8")
    failure = failure_of(plan)
    assert failure.code == "engine_missing"
    assert "delta" in failure.message
    assert places.usable_environment(root, recipe.lock) is None
    assert leftovers(plan) == []


def test_a_person_sets_it_up_stops_it_sets_it_up_again_and_removes_it(recipe, index, root, monkeypatch, tmp_path):
    """Through the page and QGIS's own tasks, as with the mouse."""
    keep_settings_in(tmp_path / "settings")
    Settings().engine_folder = str(root)
    link = EngineLink()
    link._set_up = control = SetupControl(link, recipe)
    page = SetupPage(link)
    page.show()
    said = []
    for signal_ in (control.finished, control.stopped, control.failed):
        signal_.connect(said.append)
    go, cancel = (page.findChild(QPushButton, name) for name in ("setUpButton", "cancelButton"))
    try:
        index.held.add("beta")
        _wait(go.isEnabled)
        go.click()
        assert control.is_busy
        assert not go.isEnabled()
        _wait(lambda: "Downloading beta" in control.last_progress[1])
        cancel.click()
        _wait(lambda: said and not control.doing)
        assert "Stopped." in said.pop()
        assert "Downloading" in control.log()
        index.heal()
        index.go_on.set()
        _wait(go.isEnabled)
        go.click()
        _wait(lambda: said and not control.doing)
        assert "set up and ready" in said.pop()
        assert places.usable_environment(root, recipe.lock)
        assert go.text() == "Repair engine"
        monkeypatch.setattr(QMessageBox, "question", lambda *_: QMessageBox.StandardButton.Yes)
        page.findChild(QPushButton, "removeEngineButton").click()
        _wait(lambda: said and not control.doing)
        assert "removed" in said.pop()
        assert list(root.iterdir()) == []
    finally:
        page.close()
        link.close()


def _wait(condition, seconds: float = 60) -> None:
    """Runs the event loop until the condition holds."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        QgsApplication.processEvents()
        time.sleep(0.005)


def test_two_windows_do_not_set_up_at_the_same_time(plan, root):
    with only_one(root):
        failure = failure_of(plan)
    assert failure.code == "setup_elsewhere"
    assert "Another QGIS window" in failure.message


def test_a_folder_that_may_not_be_written_is_told_before_anything_is_done(recipe, tmp_path):
    (tmp_path / "a file").write_text("")
    failure = failure_of(make_plan(recipe, chosen_root=tmp_path / "a file" / "below it"))
    assert failure.code in ("setup_permission", "setup_failed")
    assert "“" in failure.message or failure.hint


def test_too_small_a_disk_is_told_before_anything_is_done(plan, index):
    failure = failure_of(replace(plan, free_bytes=1000))
    assert failure.code == "setup_impossible"
    assert "only 1.0 kB are free" in failure.message
    assert index.sent_whole == []


QGIS = """
import subprocess, sys, time
from cdse_qgis_plugin.engine_link.setup.child import module_command
work = "import subprocess; subprocess.run(['sleep', '97'])"
command = [sys.executable, *module_command("timeit", "-n1", "-r1", work)]
print(subprocess.Popen(command, stdin=subprocess.PIPE).pid, flush=True)
time.sleep(60)
"""


def test_a_child_goes_when_qgis_is_killed():
    """Not even kill -9 leaves pip behind: its stdin closes, and its whole group ends."""
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    qgis = subprocess.Popen([sys.executable, "-c", QGIS], stdout=subprocess.PIPE, text=True, env=environment)
    group = int(qgis.stdout.readline())
    deadline = time.monotonic() + 10
    while len(_group(group)) < 2 and time.monotonic() < deadline:
        time.sleep(0.05)
    assert len(_group(group)) == 2
    qgis.send_signal(signal.SIGKILL)
    qgis.wait()
    while _group(group) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert _group(group) == []


def test_a_child_that_takes_too_long_is_ended(qgis_app):
    began = time.monotonic()
    end = run_child(
        sys.executable, ["-c", "import time; print('here', flush=True); time.sleep(60)"], clean_environment(), limit_s=1
    )
    assert (end.good, end.text) == (False, "here")
    assert time.monotonic() - began < 5


def test_a_program_that_is_none_has_crashed(qgis_app):
    assert not run_child("/no/such/python", module_command("pip"), clean_environment()).good


def _processes_with(text: str) -> list[int]:
    """Ids of processes, other than this one, whose command line contains the text."""
    found = []
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit() and int(folder.name) != os.getpid():
            try:
                command = (folder / "cmdline").read_bytes().decode(errors="replace")
            except OSError:
                continue
            if text in command:
                found.append(int(folder.name))
    return found


def _group(number: int) -> list[int]:
    """Ids of the living processes of a process group."""
    found = []
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            try:
                fields = (folder / "stat").read_text(errors="replace").rpartition(")")[2].split()
            except OSError:
                continue
            if int(fields[2]) == number and fields[0] != "Z":
                found.append(int(folder.name))
    return found
