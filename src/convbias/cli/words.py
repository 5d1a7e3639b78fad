"""Check the words of the command line before they are converted."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

from cyclopts import App, ArgumentCollection

from convbias.errors import InputError

WHOLE_NUMBER = re.compile(r"[+-]?[0-9]+")


def check_words(_app: App, _commands: tuple[str, ...], arguments: ArgumentCollection) -> None:
    """Refuse what would otherwise be taken for something else.

    1.5 would be rounded to 2, and an empty path would be the current folder.

    Raises:
        InputError: A whole number has a decimal point or an exponent, or a path is empty.
    """
    for argument in arguments:
        kinds = set(_kinds(argument.hint))
        for token in argument.tokens:
            option = token.keyword or argument.name
            if int in kinds and _is_fraction(token.value):
                raise InputError(
                    f"{option} is {token.value}", "a whole number", f"use for instance {option} 3"
                )
            if Path in kinds and token.keyword and not token.value:
                raise InputError(
                    f"the path of {option} is empty", "a path", "use a dot for the current folder"
                )


def _kinds(hint: Any) -> Iterator[Any]:  # noqa: ANN401 - any annotation
    """The types of which a type hint is made."""
    parts = get_args(hint)
    if not parts:
        yield hint
    for part in parts:
        yield from _kinds(part)


def _is_fraction(word: str) -> bool:
    """Whether a word is a number, but not a whole one as people write it."""
    if WHOLE_NUMBER.fullmatch(word):
        return False
    try:
        float(word)
    except ValueError:
        return False
    return True
