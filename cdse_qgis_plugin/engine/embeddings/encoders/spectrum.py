"""Bands brought to a common scale: logarithm where it makes sense, then mean 0 and standard deviation 1."""

from __future__ import annotations

import numpy as np

from ...errors import EngineError
from .base import ArrayImage


class Spectrum:
    """The scale of every band, learnt from a sample.

    Bands that are never negative there are taken as log(1 + value), which tames bright roofs and clouds; the others as
    they are. A band that does not vary becomes 0.
    """

    def __init__(self, logarithm: np.ndarray, mean: np.ndarray, deviation: np.ndarray):
        self._logarithm = np.asarray(logarithm, dtype=bool)
        self._mean = np.asarray(mean, dtype=np.float32)
        self._deviation = np.asarray(deviation, dtype=np.float32)

    @classmethod
    def fit(cls, windows: list[ArrayImage]) -> Spectrum:
        """Learns from the valid pixels of windows."""
        valid = [slice(None) if window.valid is None else window.valid for window in windows]
        bands = [
            np.concatenate([window.pixels[band][at].ravel() for window, at in zip(windows, valid, strict=True)])
            for band in range(windows[0].bands)
        ]
        logarithm = np.array([len(band) > 0 and bool(band.min() >= 0) for band in bands])
        scaled = [np.log1p(band) if log else band for band, log in zip(bands, logarithm, strict=True)]
        mean = np.array([band.mean(dtype=np.float64) for band in scaled])
        deviation = np.array([band.std(dtype=np.float64) for band in scaled])
        # Below what float32 tells apart there is no variation, only rounding.
        varies = deviation > 1e-6 * np.maximum(1e-30, np.abs(mean))
        return cls(logarithm, mean, np.where(varies, deviation, np.inf))

    @property
    def varies(self) -> bool:
        """Whether any band does."""
        return bool(np.isfinite(self._deviation).any())

    def apply(self, pixels: np.ndarray) -> np.ndarray:
        """Pixels (bands, height, width) on the common scale, a new float32 array.

        Raises EngineError ``other_bands`` for an image with another number of bands.
        """
        if len(pixels) != len(self._mean):
            raise EngineError(
                "other_bands",
                f"The encoder learnt from {len(self._mean)} bands, and this image has {len(pixels)}.",
                "Choose the same bands, in the same order, as when the store was made.",
            )
        out = np.empty_like(pixels, dtype=np.float32)
        for band, log in enumerate(self._logarithm):
            if log:
                np.log1p(np.maximum(pixels[band], 0, out=out[band]), out=out[band])
            else:
                out[band] = pixels[band]
        out -= self._mean[:, None, None]
        out /= self._deviation[:, None, None]
        return out

    def state(self) -> dict[str, np.ndarray]:
        """What was learnt, as arrays."""
        return {"logarithm": self._logarithm, "band_mean": self._mean, "band_deviation": self._deviation}

    @classmethod
    def from_state(cls, arrays: dict[str, np.ndarray]) -> Spectrum:
        """The spectrum that ``state`` came from."""
        return cls(arrays["logarithm"], arrays["band_mean"], arrays["band_deviation"])
