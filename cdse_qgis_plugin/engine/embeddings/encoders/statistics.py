"""The plain baseline: band means and standard deviations."""

from __future__ import annotations

from typing import Any

import numpy as np

from .band_sums import BandSums, moments
from .base import Encoder, Image, PatchBlock, Sample
from .pooling import patch_sums
from .projection import unit_length
from .spectrum import Spectrum


class BandStatistics(Encoder):
    """Mean and standard deviation of every band, minus their mean over the image."""

    name = "statistics"
    summary = "band means and deviations only, the plain baseline"
    version = 1

    def __init__(self, spectrum: Spectrum, mean: np.ndarray):
        self._spectrum = spectrum
        self._mean = np.asarray(mean, dtype=np.float32)

    @classmethod
    def fit(cls, sample: Sample) -> BandStatistics:
        """Takes scale and mean from the sample."""
        encoder = cls(Spectrum.fit(sample.windows), np.float32(0))
        found = [encoder._moments(sample.image, block) for block in sample.blocks]
        features = np.concatenate([features[seen > 0] for features, seen in found])
        encoder._mean = features.mean(axis=0) if len(features) > 1 else np.zeros(features.shape[1], np.float32)
        return encoder

    @property
    def dim(self) -> int:
        """Length of a vector."""
        return len(self._mean)

    @property
    def parameters(self) -> dict[str, Any]:
        """What a reader of the store should know."""
        return {}

    def encode(self, image: Image, block: PatchBlock) -> tuple[np.ndarray, np.ndarray]:
        """See Encoder.encode."""
        features, seen = self._moments(image, block)
        vectors = unit_length(features - self._mean)
        vectors[seen == 0] = 0
        return vectors, seen / block.patch**2

    def state(self) -> dict[str, np.ndarray]:
        """See Encoder.state."""
        return {**self._spectrum.state(), "mean": self._mean}

    @classmethod
    def from_state(cls, arrays: dict[str, np.ndarray]) -> BandStatistics:
        """See Encoder.from_state."""
        return cls(Spectrum.from_state(arrays), arrays["mean"])

    def _moments(self, image: Image, block: PatchBlock) -> tuple[np.ndarray, np.ndarray]:
        """Band moments (n, 2 x bands) and numbers of valid pixels (n,) of a block's patches."""
        ((sums, counts),) = patch_sums(image, block, self._spectrum, [BandSums()])
        return moments(sums, counts), counts
