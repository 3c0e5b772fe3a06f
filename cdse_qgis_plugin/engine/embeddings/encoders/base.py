"""What an encoder is, and what it is given to look at."""

from __future__ import annotations

import abc
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Protocol

import numpy as np


class Image(Protocol):
    """Pixels to look at, in windows."""

    bands: int
    height: int
    width: int

    def read(self, row: int, col: int, height: int, width: int) -> tuple[np.ndarray, np.ndarray | None]:
        """A window inside the image: float32 (bands, height, width) and which pixels are valid, bool (height, width),
        or None when all are. Invalid pixels are 0."""


class ArrayImage:
    """An image that is already in memory: ``pixels`` (bands, height, width), ``valid`` (height, width) or None."""

    def __init__(self, pixels: np.ndarray, valid: np.ndarray | None = None):
        self.pixels = np.asarray(pixels, dtype=np.float32)
        self.valid = valid
        if valid is not None:
            self.pixels = np.where(valid, self.pixels, np.float32(0))
        self.bands, self.height, self.width = self.pixels.shape

    def read(self, row: int, col: int, height: int, width: int) -> tuple[np.ndarray, np.ndarray | None]:
        """See Image.read."""
        at = np.s_[row : row + height, col : col + width]
        valid = None if self.valid is None or self.valid[at].all() else self.valid[at]
        return self.pixels[(slice(None), *at)], valid


@dataclass(frozen=True)
class PatchBlock:
    """Patches of an image to encode together: ``rows`` x ``cols`` of them, ``patch`` px in side and ``stride`` px
    apart, the first one's upper-left pixel at (``row``, ``col``)."""

    row: int
    col: int
    rows: int
    cols: int
    patch: int
    stride: int

    @property
    def height(self) -> int:
        """Rows of pixels from the first patch's upper edge to the last one's lower edge."""
        return (self.rows - 1) * self.stride + self.patch

    @property
    def width(self) -> int:
        """Columns of pixels from the first patch's left edge to the last one's right edge."""
        return (self.cols - 1) * self.stride + self.patch


@dataclass(frozen=True)
class Sample:
    """What to learn from: an image, some ``windows`` of its pixels that fit in memory, some ``blocks`` of its patches,
    spread over it, each with something valid, and a ``seed`` that makes chance repeatable."""

    image: Image
    windows: Sequence[ArrayImage]
    blocks: Sequence[PatchBlock]
    seed: int


class Encoder(abc.ABC):
    """Turns patches into vectors.

    One is made by ``fit`` from a sample of an image, or by ``from_state`` from what an earlier one learnt, so that
    other images can be encoded comparably.
    """

    name: ClassVar[str]
    summary: ClassVar[str]
    version: ClassVar[int]
    citation: ClassVar[str] = ""

    @classmethod
    @abc.abstractmethod
    def fit(cls, sample: Sample) -> Encoder:
        """Learns what there is to learn from a sample."""

    @property
    @abc.abstractmethod
    def dim(self) -> int:
        """Length of a vector."""

    @property
    @abc.abstractmethod
    def parameters(self) -> dict[str, Any]:
        """What a reader of the store should know about the encoder's settings, JSON-ready."""

    @abc.abstractmethod
    def encode(self, image: Image, block: PatchBlock) -> tuple[np.ndarray, np.ndarray]:
        """Vectors of a block's patches in row order, float32 (rows x cols, dim), unit length, and the share of each
        patch's pixels that are valid, (rows x cols,).

        Invalid pixels have no influence; a patch without any valid pixel gets a vector of zeros.
        """

    @abc.abstractmethod
    def state(self) -> dict[str, np.ndarray]:
        """What was learnt, as arrays."""

    @classmethod
    @abc.abstractmethod
    def from_state(cls, arrays: dict[str, np.ndarray]) -> Encoder:
        """The encoder that ``state`` came from."""
