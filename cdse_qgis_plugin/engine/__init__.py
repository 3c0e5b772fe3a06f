"""The engine: all computing and all data services, in a process of its own. Imports no qgis and no Qt."""

__version__ = "0.1.0"

PROTOCOL = 1
"""Version of the wire. The plugin refuses an engine that speaks another one."""
