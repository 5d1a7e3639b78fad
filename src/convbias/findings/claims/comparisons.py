"""Claims that exploratory contrasts between the CNN and the dense baseline decide.

These contrasts were chosen after reading the original's curves, unlike the planned contrasts of
experiments; they are corrected together by Benjamini and Hochberg's method.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from convbias.findings.claims.base import (
    Check,
    Claim,
    ClaimResult,
    Evidence,
    no_runs,
    shared_runs,
    superior,
)
from convbias.findings.claims.single_runs import gap
from convbias.findings.results import ConditionRun
from convbias.findings.wording import in_brackets
from convbias.spec.formatting import counted
from convbias.spec.quantities import TEST_ACCURACY
from convbias.statistics import Contrast, benjamini_hochberg_over, paired_contrast

_ARMS = ("cnn-3x3", "dense")

EPOCH_MARGIN = 1.0  # converging less than an epoch earlier does not matter


# What an exploratory contrast compares, in what unit, and with how many digits it is told.
_TOLD = {
    "gap-smaller": ("training minus validation accuracy", "percentage points", 2),
    "convergence-speed": ("epochs until dense's final validation accuracy", "epochs", 1),
    "convergence-plateau": ("validation accuracy after the last epoch", "percentage points", 2),
}


def epochs_to_reach(run: ConditionRun, accuracy: float) -> int:
    """The first epoch, counted from 1, whose validation accuracy is at least `accuracy`.

    Returns:
        One more than were trained where none is, which is the least it can be.
    """
    curve = [epoch.validation_accuracy for epoch in run.epochs]
    return next(
        (epoch for epoch, value in enumerate(curve, start=1) if value >= accuracy), len(curve) + 1
    )


def exploratory_contrasts(runs: Mapping[str, Mapping[int, ConditionRun]]) -> dict[str, Contrast]:
    """Evaluate the exploratory contrasts between CNN and dense baseline.

    Gap: training minus validation accuracy, in percentage points. Speed: the epochs until the
    final validation accuracy of the same seed's dense baseline is first reached, by the CNN and by
    the baseline itself. Plateau: validation accuracy after the last epoch, in percentage points.

    Args:
        runs: Arm name to seed to finished run.

    Returns:
        Claim to contrast, corrected; empty where the two arms share no seed.
    """
    pairs = shared_runs(runs, _ARMS)
    if not pairs:
        return {}
    targets = [baseline.epochs[-1].validation_accuracy for _, baseline in pairs]
    contrasts = {
        "gap-smaller": paired_contrast(
            [gap(cnn) for cnn, _ in pairs],
            [gap(baseline) for _, baseline in pairs],
            margin=100 * TEST_ACCURACY.margin,
            higher_is_better=False,
        ),
        "convergence-speed": paired_contrast(
            [epochs_to_reach(cnn, t) for (cnn, _), t in zip(pairs, targets, strict=True)],
            [epochs_to_reach(baseline, t) for (_, baseline), t in zip(pairs, targets, strict=True)],
            margin=EPOCH_MARGIN,
            higher_is_better=False,
        ),
        "convergence-plateau": paired_contrast(
            [100 * cnn.epochs[-1].validation_accuracy for cnn, _ in pairs],
            [100 * target for target in targets],
            margin=100 * TEST_ACCURACY.margin,
        ),
    }
    corrected = benjamini_hochberg_over(list(contrasts.values()))
    return dict(zip(contrasts, corrected, strict=True))


def _exploratory(claim: Claim, evidence: Evidence) -> ClaimResult:
    contrast = evidence.exploratory.get(claim.id)
    if contrast is None:
        return no_runs(claim, evidence, _ARMS)
    what, unit, digits = _TOLD[claim.id]
    cnn, dense = (f"{side.mean:.{digits}f}" for side in (contrast.treatment, contrast.baseline))
    pairs = shared_runs(evidence.runs, _ARMS)
    never = _never_reached(pairs) if claim.id == "convergence-speed" else 0
    at_least = "at least " if never else ""
    difference = f"{at_least}{contrast.difference:+z.{digits}f} {unit}"
    brackets = in_brackets(contrast, scale=1, digits=digits, correction="BH")
    explanation = (
        f"{what[0].upper()}{what[1:]}: {at_least}{cnn} for {_ARMS[0]} and {dense} for {_ARMS[1]}, a"
        f" difference of {difference} ({brackets})."
    )
    if never:
        epochs = max(len(cnn.epochs) for cnn, _ in pairs)
        explanation += (
            f" With {never} of {counted(len(pairs), 'seed')} {_ARMS[0]} needs more than the"
            f" {epochs} epochs that it trained; that counts as {epochs + 1}, the least it can be."
        )
    return ClaimResult(
        claim,
        superior([contrast]),
        (f"{explanation} {contrast.limit}" if contrast.limit else explanation)
        + evidence.left_out(*_ARMS),
        measured=difference,
        value=contrast.difference,
        interval=contrast.interval,
        n=contrast.n,
        runs=tuple(run.key for pair in pairs for run in pair),
    )


def _never_reached(pairs: Sequence[Sequence[ConditionRun]]) -> int:
    """With how many seeds the CNN never reaches the dense baseline's final accuracy."""
    return sum(
        epochs_to_reach(cnn, baseline.epochs[-1].validation_accuracy) > len(cnn.epochs)
        for cnn, baseline in pairs
    )


CHECKS: Mapping[str, Check] = {
    "gap-smaller": _exploratory,
    "convergence-speed": _exploratory,
    "convergence-plateau": _exploratory,
}
