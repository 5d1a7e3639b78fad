"""What the figures of `receptive-field` show, in short."""

from __future__ import annotations

from collections.abc import Mapping
from statistics import fmean

from convbias.experiments.outcome import Outcome
from convbias.experiments.questions.receptive_field.question import KERNEL_SIZES
from convbias.findings.headlines import shortened
from convbias.findings.results import Results
from convbias.findings.statement import Statement, all_of
from convbias.findings.values import by_seed
from convbias.spec.formatting import MISSING
from convbias.statistics import Contrast


def headlines(
    results: Results, _contrasts: Mapping[str, Contrast], outcome: Outcome
) -> dict[str, Statement]:
    """How much of its field a unit uses, by kernel size, and what training changes."""
    larger, *widened = outcome.statements
    sides, after, before = (
        [_mean(results, size, name, scale, digits) for size in KERNEL_SIZES]
        for name, scale, digits in (
            ("effective_field_50", 1, 1),
            ("effective_share_50", 100, 0),
            ("untrained_effective_share_50", 100, 0),
        )
    )
    kernels = ", ".join(f"{size}x{size}" for size in KERNEL_SIZES)
    return {
        "maps": shortened(
            larger,
            "Larger kernels use larger fields: half of a unit’s influence comes from a square of"
            f" {', '.join(sides)} pixels per side, with {kernels} kernels.",
        ),
        "sides": Statement(
            f"Training widens the part of the field that matters: {', '.join(after)} % of the side"
            f" hold half of the influence, {', '.join(before)} % before training.",
            all_of([each.verdict for each in widened]),
        ),
    }


def _mean(results: Results, size: int, name: str, scale: float, digits: int) -> str:
    found = by_seed(results, f"cnn-{size}x{size}", name).values()
    return f"{scale * fmean(found):.{digits}f}" if found else MISSING
