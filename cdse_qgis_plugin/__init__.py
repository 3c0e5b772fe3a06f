"""The Copernicus AI plugin: what QGIS loads, and the engine that it runs beside itself."""


def classFactory(iface):
    """Returns the plugin for QGIS to start."""
    from .plugin import CopernicusPlugin

    return CopernicusPlugin(iface)
