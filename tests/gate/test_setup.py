"""Setting up: what apt is told on which system, and environments that are whole or made anew."""

from __future__ import annotations

import hashlib
import re
import stat
import sys
import zipfile
from pathlib import Path

import pytest

from tools import apt_sources, environments, setup, system_packages
from tools.system_packages import SetupProblem

DEB822 = """\
# A comment
Types: deb deb-src
URIs: http://mirror.example/debian
Suites: bookworm bookworm-updates
Components: main contrib
Signed-By:
 -----BEGIN PGP PUBLIC KEY BLOCK-----
 .
 mQINBF
 -----END PGP PUBLIC KEY BLOCK-----

Types: deb
URIs: http://mirror.example/debian-security
Suites: bookworm-security
Components: main
Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg

Types: deb
URIs: http://elsewhere.example/tools
Suites: bookworm
Components: main
Enabled: no
"""
ONE_LINE = """\
# deb http://old.example/debian bookworm main
deb-src http://mirror.example/debian bookworm main
deb [ signed-by=/etc/keys/debian.gpg arch=amd64,arm64 ] http://mirror.example/debian bookworm main  # the mirror
deb http://mirror.example/debian bookworm-backports main
"""


def test_the_mirror_is_found_in_deb822_and_keeps_its_key():
    sources = apt_sources.parse_deb822(DEB822)
    assert len(sources) == 2  # the disabled one is not read
    paragraph = apt_sources.mirror_of(sources, "bookworm").with_suite("bookworm-backports")
    (written,) = apt_sources.parse_deb822(paragraph)
    assert written.uris == ("http://mirror.example/debian",)
    assert written.suites == ("bookworm-backports",)
    assert "mQINBF" in written.options["Signed-By"]
    assert apt_sources.mirror_of(sources, "trixie") is None


def test_the_mirror_is_found_in_one_line_sources_and_keeps_its_options():
    sources = apt_sources.parse_one_line(ONE_LINE)
    assert [source.suites for source in sources] == [("bookworm",), ("bookworm-backports",)]
    mirror = apt_sources.mirror_of(sources, "bookworm")
    assert mirror.options == {"Signed-By": "/etc/keys/debian.gpg", "Architectures": "amd64 arm64"}
    assert apt_sources.has_suite(sources, "bookworm-backports")


def test_sources_of_every_kind_of_file_are_read(tmp_path):
    (tmp_path / "sources.list.d").mkdir()
    (tmp_path / "sources.list").write_text("deb http://a.example/debian bookworm main\n")
    (tmp_path / "sources.list.d" / "b.list").write_text("deb http://b.example/debian bookworm main\n")
    (tmp_path / "sources.list.d" / "c.sources").write_text(DEB822)
    (tmp_path / "sources.list.d" / "d.sources.disabled").write_text(DEB822)
    assert len(apt_sources.read_sources(tmp_path)) == 4


@pytest.mark.parametrize(
    ("version", "expected"),
    [
        ("3.40.6+dfsg-1~bpo12+1", True),
        ("1:3.44.15+40noble", True),
        ("4.2.0+dfsg-1", True),
        ("3.22.16+dfsg-1", False),
        ("3.9.0", False),
        ("(none)", False),
        ("", False),
    ],
)
def test_which_qgis_is_new_enough(version, expected):
    assert system_packages.new_enough(version) is expected


class Machine:
    """A system with an apt that only writes down what it is told, and offers the QGIS of a release."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch):
        self.apt = folder / "apt"
        self.log = folder / "log"
        self.log.touch()
        self._programs = folder / "bin"
        self._release = folder / "os-release"
        for made in (self.apt / "sources.list.d", self._programs):
            made.mkdir(parents=True)
        self._program("apt-get", f'echo "$@" >> "{self.log}"; [ ! -e "{folder}/broken" ]')
        monkeypatch.setenv("PATH", f"{self._programs}:/usr/bin:/bin")
        monkeypatch.setattr(apt_sources, "APT", self.apt)
        monkeypatch.setattr(system_packages, "os_release", lambda: original(self._release))
        monkeypatch.setattr(system_packages.os, "geteuid", lambda: 0)

    def is_a(self, release: str, plain: str, backports: str = "") -> None:
        """Sets what the system is and which versions of QGIS its archives have."""
        self._release.write_text(release)
        script = f'case "$*" in *-backports*) echo "  Candidate: {backports}";; *) echo "  Candidate: {plain}";; esac'
        self._program("apt-cache", script)

    def _program(self, name: str, script: str) -> None:
        path = self._programs / name
        path.write_text(f"#!/bin/sh\n{script}\n")
        path.chmod(path.stat().st_mode | stat.S_IXUSR)

    @property
    def installed(self) -> list[str]:
        """Arguments of the one call that installs."""
        (line,) = [line for line in self.log.read_text().splitlines() if " install " in line]
        return line.partition(" install ")[2].split()


original = system_packages.os_release
BOOKWORM = 'ID=debian\nVERSION_CODENAME=bookworm\nPRETTY_NAME="Debian GNU/Linux 12 (bookworm)"\n'
TRIXIE = 'ID=debian\nVERSION_CODENAME=trixie\nPRETTY_NAME="Debian GNU/Linux 13 (trixie)"\n'
NOBLE = 'ID=ubuntu\nVERSION_CODENAME=noble\nPRETTY_NAME="Ubuntu 24.04.1 LTS"\n'


@pytest.fixture
def machine(tmp_path, monkeypatch) -> Machine:
    return Machine(tmp_path, monkeypatch)


def test_on_bookworm_the_backports_of_the_same_mirror_are_added_and_used(machine):
    machine.is_a(BOOKWORM, "3.22.16+dfsg-1", "3.40.6+dfsg-1~bpo12+1")
    (machine.apt / "sources.list.d" / "debian.sources").write_text(DEB822)
    system_packages._install(["qgis", "xvfb"])
    (added,) = apt_sources.parse_deb822((machine.apt / "sources.list.d/bookworm-backports.sources").read_text())
    assert added.uris == ("http://mirror.example/debian",) and added.suites == ("bookworm-backports",)
    assert machine.installed[-4:] == ["-t", "bookworm-backports", "qgis", "xvfb"]
    assert "--no-install-recommends" in machine.installed


def test_backports_that_are_there_already_are_not_added_again(machine):
    machine.is_a(BOOKWORM, "3.22.16+dfsg-1", "3.40.6+dfsg-1~bpo12+1")
    (machine.apt / "sources.list").write_text(ONE_LINE)
    system_packages._install(["qgis"])
    assert not (machine.apt / "sources.list.d/bookworm-backports.sources").exists()
    assert machine.installed[-3:] == ["-t", "bookworm-backports", "qgis"]


def test_where_the_release_has_a_qgis_that_is_new_enough_it_is_taken(machine):
    machine.is_a(TRIXIE, "3.40.6+dfsg-1")
    system_packages._install(["qgis"])
    assert "-t" not in machine.installed


def test_tools_alone_come_without_a_look_at_qgis(machine):
    machine.is_a(BOOKWORM, "3.22.16+dfsg-1")
    system_packages._install(["xvfb"])
    assert machine.installed[-1] == "xvfb" and "-t" not in machine.installed


def test_a_system_without_a_new_enough_qgis_gets_a_sentence(machine):
    machine.is_a(NOBLE, "3.34.4+dfsg-1build1")
    with pytest.raises(SetupProblem, match=r"Ubuntu 24\.04\.1 LTS has no QGIS 3\.40.*qgis\.org"):
        system_packages._install(["qgis"])


def test_an_apt_without_a_mirror_gets_a_sentence(machine):
    machine.is_a(BOOKWORM, "3.22.16+dfsg-1", "3.40.6+dfsg-1~bpo12+1")
    with pytest.raises(SetupProblem, match="bookworm-backports"):
        system_packages._install(["qgis"])


def test_an_apt_that_fails_gets_a_sentence(machine, tmp_path):
    machine.is_a(TRIXIE, "3.40.6+dfsg-1")
    (tmp_path / "broken").touch()
    with pytest.raises(SetupProblem, match="goes on where it stopped"):
        system_packages._install(["qgis"])


def test_without_root_the_command_to_run_is_said(machine, monkeypatch, capsys):
    machine.is_a(BOOKWORM, "3.22.16+dfsg-1")
    monkeypatch.setattr(system_packages.os, "geteuid", lambda: 1000)
    monkeypatch.setattr(system_packages, "qgis_python", lambda: None)
    assert setup.main([]) == 1
    assert system_packages.SYSTEM_COMMAND in capsys.readouterr().err
    assert machine.log.read_text() == ""


def test_a_machine_with_everything_installs_nothing(machine, monkeypatch):
    monkeypatch.setattr(system_packages, "DESKTOP_PACKAGES", {"xvfb": "sh"})
    assert system_packages.ensure() == system_packages.qgis_python()
    assert machine.log.read_text() == ""


def test_what_only_a_screenless_machine_needs_is_no_obstacle(machine, monkeypatch, capsys):
    monkeypatch.setattr(system_packages, "DESKTOP_PACKAGES", {"xvfb": "no-program-of-that-name"})
    monkeypatch.setattr(system_packages.os, "geteuid", lambda: 1000)
    assert system_packages.ensure()
    assert "Not installed: xvfb" in capsys.readouterr().out


def test_this_machine_has_what_is_needed():
    # The suite runs on QGIS's Python, so a probe that does not see it is wrong.
    python = system_packages.qgis_python()
    assert system_packages.qgis_version(python) >= system_packages.OLDEST_QGIS
    assert not set(system_packages.missing(python)) & set(system_packages.QGIS_PACKAGES)
    assert set(system_packages.QGIS_PACKAGES) <= set(system_packages.missing(None))


def _wheel(folder: Path) -> Path:
    path = folder / "brick-1.0-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as wheel:
        wheel.writestr("brick.py", "RED = True\n")
        wheel.writestr("brick-1.0.dist-info/METADATA", "Metadata-Version: 2.1\nName: brick\nVersion: 1.0\n")
        wheel.writestr("brick-1.0.dist-info/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        wheel.writestr("brick-1.0.dist-info/RECORD", "")
    return path


@pytest.fixture
def environment(tmp_path) -> environments.Environment:
    """An environment of one wheel, locked with its hash."""
    wheel = _wheel(tmp_path)
    digest = hashlib.sha256(wheel.read_bytes()).hexdigest()
    lock = tmp_path / "brick.lock"
    lock.write_text(f"--no-index\n--find-links {tmp_path}\nbrick==1.0 --hash=sha256:{digest}\n")
    return environments.Environment("small", (str(lock),), folder=tmp_path / "venvs")


def test_an_environment_is_made_once_and_anew_when_interrupted_or_when_the_lock_changes(environment):
    python = sys._base_executable
    assert environment.make(python) is True
    assert list(environment.path.glob("lib/python3*/site-packages/brick.py"))
    assert environment.make(python) is False

    leftover = environment.path / "leftover"
    leftover.touch()
    (environment.path / "complete").unlink()  # as if it had been interrupted
    assert environment.make(python) is True
    assert not leftover.exists()

    lock = Path(environment.locks[0])
    lock.write_text(lock.read_text() + "# changed\n")
    assert environment.is_complete(python) is False


def test_a_package_with_another_hash_is_refused_and_nothing_counts_as_complete(environment):
    lock = Path(environment.locks[0])
    lock.write_text(re.sub("sha256:.*", f"sha256:{'0' * 64}", lock.read_text()))
    with pytest.raises(SetupProblem, match="run make again"):
        environment.make(sys._base_executable)
    assert environment.is_complete(sys._base_executable) is False


def test_an_environment_whose_interpreter_went_away_is_not_complete(environment):
    python = sys._base_executable
    environment.path.mkdir(parents=True)
    environment.mark_complete(python)
    assert environment.is_complete(python) is False


def test_the_lock_files_carry_a_hash_for_every_requirement():
    for lock in {*environments.ENGINE.locks, *environments.QGIS.locks}:
        lines = (environments.ROOT / lock).read_text(encoding="utf-8").splitlines()
        for number, line in enumerate(lines):
            if "==" in line and not line.lstrip().startswith("#"):
                assert "--hash=sha256:" in lines[number + 1], f"{lock}: {line}"


def test_a_python_that_is_too_old_gets_a_sentence(monkeypatch):
    monkeypatch.setattr(environments, "OLDEST_ENGINE_PYTHON", (3, 99))
    with pytest.raises(SetupProblem, match=r"needs Python 3\.99 or newer"):
        environments.engine_python()
