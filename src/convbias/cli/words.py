"""Check the words of the command line, and spell out lists, before they are converted."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

from cyclopts import App, ArgumentCollection

from convbias.errors import InputError

WHOLE_NUMBER = re.compile(r"[+-]?[0-9]+")
LIST = re.compile(r"{0}(-{0})?(,{0}(-{0})?)*".format("[0-9]{1,18}"))  # for instance 0,3,5-9
LONGEST_LIST = 10_000


def check_words(_app: App, _commands: tuple[str, ...], arguments: ArgumentCollection) -> None:
    """Refuse what would otherwise be taken for something else, and spell out 0,1 and 0-4.

    1.5 would be rounded to 2, and an empty path would be the current folder.

    Raises:
        InputError: A whole number has a decimal point or an exponent, a path is empty, or a list is
            longer than 10,000 numbers.
    """
    for argument in arguments:
        kinds = set(_kinds(argument.hint))
        if int in kinds and Ellipsis in kinds:  # a list of whole numbers
            spelled = [
                (token, word) for token in argument.tokens for word in _spelled_out(token.value)
            ]
            argument.tokens[:] = [
                token.evolve(value=word, index=place) for place, (token, word) in enumerate(spelled)
            ]
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
    """The types that a type hint consists of."""
    parts = get_args(hint)
    if not parts:
        yield hint
    for part in parts:
        yield from _kinds(part)


def _spelled_out(word: str) -> list[str]:
    if not LIST.fullmatch(word):
        return [word]
    numbers: list[str] = []
    for part in word.split(","):
        first, _, last = part.partition("-")
        some = range(int(first), int(last or first) + 1)
        if not some or len(numbers) + len(some) > LONGEST_LIST:
            raise InputError(
                f"{word} is {'empty' if not some else 'too long'}",
                f"a list of at most {LONGEST_LIST:,} numbers, the smaller end of a range first",
                "use for instance 0-4",
            )
        numbers += map(str, some)
    return numbers


def _is_fraction(word: str) -> bool:
    """Whether a word is a number, but not a whole one as people write it."""
    if WHOLE_NUMBER.fullmatch(word):
        return False
    try:
        float(word)
    except ValueError:
        return False
    return True
