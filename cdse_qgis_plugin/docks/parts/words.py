"""Numbers and sizes in words, with the locale's separators."""

from __future__ import annotations

from qgis.PyQt.QtCore import QCoreApplication, QLocale

translate = QCoreApplication.translate


def number(value: float, decimals: int = 0) -> str:
    """A number with the locale's separators."""
    return QLocale().toString(float(value), "f", decimals)


def distance(metres: float) -> str:
    """A distance in metres or kilometres, as precise as a person needs."""
    if metres < 999.5:
        return translate("Words", "{n} m").format(n=number(metres))
    if metres < 99_950:
        return translate("Words", "{n} km").format(n=number(metres / 1000, 1))
    return translate("Words", "{n} km").format(n=number(metres / 1000))


def share(part: float) -> str:
    """A share from 0 to 1 as a percentage with two digits that matter."""
    percent = 100 * part
    decimals = 0 if percent >= 9.95 else 1 if percent >= 0.95 else 2
    return translate("Words", "{n} %").format(n=number(percent, decimals))


def place(lon: float, lat: float) -> str:
    """A place as latitude and longitude for reading."""
    return translate("Words", "{lat}°, {lon}° (latitude, longitude)").format(lat=number(lat, 5), lon=number(lon, 5))
