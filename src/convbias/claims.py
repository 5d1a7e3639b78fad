"""The original study's statements, each held against what this project measures."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from functools import cache
from importlib.resources import files

from convbias.claim_checks import CHECKS
from convbias.claim_checks.base import (
    Claim,
    ClaimResult,
    ClaimVerdict,
    DataFacts,
    Evidence,
    FurtherEvidence,
    Layers,
    not_measured,
)
from convbias.claim_checks.comparisons import exploratory_contrasts
from convbias.config import DataVariant
from convbias.experiments import ORIGINAL
from convbias.experiments.recipe import RECIPE, classic_contrast, classic_name
from convbias.findings import Finding, evaluate, runs_by_arm
from convbias.run import Run

__all__ = [
    "Claim",
    "ClaimResult",
    "ClaimVerdict",
    "DataFacts",
    "FurtherEvidence",
    "audit",
    "claims",
]


@cache
def claims() -> tuple[Claim, ...]:
    """All claims of the original study, in the order of `claims.toml`.

    Example:
        >>> claims()[0].published_text
        '70,000 / 60,000 / 10,000 images'
    """
    listed = tomllib.loads(files("convbias").joinpath("claims.toml").read_text("utf-8"))
    return tuple(Claim.model_validate(claim) for claim in listed["claim"])


def audit(
    runs: Iterable[Run],
    *,
    networks: Mapping[str, Layers] | None = None,
    facts: DataFacts | None = None,
    findings: Sequence[Finding] | None = None,
    further: Mapping[str, FurtherEvidence] | None = None,
) -> list[ClaimResult]:
    """Judge every claim of the original study by what there is.

    Only runs trained on all of Fashion-MNIST and scored on its test set decide anything: what
    drawn images or a part of the training images show says nothing about the published numbers.

    Args:
        runs: Of one study.
        networks: Arm name to the shapes of its network's weights, as
            `convbias.models.layer_parameters` gives them; without them no arithmetic is judged.
        facts: What was counted in the data files.
        findings: `evaluate(ORIGINAL, runs)`, where that is at hand already; it takes seconds.
        further: Name of another experiment to what it found.

    Returns:
        One result per claim, in the order of `claims`.

    Raises:
        InputError: Two descriptions share an arm's name, a run occurs twice, or two arms were
            trained on different data files.
    """
    runs = list(runs)
    deciding = [run for run in runs if run.arm.data == DataVariant()]
    if findings is None or len(deciding) < len(runs):
        findings = evaluate(ORIGINAL, deciding)
    arms = runs_by_arm(deciding)
    finished = {arm: _with_status(of_arm, "finished") for arm, of_arm in arms.items()}
    diverged = {arm: _with_status(of_arm, "diverged") for arm, of_arm in arms.items()}
    evidence = Evidence(
        runs=finished,
        diverged={
            arm: tuple(run.key for run in of_arm.values()) for arm, of_arm in diverged.items()
        },
        passed_over=len(runs) - len(deciding),
        findings={finding.planned.name: finding for finding in findings},
        further=further or {},
        exploratory=exploratory_contrasts(finished),
        networks=networks or {},
        facts=facts,
    )
    results = _judged(evidence)
    if (classic := _under_classic(evidence)) is None:
        return results
    return [
        replace(result, classic=other) if _tells_more(other, result) else result
        for result, other in zip(results, _judged(classic), strict=True)
    ]


def _judged(evidence: Evidence) -> list[ClaimResult]:
    return [
        CHECKS[claim.id](claim, evidence) if claim.id in CHECKS else not_measured(claim)
        for claim in claims()
    ]


def _under_classic(evidence: Evidence) -> Evidence | None:
    """The original comparison as the classic recipe gives it, where that was measured."""
    found = evidence.further.get(RECIPE.name)
    if found is None or found.data != DataVariant():
        return None
    of_condition = runs_by_arm(found.runs)
    runs = {name: of_condition.get(classic_name(name), {}) for name in ORIGINAL.names}
    by_name = {finding.planned.name: finding for finding in found.findings}
    return replace(
        evidence,
        runs=runs,
        diverged={},
        findings={
            planned.name: by_name[classic_contrast(planned.name)] for planned in ORIGINAL.contrasts
        },
        further={},
        exploratory=exploratory_contrasts(runs),
    )


def _tells_more(other: ClaimResult, result: ClaimResult) -> bool:
    return other.measured is not None and bool(other.runs) and other.measured != result.measured


def _with_status(runs: Mapping[int, Run], status: str) -> dict[int, Run]:
    return {seed: run for seed, run in runs.items() if run.status == status}
