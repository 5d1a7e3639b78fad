"""The original study's statements, as `claims.toml` lists them."""

from __future__ import annotations

import tomllib
from functools import cache
from importlib.resources import files

from convbias.findings.claims.base import Claim


@cache
def claims() -> tuple[Claim, ...]:
    """All claims of the original study, in the order of `claims.toml`.

    Example:
        >>> claims()[0].published_text
        '70,000 / 60,000 / 10,000 images'
    """
    listed = tomllib.loads(
        files("convbias.findings.claims").joinpath("claims.toml").read_text("utf-8")
    )
    return tuple(Claim.model_validate(claim) for claim in listed["claim"])
