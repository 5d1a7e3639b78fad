"""What is installed beside the lean package, see `[project.optional-dependencies]`."""

from __future__ import annotations

import importlib.util
from collections.abc import Sequence

from convbias.errors import InputError


def check_installed(extra: str, modules: Sequence[str]) -> None:
    """Make sure that an extra is there, before anything of it is imported.

    Args:
        extra: Its name.
        modules: That it brings and that are needed.

    Raises:
        InputError: One of them is missing.

    Example:
        >>> check_installed("serve", ["no_such_module"])
        Traceback (most recent call last):
        convbias.errors.InputError: no_such_module is not installed
          expected: what the extra 'serve' brings
          fix:      pip install 'convbias[serve]'
    """
    missing = [name for name in modules if importlib.util.find_spec(name) is None]
    if missing:
        raise InputError(
            f"{', '.join(missing)} {'is' if len(missing) == 1 else 'are'} not installed",
            f"what the extra {extra!r} brings",
            f"pip install 'convbias[{extra}]'",
        )
