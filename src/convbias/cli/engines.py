"""The option `--on`: where runs are trained and networks are measured."""

from __future__ import annotations

from convbias.errors import InputError
from convbias.runs.engines.base import Engine
from convbias.runs.engines.local import Local

LOCAL = "local"
RAY = "ray"


def choose_engine(on: str) -> Engine:
    """The engine that a command names; nothing is connected yet.

    Args:
        on: `local`, `ray`, `ray:HOST:PORT` or `ray://HOST:PORT`.

    Raises:
        InputError: There is no such engine, or its package is not installed.

    Example:
        >>> type(choose_engine("local")).__name__
        'Local'
    """
    if on == LOCAL:
        return Local()
    name, _, address = on.partition(":")
    if name == RAY:
        # Imported here, because few commands need it.
        from convbias.runs.engines.ray import Ray

        return Ray(on if address.startswith("//") else address or None)
    raise InputError(
        f"there is no engine {on!r}",
        "local, ray, ray:HOST:PORT or ray://HOST:PORT",
        "leave --on out to use this machine",
    )
