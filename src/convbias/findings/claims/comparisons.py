"""Claims that one arm beats another, decided by seed-paired contrasts.

A claim of superiority holds when its contrast says "better", does not hold when it says "worse" or
"equivalent", and is undecided otherwise. The primary contrasts are the experiment's own; those of
this file were chosen after reading the original's curves, so they are exploratory and corrected
together by Benjamini and Hochberg's method.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial

from convbias.findings.claims.base import (
    FEWEST_RUNS,
    Check,
    Claim,
    ClaimResult,
    ClaimVerdict,
    Evidence,
    no_runs,
    shared_runs,
)
from convbias.findings.claims.single_runs import gap
from convbias.findings.evaluation import Finding
from convbias.findings.wording import evidence as evidence_text
from convbias.runs.record import Run
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


def planned(
    claim: Claim, evidence: Evidence, *, contrasts: tuple[str, ...], arms: tuple[str, ...]
) -> ClaimResult:
    """Judge a claim by the original comparison's contrasts, all of which must come out better.

    Args:
        claim: The claim.
        evidence: Where the contrasts are.
        contrasts: Their names.
        arms: Of which runs are needed.
    """
    findings = [evidence.findings[name] for name in contrasts if name in evidence.findings]
    if len(results_of(findings)) < len(contrasts):
        return no_runs(claim, evidence, arms)
    return by_findings(claim, findings)


def results_of(findings: Sequence[Finding]) -> list[Contrast]:
    """The contrasts that could be evaluated."""
    return [finding.result for finding in findings if finding.result is not None]


def by_findings(claim: Claim, findings: Sequence[Finding]) -> ClaimResult:
    """Judge a claim by contrasts, all of which must come out better.

    Args:
        claim: The claim.
        findings: At least one; all have a result.
    """
    results = results_of(findings)
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


CHECKS: Mapping[str, Check] = {
    "cnn-more-accurate": partial(planned, contrasts=("cnn-over-dense-accuracy",), arms=_ARMS),
    "cnn-lower-loss": partial(planned, contrasts=("cnn-over-dense-loss",), arms=_ARMS),
    "gap-smaller": _exploratory,
    "convergence-speed": _exploratory,
    "convergence-plateau": _exploratory,
}
