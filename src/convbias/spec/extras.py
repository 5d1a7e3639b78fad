"""Check optional dependencies, see `[project.optional-dependencies]` in pyproject.toml."""

from __future__ import annotations

import importlib.util
from collections.abc import Sequence

from convbias.errors import InputError


def check_installed(extra: str, modules: Sequence[str]) -> None:
    """Check that an extra is installed, before any of its modules is imported.

    Args:
        extra: name of the extra.
        modules: modules that are needed from it.

    Raises:
        InputError: A module is missing.

    Example:
        >>> check_installed("serve", ["no_such_module"])
        Traceback (most recent call last):
        convbias.errors.InputError: no_such_module is not installed
          expected: the packages of the extra 'serve'
          fix:      pip install 'convbias[serve]'
    """
    missing = [name for name in modules if importlib.util.find_spec(name) is None]
    if missing:
        raise InputError(
            f"{', '.join(missing)} {'is' if len(missing) == 1 else 'are'} not installed",
            f"the packages of the extra {extra!r}",
            f"pip install 'convbias[{extra}]'",
        )
