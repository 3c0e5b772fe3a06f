"""The default encoder: random convolutional features of the image, with band means and deviations beside them."""

from __future__ import annotations

from typing import Any

import numpy as np

from .band_sums import BandSums, moments
from .base import ArrayImage, Encoder, Image, PatchBlock, Sample
from .filters import TURNS, FilterBank, whichever_way
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

    def __init__(self, spectrum: Spectrum, bank: FilterBank, projection: Projection):
        self._spectrum = spectrum
        self._bank = bank
        self._projection = projection

    @classmethod
    def fit(cls, sample: Sample) -> RandomConvolutions:
        """Takes scale, filters and principal components from the sample."""
        rng = np.random.default_rng(sample.seed)
        spectrum = Spectrum.fit(sample.windows)
        scaled = [ArrayImage(spectrum.apply(window.pixels), window.valid) for window in sample.windows]
        bank = FilterBank.fit(scaled, _FILTERS, _THRESHOLD, rng)
        found = [_parts(sample.image, block, spectrum, bank) for block in sample.blocks]
        textures, colours, seen = (np.concatenate(part) for part in zip(*found, strict=True))
        textures, colours = textures[seen > 0], colours[seen > 0]
        # The two kinds of features meet at known weights, whatever the number of bands and filters.
        weights = (1 / _spread(textures), _WEIGHT_OF_MOMENTS / _spread(colours))
        scales = np.repeat(weights, [textures.shape[1], colours.shape[1]])
        return cls(spectrum, bank, Projection.fit(np.concatenate([textures, colours], axis=1), scales, _DIM))

    @property
    def dim(self) -> int:
        """Length of a vector."""
        return self._projection.dim

    @property
    def parameters(self) -> dict[str, Any]:
        """What a reader of the store should know."""
        return {
            "filters": self._bank.count,
            "turns": TURNS,
            "filter_side": 3,
            "threshold": self._bank.threshold,
            "weight_of_moments": _WEIGHT_OF_MOMENTS,
            "components": self.dim,
        }

    def encode(self, image: Image, block: PatchBlock) -> tuple[np.ndarray, np.ndarray]:
        """See Encoder.encode."""
        textures, colours, seen = _parts(image, block, self._spectrum, self._bank)
        vectors = self._projection.apply(textures, colours)
        vectors[seen == 0] = 0
        return vectors, seen / block.patch**2

    def state(self) -> dict[str, np.ndarray]:
        """See Encoder.state."""
        return {
            **self._spectrum.state(),
            "weights": self._bank.weights,
            "offset": self._bank.offset,
            "threshold": np.float32(self._bank.threshold),
            "components": self._projection.components,
            "projection_offset": self._projection.offset,
        }

    @classmethod
    def from_state(cls, arrays: dict[str, np.ndarray]) -> RandomConvolutions:
        """See Encoder.from_state."""
        bank = FilterBank(arrays["weights"], arrays["offset"], float(arrays["threshold"]))
        projection = Projection(arrays["components"], arrays["projection_offset"])
        return cls(Spectrum.from_state(arrays), bank, projection)


def _parts(
    image: Image, block: PatchBlock, spectrum: Spectrum, bank: FilterBank
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Mean rectified responses (n, 2 x filters), band moments (n, 2 x bands) and numbers of valid pixels (n,) of a
    block's patches."""
    (texture, positions), (colour, pixels) = patch_sums(image, block, spectrum, [bank, BandSums()])
    texture /= np.maximum(positions, 1).astype(np.float32)[:, None]
    return whichever_way(texture), moments(colour, pixels), pixels


def _spread(features: np.ndarray) -> float:
    """The root mean square distance of features from their mean; 1 where all are alike."""
    return float(np.sqrt(features.var(axis=0, dtype=np.float64).sum())) or 1.0
