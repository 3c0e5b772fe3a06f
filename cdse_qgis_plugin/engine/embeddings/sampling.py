"""What an encoder learns from: windows and patches spread over an image, some of it nodata perhaps."""

from __future__ import annotations

import numpy as np

from ..errors import EngineError
from ..run import Run
from .encoders import ArrayImage, Image, PatchBlock, Sample
from .patch_grid import PatchGrid

_BLOCKS = 48
_PATCHES_A_SIDE = 6
_MOST_PX = 512
"""Blocks of large patches hold fewer of them, so that learning does not take longer than encoding."""

_FEWEST_PATCHES = 96
_WINDOW_PX = 96
_ROUNDS = 3


def draw_sample(image: Image, grid: PatchGrid, seed: int, run: Run) -> Sample:
    """A sample of an image, the same for the same seed.

    Looks at ever more places until enough of them hold something, and at everything before it gives up. Raises
    EngineError ``all_nodata`` or ``constant_image``.
    """
    rng = np.random.default_rng(seed)
    gathered = _Gathered(image, grid)
    side = int(np.clip((_MOST_PX - grid.patch) // grid.stride + 1, 1, min(_PATCHES_A_SIDE, grid.block_side)))
    wanted = max(_BLOCKS, -(-_FEWEST_PATCHES // side**2))
    for turn in range(_ROUNDS):
        for block in _spread(grid, side, wanted * 4**turn, rng):
            run.progress(None, "Learning what the image looks like")
            gathered.look(block)
            if turn and gathered.enough(wanted):
                break
        if gathered.enough(wanted // 2):
            break
    else:
        _look_everywhere(gathered, grid, wanted, run)
    gathered.check()
    return Sample(image, gathered.windows, gathered.blocks, seed)


class _Gathered:
    """Windows and blocks that hold something."""

    def __init__(self, image: Image, grid: PatchGrid):
        self._image = image
        self._grid = grid
        self._seen: set[PatchBlock] = set()
        self._low = np.full(image.bands, np.inf)
        self._high = np.full(image.bands, -np.inf)
        self.windows: list[ArrayImage] = []
        self.blocks: list[PatchBlock] = []

    def look(self, block: PatchBlock) -> None:
        """Takes a block when its middle holds valid pixels."""
        if block in self._seen:
            return
        self._seen.add(block)
        height, width = min(block.height, _WINDOW_PX), min(block.width, _WINDOW_PX)
        top, left = block.row + (block.height - height) // 2, block.col + (block.width - width) // 2
        pixels, valid = self._image.read(top, left, height, width)
        if valid is not None and not valid.any():
            return
        held = pixels if valid is None else pixels[:, valid]
        held = held.reshape(self._image.bands, -1)
        self._low, self._high = np.minimum(self._low, held.min(axis=1)), np.maximum(self._high, held.max(axis=1))
        self.windows.append(ArrayImage(pixels, valid))
        self.blocks.append(block)

    def enough(self, wanted: int) -> bool:
        """Whether there are as many windows as wanted, or as there can be, and they are not all of one colour."""
        possible = self._grid.rows * self._grid.cols
        return len(self.windows) >= min(wanted, possible) and self.varies

    @property
    def varies(self) -> bool:
        """Whether any band has more than one value."""
        return bool((self._high > self._low).any())

    def check(self) -> None:
        """Raises EngineError when there is nothing to learn from."""
        if not self.windows:
            raise EngineError(
                "all_nodata",
                "Every pixel of the image is nodata, so there is nothing to encode.",
                "Choose another image, or check its nodata value in the layer's properties.",
            )
        if not self.varies:
            raise EngineError(
                "constant_image",
                "Every pixel of the image has the same value, so no place can be told from another.",
                "Choose another image, or other bands of it.",
            )


def _spread(grid: PatchGrid, side: int, count: int, rng: np.random.Generator) -> list[PatchBlock]:
    """About ``count`` blocks of up to ``side`` x ``side`` patches, one at a random place in each part of the image,
    from top to bottom, as files like to be read."""
    rows, cols = min(side, grid.rows), min(side, grid.cols)
    down = int(np.clip(round(np.sqrt(count * grid.rows / grid.cols)), 1, count))
    down = min(down, -(-grid.rows // rows))
    across = min(max(1, count // down), -(-grid.cols // cols))
    jitter = rng.random((2, down, across))
    top = ((np.arange(down)[:, None] + jitter[0]) / down * (grid.rows - rows + 1)).astype(int)
    left = ((np.arange(across)[None, :] + jitter[1]) / across * (grid.cols - cols + 1)).astype(int)
    places = sorted({(int(row), int(col)) for row, col in zip(top.ravel(), left.ravel(), strict=True)})
    return [grid.block(row, col, rows, cols) for row, col in places]


def _look_everywhere(gathered: _Gathered, grid: PatchGrid, wanted: int, run: Run) -> None:
    """Looks at small blocks that cover the whole image until enough of them hold something."""
    rows, cols = (max(1, (_WINDOW_PX - grid.patch) // grid.stride + 1) for _ in range(2))
    for row in range(0, grid.rows, rows):
        run.progress(None, f"Looking for valid pixels, row {row + 1} of {grid.rows}")
        for col in range(0, grid.cols, cols):
            run.check()
            gathered.look(grid.block(row, col, min(rows, grid.rows - row), min(cols, grid.cols - col)))
            if gathered.enough(wanted):
                return
