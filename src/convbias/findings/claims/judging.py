"""Judge the claims of the original study by what this project measures."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from convbias.errors import InputError, did_you_mean
from convbias.findings.claims.base import (
    ClaimResult,
    DataFacts,
    Evidence,
    FurtherEvidence,
    Layers,
)
from convbias.findings.claims.catalogue import claims
from convbias.findings.claims.checks import CHECKS
from convbias.findings.claims.comparisons import exploratory_contrasts
from convbias.findings.claims.experiments import by_experiments
from convbias.findings.evaluation import Finding, evaluate, runs_by_arm
from convbias.findings.results import ConditionRun
from convbias.spec.arms import DataVariant
from convbias.spec.experiment import Experiment
from convbias.spec.recipes import classic_contrast, classic_name


def audit(
    original: Experiment,
    runs: Iterable[ConditionRun],
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
        original: The original comparison, whose conditions and contrasts the claims are about.
        runs: the runs of one study.
        networks: Arm name to the shapes of its network's weights, as
            `convbias.spec.arithmetic.weight_shapes` gives them; without them no arithmetic is
            judged.
        facts: What was counted in the data files.
        findings: `evaluate(original, runs)`, where that is at hand already; it takes seconds.
        further: Name of another experiment to what it found.

    Returns:
        One result per claim, in the order of `claims`.

    Raises:
        InputError: Two descriptions share an arm's name, a run occurs twice, two arms were
            trained on different data files, or an experiment names an unknown claim.
    """
    runs = list(runs)
    deciding = [run for run in runs if run.image_arm.data == DataVariant()]
    if findings is None or len(deciding) < len(runs):
        findings = evaluate(original, deciding)
    arms = runs_by_arm(deciding)
    finished = {arm: _with_status(of_arm, "finished") for arm, of_arm in arms.items()}
    diverged = {arm: _with_status(of_arm, "diverged") for arm, of_arm in arms.items()}
    evidence = Evidence(
        runs=finished,
        diverged={
            arm: tuple(run.key for run in of_arm.values()) for arm, of_arm in diverged.items()
        },
        passed_over=len(runs) - len(deciding),
        findings=tuple(findings),
        further=further or {},
        exploratory=exploratory_contrasts(finished),
        networks=networks or {},
        facts=facts,
    )
    _check_names(evidence)
    results = _judged(evidence)
    if (classic := _under_classic(original, evidence)) is None:
        return results
    return [
        replace(result, classic=other) if _tells_more(other, result) else result
        for result, other in zip(results, _judged(classic), strict=True)
    ]


def _judged(evidence: Evidence) -> list[ClaimResult]:
    return [CHECKS.get(claim.id, by_experiments)(claim, evidence) for claim in claims()]


def _check_names(evidence: Evidence) -> None:
    known = {claim.id for claim in claims()}
    named = [finding.planned.claim for finding in evidence.findings]
    for found in evidence.further.values():
        named += [finding.planned.claim for finding in found.findings]
        named += [statement.claim for statement in found.statements]
    for name in named:
        if name is not None and name not in known:
            raise InputError(
                f"an experiment names the claim {name!r}, which is not listed",
                "the id of a claim in claims.toml",
                did_you_mean(name, known),
            )


def _under_classic(original: Experiment, evidence: Evidence) -> Evidence | None:
    """The original comparison as the classic recipe gives it, where that was measured."""
    found = evidence.further.get("recipe")
    if found is None or found.data != DataVariant():
        return None
    of_condition = runs_by_arm(found.runs)
    runs = {name: of_condition.get(classic_name(name), {}) for name in original.names}
    by_name = {finding.planned.name: finding for finding in found.findings}
    return replace(
        evidence,
        runs=runs,
        diverged={},
        findings=tuple(
            replace(finding, planned=replace(finding.planned, claim=planned.claim))
            for planned in original.contrasts
            for finding in [by_name[classic_contrast(planned.name)]]
        ),
        further={},
        exploratory=exploratory_contrasts(runs),
    )


def _tells_more(other: ClaimResult, result: ClaimResult) -> bool:
    return other.measured is not None and bool(other.runs) and other.measured != result.measured


def _with_status(runs: Mapping[int, ConditionRun], status: str) -> dict[int, ConditionRun]:
    return {seed: run for seed, run in runs.items() if run.status == status}
