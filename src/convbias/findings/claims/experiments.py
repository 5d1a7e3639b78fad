"""Claims that other experiments decide, by planned contrasts and by what else came out of them.

A claim of superiority needs contrasts that come out better; other claims are judged by those
statements of an experiment that name the claim. Only training on all of Fashion-MNIST decides.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from functools import partial

from convbias.findings.claims.base import (
    Check,
    Claim,
    ClaimResult,
    ClaimVerdict,
    Evidence,
    FurtherEvidence,
    not_measured,
)
from convbias.findings.claims.comparisons import by_findings, planned, results_of
from convbias.findings.statement import Statement
from convbias.spec.arms import DataVariant

# One of these decides over those behind it.
_STRONGEST_FIRST: tuple[ClaimVerdict, ...] = ("does not hold", "not measured yet", "undecided")


def _by_experiment(
    claim: Claim, evidence: Evidence, *, experiment: str, contrasts: tuple[str, ...] = ()
) -> ClaimResult:
    """Judge a claim by an experiment's contrasts and statements, all of which must support it."""
    found = evidence.further.get(experiment)
    if found is None:
        return not_measured(claim)
    by_name = {finding.planned.name: finding for finding in found.findings}
    findings = [by_name[name] for name in contrasts if name in by_name]
    statements = _about(claim, found)
    if len(results_of(findings)) < len(contrasts) or not (contrasts or statements):
        return not_measured(claim)
    if found.data != DataVariant():
        told = _join([*(finding.sentence for finding in findings), *_told(statements)])
        return not_measured(claim, f"Not on all of Fashion-MNIST, which alone decides: {told}")
    if findings:
        return _with_statements(by_findings(claim, findings), statements, found)
    return _with_statements(ClaimResult(claim, "holds", ""), statements, found)


def _best_kernel(claim: Claim, evidence: Evidence) -> ClaimResult:
    """The original sweep, and the same with one confounded thing held equal at a time."""
    swept = planned(
        claim,
        evidence,
        contrasts=("5x5-over-3x3-accuracy", "5x5-over-7x7-accuracy"),
        arms=("cnn-3x3", "cnn-5x5", "cnn-7x7"),
    )
    found = evidence.further.get("kernel-size")
    if found is None or swept.verdict == "not measured yet":
        return swept
    statements = _about(claim, found)
    if found.data != DataVariant():
        told = _join(_told(statements))
        return replace(
            swept,
            explanation=f"{swept.explanation} Not on all of Fashion-MNIST, and deciding"
            f" nothing: {told}",
        )
    return _with_statements(swept, statements, found)


def _about(claim: Claim, found: FurtherEvidence) -> list[Statement]:
    return [statement for statement in found.statements if statement.claim == claim.id]


def _with_statements(
    result: ClaimResult, statements: Sequence[Statement], found: FurtherEvidence
) -> ClaimResult:
    if not statements:
        return result
    seeds = {run.seed for run in found.runs}
    return replace(
        result,
        verdict=_joint([result.verdict, *(statement.verdict for statement in statements)]),
        explanation=_join([result.explanation, *_told(statements)]),
        n=min(result.n, len(seeds)) if result.runs else len(seeds),
        runs=tuple(dict.fromkeys((*result.runs, *(run.key for run in found.runs)))),
    )


def _told(statements: Iterable[Statement]) -> list[str]:
    return [f"{statement.verdict.capitalize()}: {statement.text}" for statement in statements]


def _join(sentences: Iterable[str]) -> str:
    return " ".join(filter(None, sentences))


def _joint(verdicts: Sequence[ClaimVerdict]) -> ClaimVerdict:
    for each in _STRONGEST_FIRST:
        if each in verdicts:
            return each
    return "holds"


CHECKS: Mapping[str, Check] = {
    "kernel-5x5-optimal": _best_kernel,
    **{
        claim: partial(_by_experiment, experiment=experiment, contrasts=contrasts)
        for claim, experiment, contrasts in (
            ("locality-dense", "sharing", ("locality-channel-matched",)),
            ("equivariance-shift", "shift", ()),
            ("equivariance-pooling", "shift", ("pooling-over-strides",)),
            ("equivariance-relearn", "shift", ("cnn-more-consistent",)),
            ("hierarchy", "hierarchy", ()),
            ("choices-3x3", "choices", ("as-built-over-1x1",)),
            ("choices-stride", "choices", ("as-built-over-strides",)),
            ("choices-padding", "choices", ("as-built-over-valid-padding",)),
            (
                "choices-filters",
                "choices",
                ("as-built-over-48-48-filters", "as-built-over-64-32-filters"),
            ),
            (
                "choices-pooling",
                "choices",
                ("as-built-over-flatten", "as-built-over-flatten-matched"),
            ),
        )
    },
}
