"""Runs a Python module as the head of a process group: ``python -I -u leader.py pip install …``.

Not imported by QGIS. Making an environment starts processes of its own, so ending only the first would leave the others
writing. The plugin ends the whole group, and when QGIS itself goes, stdin closes and the group ends itself.
"""

import os
import runpy
import signal
import sys
import threading


def _end_with_qgis() -> None:
    try:
        while os.read(0, 1024):
            pass
    finally:
        if hasattr(os, "killpg"):
            os.killpg(0, signal.SIGKILL)
        os._exit(1)


if __name__ == "__main__":
    if hasattr(os, "setpgrp"):
        os.setpgrp()
    threading.Thread(target=_end_with_qgis, daemon=True).start()
    sys.argv = sys.argv[1:]
    runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)
