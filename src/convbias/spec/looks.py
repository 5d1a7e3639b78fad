"""At which numbers of seed pairs a study may be judged that is judged more than once."""

from __future__ import annotations

from collections.abc import Sequence

from convbias.errors import InputError

FIRST_LOOK = 4  # fewer differences tell too little about their spread
MOST_PAIRS = 30


def planned_looks(at_most: int = MOST_PAIRS) -> tuple[int, ...]:
    """The looks of a study that adds seeds until it is decided.

    Each has twice as many pairs as the one before, so that there are few of them, as all looks
    share one error rate.

    Args:
        at_most: Seed pairs at the last look.

    Raises:
        InputError: So few pairs are not looked at.

    Example:
        >>> planned_looks(), planned_looks(12)
        ((4, 8, 16, 30), (4, 8, 12))
    """
    if at_most < FIRST_LOOK:
        raise InputError(
            f"{at_most} seeds at most",
            f"at least {FIRST_LOOK}, which is the first look",
            f"use {FIRST_LOOK} or more; no verdict is possible with fewer",
        )
    looks = []
    pairs = FIRST_LOOK
    while pairs < at_most:
        looks.append(pairs)
        pairs *= 2
    return (*looks, at_most)


def check_looks(looks: Sequence[int]) -> None:
    """Check a plan of looks.

    Args:
        looks: Seed pairs at each look.

    Raises:
        InputError: They do not grow, or the first is too early.
    """
    if list(looks) != sorted(set(looks)) or (looks and looks[0] < FIRST_LOOK):
        raise InputError(
            f"the looks are {', '.join(map(str, looks))}",
            f"growing numbers of seed pairs, {FIRST_LOOK} or more",
            f"use for instance {', '.join(map(str, planned_looks()))}",
        )


def latest_look(pairs: int, looks: Sequence[int]) -> int | None:
    """The last look that so many pairs reach.

    Args:
        pairs: Seed pairs.
        looks: Seed pairs at each look, growing.

    Example:
        >>> latest_look(9, (4, 8, 16)), latest_look(3, (4, 8, 16))
        (8, None)
    """
    return max((look for look in looks if look <= pairs), default=None)
