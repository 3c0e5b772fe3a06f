"""Errors for people: what happened, what it means, what to do."""

from __future__ import annotations

import errno
import traceback


class EngineError(Exception):
    """A failure that has been put into words.

    ``code`` is stable and for programs, ``message`` says what happened and what it means, ``hint`` says what to do,
    ``details`` is for a support person and never holds a secret.
    """

    def __init__(self, code: str, message: str, hint: str = "", details: str = ""):
        super().__init__(message)
        self.code = code
        self.message = message
        self.hint = hint
        self.details = details

    def as_dict(self) -> dict[str, str]:
        """The error as it crosses the wire and the command line."""
        found = {"code": self.code, "message": self.message, "hint": self.hint}
        if self.details:
            found["details"] = self.details
        return found


class Cancelled(EngineError):
    """The user asked an operation to stop."""

    def __init__(self) -> None:
        super().__init__("cancelled", "Stopped at your request.", "Start it again when you like.")


_OUT_OF_SPACE = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
_NOT_ALLOWED = {errno.EACCES, errno.EPERM, errno.EROFS}
_IN_THE_WAY = {errno.EEXIST, errno.ENOTDIR}


def from_exception(error: BaseException) -> EngineError:
    """Any exception as an error for people; those that already are one pass through."""
    if isinstance(error, EngineError):
        return error
    details = "".join(traceback.format_exception(error))[-4000:]
    if isinstance(error, OSError) and error.errno in _OUT_OF_SPACE:
        return EngineError(
            "disk_full",
            "The disk is full. What was being written has been taken back; what was there before is untouched.",
            "Free some space or choose a folder on another disk, then try again.",
            details,
        )
    if isinstance(error, OSError) and error.errno in _NOT_ALLOWED:
        where = f" “{error.filename}”" if error.filename else ""
        return EngineError(
            "not_allowed",
            f"The system does not let us write to or read{where}.",
            "Choose a folder that you own, or change its permissions.",
            details,
        )
    if isinstance(error, OSError) and error.errno in _IN_THE_WAY:
        return EngineError(
            "not_a_folder",
            f"“{error.filename}” cannot be made or opened, because a file is where a folder would have to be.",
            "Choose another folder.",
            details,
        )
    if isinstance(error, MemoryError):
        return EngineError(
            "out_of_memory",
            "There is not enough memory for this.",
            "Close other programs, or choose a smaller area or a larger stride.",
            details,
        )
    return EngineError(
        "internal",
        f"Something went wrong inside the engine: {type(error).__name__}: {error}",
        "Copy the details and report them; your data is as it was.",
        details,
    )
