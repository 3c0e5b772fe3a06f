"""Disks that are too small or may not be written, where this machine lets a test make them."""

import subprocess
from contextlib import contextmanager

import pytest


@contextmanager
def _mounted(folder, *options):
    folder.mkdir(exist_ok=True)
    done = subprocess.run(["mount", *options, str(folder)], capture_output=True, text=True)
    if done.returncode:
        pytest.skip(f"mounting is not allowed here: {done.stderr.strip()}")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)


def small_disk(folder, megabytes):
    """A disk of a few megabytes at ``folder``."""
    return _mounted(folder, "-t", "tmpfs", "-o", f"size={megabytes}m", "tmpfs")


def read_only_disk(folder):
    """A disk at ``folder`` that nobody may write, not even root."""
    return _mounted(folder, "-t", "tmpfs", "-o", "ro", "tmpfs")
