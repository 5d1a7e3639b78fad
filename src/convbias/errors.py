"""Errors that say what happened, what was expected and how to fix it."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

MOST_LISTED = 30  # of the candidates for a misspelt word


class ConvbiasError(Exception):
    """Base class of the package's errors.

    Args:
        what: what happened, in one clause.
        expected: what was expected instead.
        fix: what the user can do.

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
        # Errors are pickled on their way from a worker process; the default would keep only the
        # joined text.
        return type(self), (self.what, self.expected, self.fix)


class InputError(ConvbiasError):
    """Invalid input or arguments (exit code 2)."""

    exit_code = 2


class DataError(InputError):
    """A data file is missing, unreadable or damaged (exit code 2)."""


class AbsentDataError(DataError):
    """A data set was not found and cannot be downloaded (exit code 2)."""


class StorageError(InputError):
    """A file could not be written or read, such as on a full disk (exit code 2)."""


class BackendError(ConvbiasError):
    """Keras or JAX cannot compute in this environment (exit code 2)."""

    exit_code = 2


class RunError(ConvbiasError):
    """Training failed (exit code 1)."""


def did_you_mean(word: str, candidates: Iterable[str]) -> str:
    """Suggest the candidate closest to a misspelt word, and list the candidates.

    Args:
        word: the misspelt word.
        candidates: the valid words.

    Returns:
        Text for the `fix` of an error.

    Example:
        >>> did_you_mean("fashion-minst", ["drawn", "fashion-mnist"])
        "did you mean 'fashion-mnist'? known: drawn, fashion-mnist"
    """
    known = sorted(candidates)
    near = difflib.get_close_matches(word, known, n=1, cutoff=0.5)
    listing = f"known: {', '.join(known[:MOST_LISTED])}"
    if len(known) > MOST_LISTED:
        listing += f" and {len(known) - MOST_LISTED} more"
    return f"did you mean {near[0]!r}? {listing}" if near else listing
