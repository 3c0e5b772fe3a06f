"""The encoders there are, by name."""

from __future__ import annotations

import difflib
import zipfile
from pathlib import Path

import numpy as np

from ...errors import EngineError
from .base import ArrayImage, Encoder, Image, PatchBlock, Sample
from .convolutions import RandomConvolutions
from .statistics import BandStatistics

_ENCODERS: dict[str, type[Encoder]] = {known.name: known for known in (RandomConvolutions, BandStatistics)}

__all__ = ["ArrayImage", "Encoder", "Image", "PatchBlock", "Sample", "find", "load", "names"]


def names() -> list[str]:
    """Names of the encoders there are."""
    return list(_ENCODERS)


def find(name: str) -> type[Encoder]:
    """The encoder of that name; raises EngineError ``unknown_encoder`` that names those there are."""
    if name in _ENCODERS:
        return _ENCODERS[name]
    near = difflib.get_close_matches(name, _ENCODERS, n=1)
    known = ", ".join(f"“{other}” ({encoder.summary})" for other, encoder in _ENCODERS.items())
    guess = f"Did you mean “{near[0]}”? " if near else ""
    raise EngineError("unknown_encoder", f"There is no encoder named “{name}”.", f"{guess}There are: {known}.")


def load(name: str, path: str | Path) -> Encoder:
    """The encoder that a store's ``encoder.npz`` holds, ready to encode other images comparably.

    Raises EngineError ``unknown_encoder``, ``encoder_damaged`` or ``encoder_too_new``.
    """
    encoder = find(name)
    try:
        with np.load(path, allow_pickle=False) as file:
            arrays = {key: file[key] for key in file.files}
        version = int(arrays.pop("version"))
        if version > encoder.version:
            raise EngineError(
                "encoder_too_new",
                f"The encoder in “{path}” is of version {version}; this engine knows up to {encoder.version}.",
                "Update the plugin and its engine, or encode the image again with this version.",
            )
        return encoder.from_state(arrays)
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
        raise EngineError(
            "encoder_damaged",
            f"What the encoder learnt cannot be read from “{path}”.",
            "Make the store again from its image; nothing else is affected.",
            str(error),
        ) from error
