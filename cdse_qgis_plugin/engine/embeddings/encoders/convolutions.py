"""The default encoder: random convolutional features of the image, with band means and deviations beside them."""

from __future__ import annotations

from typing import Any

import numpy as np

from .band_sums import BandSums, moments
from .base import ArrayImage, Encoder, Image, PatchBlock, Sample
from .filters import FilterBank
from .pooling import patch_sums
from .projection import Projection
from .spectrum import Spectrum

_FILTERS = 256
_THRESHOLD = 0.5
_DIM = 64
_WEIGHT_OF_MOMENTS = 0.7


class RandomConvolutions(Encoder):
    """Texture and colour without any downloaded weights, in the manner of MOSAIKS."""

    name = "default"
    summary = "texture and colour, learnt from the image itself"
    version = 1
    citation = (
        "Rolf et al. 2021, A generalizable and accessible approach to machine learning with global satellite imagery, "
        "Nature Communications 12:4392; Coates & Ng 2012, Learning feature representations with k-means"
    )

    def __init__(self, spectrum: Spectrum, bank: FilterBank, scales: np.ndarray, projection: Projection):
        self._spectrum = spectrum
        self._bank = bank
        self._scales = np.asarray(scales, dtype=np.float32)
        self._projection = projection

    @classmethod
    def fit(cls, sample: Sample) -> RandomConvolutions:
        """Takes scale, filters and principal components from the sample."""
        rng = np.random.default_rng(sample.seed)
        spectrum = Spectrum.fit(sample.windows)
        scaled = [ArrayImage(spectrum.apply(window.pixels), window.valid) for window in sample.windows]
        bank = FilterBank.fit(scaled, _FILTERS, _THRESHOLD, rng)
        encoder = cls(spectrum, bank, np.ones(2), Projection(np.zeros(1), np.ones((1, 1))))
        parts = [encoder._parts(sample.image, block) for block in sample.blocks]
        textures, colours, seen = (np.concatenate(part) for part in zip(*parts, strict=True))
        textures, colours = textures[seen > 0], colours[seen > 0]
        # The two kinds of features meet at known weights, whatever the number of bands and filters.
        encoder._scales = np.array([1 / _spread(textures), _WEIGHT_OF_MOMENTS / _spread(colours)], dtype=np.float32)
        encoder._projection = Projection.fit(encoder._joined(textures, colours), _DIM)
        return encoder

    @property
    def dim(self) -> int:
        """Length of a vector."""
        return self._projection.dim

    @property
    def parameters(self) -> dict[str, Any]:
        """What a reader of the store should know."""
        return {
            "filters": self._bank.count,
            "filter_side": 3,
            "threshold": self._bank.threshold,
            "weight_of_moments": _WEIGHT_OF_MOMENTS,
            "components": self.dim,
        }

    def encode(self, image: Image, block: PatchBlock) -> tuple[np.ndarray, np.ndarray]:
        """See Encoder.encode."""
        textures, colours, seen = self._parts(image, block)
        vectors = self._projection.apply(self._joined(textures, colours))
        vectors[seen == 0] = 0
        return vectors, seen / block.patch**2

    def state(self) -> dict[str, np.ndarray]:
        """See Encoder.state."""
        return {
            **self._spectrum.state(),
            "weights": self._bank.weights,
            "offset": self._bank.offset,
            "threshold": np.float32(self._bank.threshold),
            "scales": self._scales,
            "mean": self._projection.mean,
            "components": self._projection.components,
        }

    @classmethod
    def from_state(cls, arrays: dict[str, np.ndarray]) -> RandomConvolutions:
        """See Encoder.from_state."""
        bank = FilterBank(arrays["weights"], arrays["offset"], float(arrays["threshold"]))
        projection = Projection(arrays["mean"], arrays["components"])
        return cls(Spectrum.from_state(arrays), bank, arrays["scales"], projection)

    def _parts(self, image: Image, block: PatchBlock) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Mean rectified responses (n, 2 x filters), band moments (n, 2 x bands) and numbers of valid pixels (n,) of a
        block's patches."""
        (texture, positions), (colour, pixels) = patch_sums(image, block, self._spectrum, [self._bank, BandSums()])
        return texture / np.maximum(positions, 1).astype(np.float32)[:, None], moments(colour, pixels), pixels

    def _joined(self, textures: np.ndarray, colours: np.ndarray) -> np.ndarray:
        return np.concatenate([textures * self._scales[0], colours * self._scales[1]], axis=1)


def _spread(features: np.ndarray) -> float:
    """The root mean square distance of features from their mean; 1 where all are alike."""
    return float(np.sqrt(features.var(axis=0, dtype=np.float64).sum())) or 1.0
