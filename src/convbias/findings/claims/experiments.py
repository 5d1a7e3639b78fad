"""Claims that experiments decide, by the planned contrasts and the statements that name the claim.

All of them must support the claim. Of experiments on images, only training on all of Fashion-MNIST
decides.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from convbias.findings.claims.base import (
    Claim,
    ClaimResult,
    Evidence,
    FurtherEvidence,
    no_runs,
    not_measured,
    superior,
)
from convbias.findings.evaluation import Finding
from convbias.findings.statement import Statement, all_of
from convbias.spec.arms import DataVariant
from convbias.statistics import Contrast


def by_experiments(claim: Claim, evidence: Evidence) -> ClaimResult:
    """Judge a claim by all contrasts and statements that name it.

    Args:
        claim: the claim.
        evidence: the contrasts of the original comparison, and what other experiments found.
    """
    results = []
    findings = [each for each in evidence.findings if each.planned.claim == claim.id]
    if findings:
        if len(_evaluated(findings)) < len(findings):
            compared = ((each.planned.treatment, each.planned.baseline) for each in findings)
            arms = dict.fromkeys(arm for both in compared for arm in both)
            return no_runs(claim, evidence, list(arms))
        results.append(_by_findings(claim, findings))
    about = [found for each in evidence.further.values() if (found := each.about(claim.id))]
    results += [_by_experiment(claim, found) for found in about if _decides(found)]
    aside = _joined(sentence for found in about if not _decides(found) for sentence in _told(found))
    if not results:
        because = f"Not on all of Fashion-MNIST, which alone decides: {aside}" if aside else None
        return not_measured(claim, because)
    result = _combined(results)
    if claim.undecided_because and result.verdict in ("holds", "does not hold"):
        result = replace(
            result,
            verdict="undecided",
            explanation=f"{claim.undecided_because} {result.explanation}",
        )
    if not aside:
        return result
    return replace(
        result,
        explanation=f"{result.explanation} Not on all of Fashion-MNIST, and deciding nothing:"
        f" {aside}",
    )


def _decides(found: FurtherEvidence) -> bool:
    return found.data in (None, DataVariant())


def _by_experiment(claim: Claim, found: FurtherEvidence) -> ClaimResult:
    if len(_evaluated(found.findings)) < len(found.findings):
        return not_measured(claim)
    results = [_by_findings(claim, found.findings)] if found.findings else []
    if found.statements:
        results.append(_by_statements(claim, found))
    return _combined(results)


def _by_findings(claim: Claim, findings: Sequence[Finding]) -> ClaimResult:
    """Judge a claim by contrasts, at least one; all were evaluated."""
    contrasts = _evaluated(findings)
    remarks = dict.fromkeys(remark for finding in findings for remark in finding.remarks)
    scale = findings[0].planned.quantity.scale
    alone = contrasts[0] if len(contrasts) == 1 else None
    return ClaimResult(
        claim,
        superior(contrasts),
        _joined([*(finding.sentence for finding in findings), *remarks]),
        measured=" and ".join(
            finding.planned.quantity.amount(contrast.difference, "+")
            for contrast, finding in zip(contrasts, findings, strict=True)
        ),
        value=scale * alone.difference if alone else None,
        interval=alone.interval.scaled(scale) if alone and alone.interval else None,
        n=min(contrast.n for contrast in contrasts),
        runs=tuple(dict.fromkeys(key for finding in findings for key in finding.runs)),
    )


def _by_statements(claim: Claim, found: FurtherEvidence) -> ClaimResult:
    return ClaimResult(
        claim,
        all_of([statement.verdict for statement in found.statements]),
        _joined(map(_with_verdict, found.statements)),
        n=len({run.seed for run in found.runs}),
        runs=tuple(run.key for run in found.runs),
    )


def _combined(results: Sequence[ClaimResult]) -> ClaimResult:
    """One result from several, all of which must hold; numbers are those of the first."""
    return replace(
        results[0],
        verdict=all_of([each.verdict for each in results]),
        explanation=_joined(each.explanation for each in results),
        n=min(each.n for each in results),
        runs=tuple(dict.fromkeys(key for each in results for key in each.runs)),
    )


def _evaluated(findings: Iterable[Finding]) -> list[Contrast]:
    return [finding.contrast for finding in findings if finding.contrast is not None]


def _told(found: FurtherEvidence) -> list[str]:
    sentences = [finding.sentence for finding in found.findings]
    return [*sentences, *map(_with_verdict, found.statements)]


def _with_verdict(statement: Statement) -> str:
    return f"{statement.verdict.capitalize()}: {statement.text}"


def _joined(sentences: Iterable[str]) -> str:
    return " ".join(filter(None, sentences))
