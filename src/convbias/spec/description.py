"""Base class of all descriptions: immutable, with unknown keys refused."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeVar

from pydantic import BaseModel, ValidationError

from convbias.errors import InputError, did_you_mean


class Description(BaseModel, frozen=True, extra="forbid"):
    """Base class of all descriptions: immutable, hashable, without unknown keys."""


Described = TypeVar("Described", bound=Description)


def describe(kind: type[Described], values: Mapping[str, object], source: str) -> Described:
    """Build a description from user input, with helpful errors.

    Args:
        kind: The description's class.
        values: Its fields.
        source: Origin of the values, for error messages.

    Raises:
        InputError: A key is unknown (the message suggests the nearest known one), missing or out
            of bounds.
    """
    try:
        return kind.model_validate(values)
    except ValidationError as error:
        # A misspelt key is both unknown and missing; only the first says what to fix.
        first = min(error.errors(), key=lambda one: one["type"] != "extra_forbidden")
        where = ".".join(str(part) for part in first["loc"])
        if first["type"] == "extra_forbidden":
            known = did_you_mean(str(first["loc"][-1]), kind.model_fields)
            raise InputError(f"{source}: unknown key {where!r}", fix=known) from None
        if first["type"] == "missing":
            raise InputError(f"{source}: the key {where!r} is missing") from None
        message = first["msg"].removeprefix("Value error, ")
        if not where:  # of several keys together
            raise InputError(f"{source}: {message}") from None
        raise InputError(f"{source}: {where} = {first['input']!r}: {message}") from None
