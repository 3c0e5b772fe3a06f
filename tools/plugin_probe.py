"""Runs inside QGIS as it starts (PYQGIS_STARTUP) and writes down what loading the plugin costs and brings along."""

import sys
import time

import qgis.utils

_NAME = "cdse_qgis_plugin"
seen = {"milliseconds": {}, "cpu": {}, "modules": []}
"""Milliseconds of importing and of starting the plugin, by the clock and of this thread's processor time, and the
modules that came with it."""


def _watch(function_name):
    original = getattr(qgis.utils, function_name)

    def watched(package_name, *rest):
        if package_name != _NAME or function_name in seen["milliseconds"]:
            return original(package_name, *rest)
        before = set(sys.modules)
        started, cpu = time.perf_counter(), time.thread_time()
        try:
            return original(package_name, *rest)
        finally:
            seen["milliseconds"][function_name] = (time.perf_counter() - started) * 1000
            seen["cpu"][function_name] = (time.thread_time() - cpu) * 1000
            seen["modules"] += sorted(set(sys.modules) - before)

    setattr(qgis.utils, function_name, watched)


for _name in ("loadPlugin", "startPlugin"):
    _watch(_name)
qgis.utils.copernicus_probe = seen
