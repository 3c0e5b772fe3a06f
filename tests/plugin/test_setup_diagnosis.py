"""What venv and pip write when they fail, and what the person is told. The texts are theirs."""

from __future__ import annotations

import pytest

from cdse_qgis_plugin.engine_link.setup.diagnosis import diagnose, without_logins

RETRY = "WARNING: Retrying (Retry(total=4, connect=None)) after connection broken by "
NOT_FOUND = (
    "\nERROR: Could not find a version that satisfies the requirement numpy==2.4.6 (from versions: none)"
    "\nERROR: No matching distribution found for numpy==2.4.6"
)

OUTPUTS = [
    (
        "setup_no_network",
        RETRY + "'NewConnectionError('<urllib3.connection.HTTPSConnection object>: Failed to establish a new "
        "connection: [Errno -3] Temporary failure in name resolution')': /simple/numpy/" + NOT_FOUND,
        "package index cannot be reached",
        "Network",
    ),
    (
        "setup_no_network",
        "pip._vendor.urllib3.exceptions.ReadTimeoutError: HTTPSConnectionPool(host='index.example.org', port=443): "
        "Read timed out.",
        "broke off",
        "goes on where it stopped",
    ),
    (
        "setup_no_network",
        RETRY + "'NewConnectionError(': [WinError 10061] No connection could be made because the target machine "
        "actively refused it')'" + NOT_FOUND,
        "cannot be reached",
        "proxy",
    ),
    (
        "setup_proxy_login",
        RETRY + "'ProxyError('Cannot connect to proxy.', OSError('Tunnel connection failed: 407 Proxy Authentication "
        "Required'))': /simple/numpy/" + NOT_FOUND,
        "407",
        "Settings, Options, Network",
    ),
    (
        "setup_proxy",
        RETRY + "'ProxyError('Cannot connect to proxy.', NewConnectionError('<…>: Failed to establish a new connection"
        ": [Errno 111] Connection refused'))': /simple/numpy/" + NOT_FOUND,
        "proxy could not be reached",
        "Check the proxy",
    ),
    (
        "setup_tls",
        RETRY + "'SSLError(SSLCertVerificationError(1, '[SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed: "
        "self-signed certificate in certificate chain (_ssl.c:1006)'))': /simple/numpy/" + NOT_FOUND,
        "certificate is not trusted",
        "pip config set global.cert",
    ),
    (
        "setup_hash",
        "ERROR: THESE PACKAGES DO NOT MATCH THE HASHES FROM THE REQUIREMENTS FILE. If you have updated the package "
        "versions, please update the hashes.",
        "not the one that was asked for",
        "downloaded anew",
    ),
    (
        "setup_disk_full",
        "ERROR: Could not install packages due to an OSError: [Errno 28] No space left on device",
        "disk is full",
        "Free some space",
    ),
    (
        "setup_disk_full",
        "ERROR: Could not install packages due to an OSError: [WinError 112] There is not enough space on the disk",
        "disk is full",
        "another disk",
    ),
    (
        "setup_no_wheel",
        "ERROR: Ignored the following versions that require a different python version: 1.5.2 Requires-Python <3.14"
        + NOT_FOUND.replace("numpy", "rasterio"),
        "“rasterio”",
        "another Python",
    ),
    (
        "setup_no_wheel",
        "ERROR: numpy-2.4.6-cp311-cp311-win32.whl is not a supported wheel on this platform.",
        "no ready-made file",
        "another Python",
    ),
    (
        "setup_no_venv",
        "The virtual environment was not created successfully because ensurepip is not\navailable.  On Debian/Ubuntu "
        "systems, you need to install the python3-venv\npackage using the following command.\n\n"
        "    apt install python3.12-venv\n",
        "separate package",
        "sudo apt install python3",
    ),
    ("setup_no_venv", "/usr/bin/python3: No module named venv", "separate package", "python3-venv"),
    ("setup_no_pip", "No module named pip", "without pip", "install pip"),
    (
        "setup_permission",
        "ERROR: Could not install packages due to an OSError: [Errno 13] Permission denied: '/opt/x'",
        "does not let us write",
        "folder that you own",
    ),
    (
        "setup_permission",
        "Error: [WinError 5] Access is denied: 'C:\\\\Data\\\\engine'",
        "does not let us write",
        "permissions",
    ),
    ("setup_permission", "OSError: [Errno 30] Read-only file system: '/mnt/x'", "does not let us write", "folder"),
    (
        "setup_file_in_use",
        "PermissionError: [WinError 32] The process cannot access the file because it is being used by another process",
        "held by another program",
        "Close other QGIS windows",
    ),
    (
        "setup_antivirus",
        "OSError: [WinError 225] Operation did not complete successfully because the file contains a virus or "
        "potentially unwanted software",
        "virus scanner",
        "administrator",
    ),
    ("setup_policy", "OSError: [WinError 1260] This program is blocked by group policy", "forbids", "administrator"),
    ("setup_path_too_long", "OSError: [Errno 36] File name too long: '/a/b'", "too long", "short path"),
    ("setup_refused", "ERROR: HTTP error 403 while getting https://index.example.org/numpy.whl", "refuses", "index"),
    ("setup_server", "ERROR: 503 Server Error: Service Unavailable for url: https://x/", "of its own", "in a while"),
    ("setup_memory", "MemoryError", "memory", "Close other programs"),
    ("setup_failed", "Segmentation fault", "for a reason we do not know", "Details"),
]


@pytest.mark.parametrize(("code", "output", "message", "hint"), OUTPUTS, ids=range(len(OUTPUTS)))
def test_the_cause_is_recognised_and_told(code, output, message, hint):
    failure = diagnose("Downloading the packages", "Collecting numpy==2.4.6\n" + output)
    assert failure.code == code
    assert message in failure.message
    assert hint in failure.hint
    assert output[-60:] in failure.details


def test_an_unknown_cause_names_the_step():
    assert "Downloading the packages" in diagnose("Downloading the packages", "").message


def test_logins_are_blotted_out_of_the_details():
    text = "Looking in indexes: https://anna:p%40ss@index.example.org/simple, http://127.0.0.1:80/simple"
    assert (
        without_logins(text) == "Looking in indexes: https://•••@index.example.org/simple, http://127.0.0.1:80/simple"
    )
    assert "p%40ss" not in diagnose("x", text).details


def test_details_are_cut_at_their_beginning():
    assert diagnose("x", "first" + "y" * 100_000 + "last").details.endswith("last")
    assert len(diagnose("x", "y" * 100_000).details) <= 8000
