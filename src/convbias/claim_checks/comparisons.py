"""Claims that one arm beats another, decided by seed-paired contrasts.

A claim of superiority holds when its contrast says "better", does not hold when it says "worse" or
"equivalent", and is undecided otherwise. The primary contrasts are the experiment's own; those of
this file were chosen after reading the original's curves, so they are exploratory and corrected
together by Benjamini and Hochberg's method.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial

from convbias.claim_checks.base import (
    FEWEST_RUNS,
    Check,
    Claim,
    ClaimResult,
    ClaimVerdict,
    Evidence,
    no_runs,
    not_measured,
    shared_runs,
)
from convbias.claim_checks.single_runs import gap
from convbias.config import DataVariant
from convbias.findings import Finding
from convbias.quantities import TEST_ACCURACY
from convbias.run import Run
from convbias.statistics import Contrast, benjamini_hochberg_over, paired_contrast
from convbias.wording import evidence as evidence_text

_ARMS = ("cnn-3x3", "dense")

EPOCH_MARGIN = 1.0  # converging less than an epoch earlier does not matter


# What an exploratory contrast compares, in what unit, and with how many digits it is told.
_TOLD = {
    "gap-smaller": ("training minus validation accuracy", "percentage points", 2),
    "convergence-speed": ("epochs until dense's final validation accuracy", "epochs", 1),
    "convergence-plateau": ("validation accuracy after the last epoch", "percentage points", 2),
}


def epochs_to_reach(run: Run, accuracy: float) -> int:
    """The first epoch, counted from 1, whose validation accuracy is at least `accuracy`.

    Returns:
        One more than were trained where none is, which is the least it can be.
    """
    curve = [epoch.validation_accuracy for epoch in run.epochs]
    return next(
        (epoch for epoch, value in enumerate(curve, start=1) if value >= accuracy), len(curve) + 1
    )


def exploratory_contrasts(runs: Mapping[str, Mapping[int, Run]]) -> dict[str, Contrast]:
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


def _superior(contrast: Contrast) -> ClaimVerdict:
    if contrast.verdict == "undecided" or contrast.n < FEWEST_RUNS:
        return "undecided"
    return "holds" if contrast.verdict == "better" else "does not hold"


def _all_superior(contrasts: Sequence[Contrast]) -> ClaimVerdict:
    verdicts = {_superior(contrast) for contrast in contrasts}
    if "does not hold" in verdicts:
        return "does not hold"
    return "undecided" if "undecided" in verdicts else "holds"


def _exploratory(claim: Claim, evidence: Evidence) -> ClaimResult:
    contrast = evidence.exploratory.get(claim.id)
    if contrast is None:
        return no_runs(claim, evidence, _ARMS)
    what, unit, digits = _TOLD[claim.id]
    cnn, dense = (f"{side.mean:.{digits}f}" for side in (contrast.treatment, contrast.baseline))
    difference = f"{contrast.difference:+z.{digits}f} {unit}"
    brackets = evidence_text(contrast, scale=1, digits=digits, correction="BH")
    explanation = (
        f"{what[0].upper()}{what[1:]}: {cnn} for {_ARMS[0]} and {dense} for {_ARMS[1]}, a"
        f" difference of {difference} ({brackets})."
    )
    return ClaimResult(
        claim,
        _superior(contrast),
        (f"{explanation} {contrast.limit}" if contrast.limit else explanation)
        + evidence.left_out(*_ARMS),
        measured=difference,
        value=contrast.difference,
        interval=contrast.interval,
        n=contrast.n,
        runs=tuple(run.key for pair in shared_runs(evidence.runs, _ARMS) for run in pair),
    )


def _planned(
    claim: Claim, evidence: Evidence, *, contrasts: tuple[str, ...], arms: tuple[str, ...]
) -> ClaimResult:
    """Judge a claim by planned contrasts, all of which must come out better."""
    findings = [evidence.findings[name] for name in contrasts if name in evidence.findings]
    if len(_results(findings)) < len(contrasts):
        return no_runs(claim, evidence, arms)
    return _by_findings(claim, findings)


def _experiment(claim: Claim, evidence: Evidence, *, contrasts: tuple[str, ...]) -> ClaimResult:
    """Judge a claim by another experiment's contrasts, all of which must come out better."""
    findings = [evidence.findings[name] for name in contrasts if name in evidence.findings]
    if len(_results(findings)) < len(contrasts):
        return not_measured(claim)
    parts = [finding for finding in findings if finding.data != DataVariant()]
    if parts:
        told = " ".join(finding.sentence for finding in findings)
        return not_measured(claim, f"Not on all of Fashion-MNIST, which alone decides: {told}")
    return _by_findings(claim, findings)


def _results(findings: Sequence[Finding]) -> list[Contrast]:
    return [finding.result for finding in findings if finding.result is not None]


def _by_findings(claim: Claim, findings: Sequence[Finding]) -> ClaimResult:
    """Judge a claim by contrasts that have been evaluated."""
    results = _results(findings)
    remarks = dict.fromkeys(remark for finding in findings for remark in finding.remarks)
    scale = findings[0].planned.quantity.scale
    alone = results[0] if len(results) == 1 else None
    return ClaimResult(
        claim,
        _all_superior(results),
        " ".join([finding.sentence for finding in findings] + list(remarks)),
        measured=" and ".join(
            finding.planned.quantity.amount(result.difference, "+")
            for result, finding in zip(results, findings, strict=True)
        ),
        value=scale * alone.difference if alone else None,
        interval=alone.interval.scaled(scale) if alone and alone.interval else None,
        n=min(result.n for result in results),
        runs=tuple(dict.fromkeys(key for finding in findings for key in finding.runs)),
    )


_EXPERIMENTS = {
    "locality-dense": ("locality-channel-matched",),
    "equivariance-relearn": ("cnn-more-consistent",),
    "choices-3x3": ("as-built-over-1x1",),
    "choices-stride": ("as-built-over-strides",),
    "choices-padding": ("as-built-over-valid-padding",),
    "choices-filters": ("as-built-over-48-48-filters", "as-built-over-64-32-filters"),
    "choices-pooling": ("as-built-over-flatten", "as-built-over-flatten-matched"),
}

CHECKS: Mapping[str, Check] = {
    "cnn-more-accurate": partial(_planned, contrasts=("cnn-over-dense-accuracy",), arms=_ARMS),
    "cnn-lower-loss": partial(_planned, contrasts=("cnn-over-dense-loss",), arms=_ARMS),
    "kernel-5x5-optimal": partial(
        _planned,
        contrasts=("5x5-over-3x3-accuracy", "5x5-over-7x7-accuracy"),
        arms=("cnn-3x3", "cnn-5x5", "cnn-7x7"),
    ),
    "gap-smaller": _exploratory,
    "convergence-speed": _exploratory,
    "convergence-plateau": _exploratory,
    **{
        claim: partial(_experiment, contrasts=contrasts)
        for claim, contrasts in _EXPERIMENTS.items()
    },
}
