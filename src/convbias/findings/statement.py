"""A sentence about what was measured, with its verdict."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Judgement = Literal["holds", "does not hold", "undecided", "not measured yet"]


@dataclass(frozen=True)
class Statement:
    """A sentence with its numbers, and what it says about what was asked.

    Args:
        text: The sentence.
        verdict: Whether what was asked, or what must come out as known, does.
        claim: The original study's statement that it judges, by its name in `claims.toml`.
    """

    text: str
    verdict: Judgement
    claim: str | None = None
