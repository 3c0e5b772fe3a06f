"""Why setting up an engine failed, recognised in what venv and pip wrote, with what to do about it."""

from __future__ import annotations

import re
from dataclasses import dataclass

from qgis.PyQt.QtCore import QCoreApplication

from ..call import CallFailed

translate = QCoreApplication.translate

_LOGIN = re.compile(r"(?<=://)[^/\s:@]+:[^/\s@]+@")


@dataclass(frozen=True)
class _Cause:
    """A known cause: its code and what gives it away. The earlier in the list, the surer the sign."""

    code: str
    sign: re.Pattern


def _cause(code: str, *signs: str) -> _Cause:
    return _Cause(code, re.compile("|".join(signs), re.IGNORECASE))


_CAUSES = (
    _cause("setup_disk_full", r"No space left", r"Errno 28\b", r"WinError 112\b", r"not enough space on the disk",
           r"Disk quota exceeded", r"Errno 122\b"),
    _cause("setup_antivirus", r"WinError 225\b", r"contains a virus", r"potentially unwanted software"),
    _cause("setup_policy", r"WinError (1260|4551)\b", r"blocked by group policy", r"Application Control policy"),
    _cause("setup_file_in_use", r"WinError 32\b", r"used by another process", r"Errno 26\b", r"Text file busy"),
    _cause("setup_path_too_long", r"WinError 206\b", r"File name too long", r"Errno 36\b", r"Long Path support"),
    _cause("setup_proxy_login", r"\b407\b.{0,40}Proxy Authentication", r"Tunnel connection failed: 407"),
    _cause("setup_proxy", r"ProxyError", r"Cannot connect to proxy", r"Tunnel connection failed",
           r"Missing dependencies for SOCKS support"),
    _cause("setup_tls", r"CERTIFICATE_VERIFY_FAILED", r"certificate verify failed", r"SSLError", r"\bssl\.\w*Error",
           r"SSL module is not available"),
    _cause("setup_hash", r"DO NOT MATCH THE HASHES"),
    _cause("setup_no_venv", r"ensurepip is not available", r"No module named '?(venv|ensurepip)\b",
           r"python3[.\d]*-venv"),
    _cause("setup_no_pip", r"No module named '?pip\b"),
    _cause("setup_refused", r"\b(401|403|451) (Client )?Error", r"HTTP error (401|403|451)\b", r"User for .*:"),
    _cause("setup_server", r"\b5\d\d Server Error", r"HTTP error 5\d\d\b", r"too many 5\d\d error"),
    _cause("setup_no_network", r"Name or service not known", r"Temporary failure in name resolution",
           r"getaddrinfo failed", r"nodename nor servname", r"Network is unreachable", r"No route to host",
           r"Connection refused", r"actively refused", r"Failed to establish a new connection",
           r"Connect(ion)?Timeout", r"Connection timed out", r"Read(Timeout| timed out)",
           r"RemoteDisconnected", r"Connection aborted", r"Connection reset", r"IncompleteRead",
           r"Connection broken", r"ChunkedEncodingError", r"Download failed"),
    _cause("setup_no_wheel", r"No matching distribution found", r"Could not find a version that satisfies",
           r"is not a supported wheel", r"\b404 Client Error", r"HTTP error 404\b"),
    _cause("setup_permission", r"Permission denied", r"Errno 13\b", r"WinError 5\b", r"Access is denied",
           r"Read-only file system", r"Errno 30\b", r"Operation not permitted"),
    _cause("setup_memory", r"\bMemoryError\b", r"Cannot allocate memory", r"\bKilled\b"),
)  # fmt: skip


def diagnose(step: str, output: str) -> CallFailed:
    """The failure of a step, in words, from what it wrote; ``step`` says in words what was being done.

    The details hold the end of the output, without the login of a proxy or an index.
    """
    details = without_logins(output)[-8000:]
    for cause in _CAUSES:
        found = cause.sign.search(output)
        if found:
            message, hint = _words(cause.code, output)
            return CallFailed(cause.code, f"{message} {_kept()}", hint, details)
    message = translate("EngineSetup", "{step} did not work, for a reason we do not know.").format(step=step)
    hint = translate("EngineSetup", "Open “Details”: the last lines say what happened. Then try again, or report them.")
    return CallFailed("setup_failed", f"{message} {_kept()}", hint, details)


def without_logins(text: str) -> str:
    """The same text with the name and password of every address blotted out."""
    return _LOGIN.sub("•••@", text)


def _kept() -> str:
    return translate("EngineSetup", "Nothing was changed in QGIS; what was downloaded is kept for the next try.")


def _named(output: str) -> str:
    """The package that pip could not find, if it says so."""
    found = re.search(r"(?:No matching distribution found for|satisfies the requirement) ([\w.\-]+)", output)
    return found.group(1) if found else translate("EngineSetup", "a package")


def _venv_package(output: str) -> str:
    """The system package that Debian asks for, if it says so."""
    found = re.search(r"python3[.\d]*-venv", output)
    return found.group(0) if found else "python3-venv"


def _words(code: str, output: str) -> tuple[str, str]:
    """What happened, and what to do."""
    if code == "setup_no_wheel":
        return (
            translate(
                "EngineSetup", "The package index has no ready-made file of “{name}” for this Python and this system."
            ).format(name=_named(output)),
            translate(
                "EngineSetup",
                "Choose another Python (3.11 to 3.13 are the safest), or ask whoever runs your package index for it.",
            ),
        )
    if code == "setup_no_venv":
        return (
            translate("EngineSetup", "This Python cannot make environments: a part of it comes as a separate package."),
            translate(
                "EngineSetup",
                "Install it once in a terminal with “sudo apt install {package}”, or choose another Python.",
            ).format(package=_venv_package(output)),
        )
    return _plain_words()[code]


def _plain_words() -> dict[str, tuple[str, str]]:
    return {
        "setup_disk_full": (
            translate("EngineSetup", "The disk is full."),
            translate("EngineSetup", "Free some space, or choose a folder on another disk, and try again."),
        ),
        "setup_antivirus": (
            translate("EngineSetup", "The virus scanner has taken away a file that was just downloaded."),
            translate("EngineSetup", "Ask your administrator to except the engine's folder, then try again."),
        ),
        "setup_policy": (
            translate("EngineSetup", "A rule of this computer forbids programs in that folder to run."),
            translate(
                "EngineSetup",
                "Choose a folder from which programs may run, or a Python that your administrator has installed.",
            ),
        ),
        "setup_file_in_use": (
            translate("EngineSetup", "A file of the engine is held by another program."),
            translate("EngineSetup", "Close other QGIS windows, wait a moment for the virus scanner, and try again."),
        ),
        "setup_path_too_long": (
            translate("EngineSetup", "The folder's path is too long for this system."),
            translate("EngineSetup", "Choose a folder with a short path, such as one at the top of a disk."),
        ),
        "setup_proxy_login": (
            translate("EngineSetup", "Your network's proxy asks for a name and a password (407)."),
            translate("EngineSetup", "Enter them in QGIS under Settings, Options, Network, and try again."),
        ),
        "setup_proxy": (
            translate("EngineSetup", "Your network's proxy could not be reached or does not let us through."),
            translate("EngineSetup", "Check the proxy in QGIS under Settings, Options, Network, and try again."),
        ),
        "setup_tls": (
            translate(
                "EngineSetup",
                "The package index's certificate is not trusted; often a company's network looks into connections.",
            ),
            translate(
                "EngineSetup",
                "Ask your administrator for the network's certificate and name it in pip's configuration "
                "(“pip config set global.cert FILE”), or check this computer's clock.",
            ),
        ),
        "setup_hash": (
            translate(
                "EngineSetup",
                "A file that arrived is not the one that was asked for: it was cut off or changed on the way.",
            ),
            translate(
                "EngineSetup",
                "Try again: it is downloaded anew. If it stays so, your network or package index changes files; ask "
                "your administrator.",
            ),
        ),
        "setup_no_pip": (
            translate("EngineSetup", "This Python comes without pip, which fetches the packages."),
            translate("EngineSetup", "Choose another Python, or install pip for this one."),
        ),
        "setup_refused": (
            translate("EngineSetup", "The package index refuses to give us files."),
            translate(
                "EngineSetup", "Ask whoever runs your package index, or check pip's configuration on this computer."
            ),
        ),
        "setup_server": (
            translate("EngineSetup", "The package index has a problem of its own at the moment."),
            translate("EngineSetup", "Try again in a while."),
        ),
        "setup_no_network": (
            translate("EngineSetup", "The package index cannot be reached, or the connection broke off."),
            translate(
                "EngineSetup",
                "Check the network and, in QGIS under Settings, Options, Network, the proxy; then try again. It goes "
                "on where it stopped.",
            ),
        ),
        "setup_permission": (
            translate("EngineSetup", "The system does not let us write into the folder."),
            translate("EngineSetup", "Choose a folder that you own, or change its permissions."),
        ),
        "setup_memory": (
            translate("EngineSetup", "There is not enough memory."),
            translate("EngineSetup", "Close other programs and try again."),
        ),
    }
