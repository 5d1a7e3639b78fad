"""Errors that say what happened, what was expected and how to fix it."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


class ConvbiasError(Exception):
    """Base of every error that the package raises on purpose.

    Args:
        what: What happened, one sentence.
        expected: What was expected instead.
        fix: What the reader can do about it.

    Example:
        >>> print(InputError("kernel size is 2", "an odd size from 1 to 27", "use 1 or 3"))
        kernel size is 2
          expected: an odd size from 1 to 27
          fix:      use 1 or 3
    """

    exit_code = 1

    def __init__(self, what: str, expected: str | None = None, fix: str | None = None) -> None:
        self.what = what
        self.expected = expected
        self.fix = fix
        lines = [what]
        if expected:
            lines.append(f"  expected: {expected}")
        if fix:
            lines.append(f"  fix:      {fix}")
        super().__init__("\n".join(lines))

    def __reduce__(self) -> tuple[type[ConvbiasError], tuple[str, str | None, str | None]]:
        # The default would rebuild the error from its joined text and lose the three parts on the
        # way from a worker process to its parent.
        return type(self), (self.what, self.expected, self.fix)


class InputError(ConvbiasError):
    """The caller asked for something that cannot be done as asked (exit code 2)."""

    exit_code = 2


class DataError(InputError):
    """A data file is missing, unreadable, damaged or not the published one (exit code 2)."""


class AbsentDataError(DataError):
    """A data set is in none of the places it was looked for in, and cannot be downloaded."""


class StorageError(InputError):
    """A result could not be written or read: disk full, folder not writable (exit code 2)."""


class RunError(ConvbiasError):
    """A training run failed (exit code 1)."""


def did_you_mean(word: str, candidates: Iterable[str]) -> str:
    """Name the candidates, the nearest one first if one is near.

    Args:
        word: What was written.
        candidates: What could have been written.

    Returns:
        A phrase for the `fix` line of an error.

    Example:
        >>> did_you_mean("fashion-minst", ["drawn", "fashion-mnist"])
        "did you mean 'fashion-mnist'? known: drawn, fashion-mnist"
    """
    known = sorted(candidates)
    near = difflib.get_close_matches(word, known, n=1, cutoff=0.5)
    listing = f"known: {', '.join(known)}"
    return f"did you mean {near[0]!r}? {listing}" if near else listing
