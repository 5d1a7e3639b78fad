"""Validate a list of seeds."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from convbias.errors import InputError


def check_seeds(seeds: Sequence[int]) -> None:
    """Check that a list of seeds is not empty and has no repeated or negative seed.

    Args:
        seeds: The seeds; each arm is trained once per seed.

    Raises:
        InputError: The list is empty, repeats a seed or holds a negative one.
    """
    if not seeds:
        raise InputError("the list of seeds is empty", "at least one seed", "for instance 0 1 2")
    seed, times = Counter(seeds).most_common(1)[0]
    if times > 1:
        raise InputError(
            f"seed {seed} is named {times} times; the same seed gives the same run, not a new one",
            "distinct seeds",
            f"name each seed once, for instance {' '.join(map(str, range(len(seeds))))}",
        )
    if min(seeds) < 0:
        raise InputError(f"seed {min(seeds)} is negative", "whole numbers from 0 on")
