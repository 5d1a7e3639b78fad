"""Contrasts, claims and runs as rows of text."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import get_args

import pandas as pd

from convbias.findings.claims import ClaimResult
from convbias.findings.evaluation import Finding
from convbias.findings.learning_curves import arm_convergence
from convbias.findings.results import ConditionRun
from convbias.findings.statement import Judgement
from convbias.findings.wording import covered_by
from convbias.spec.formatting import MISSING, interval_text, p_value_text, percent
from convbias.spec.quantities import TEST_ACCURACY, TEST_LOSS, Quantity
from convbias.statistics import Contrast, Interval


@dataclass(frozen=True)
class ContrastRow:
    """A contrast as a row of text.

    Args:
        finding: the evaluated contrast.
        unit: unit of difference, intervals and means.
        treatment: mean of the treatment.
        baseline: mean of the baseline.
        difference: mean difference.
        interval: interval of the difference, over seeds and test images where both are known.
        over: what that interval covers.
        seeds_interval: interval over seeds alone, where that is another one.
        p_value: uncorrected p-value.
        adjusted_p_value: p-value after Holm's correction.
        equivalence_p_value: p-value of TOST, after Holm's correction.
        probability_better: share of seeds on which the treatment is better.
        correlation: correlation of the two arms over shared seeds.
        findable: smallest true difference that this number of pairs detects with the stated power.
        next_rates: range of the difference with either arm's next lower and next higher learning
            rate.
    """

    finding: Finding
    unit: str
    treatment: str
    baseline: str
    difference: str
    interval: str
    over: str
    seeds_interval: str
    p_value: str
    adjusted_p_value: str
    equivalence_p_value: str
    probability_better: str
    correlation: str
    findable: str
    next_rates: str

    @property
    def verdict(self) -> str:
        """The verdict, or that the contrast was not measured yet."""
        return self.finding.contrast.verdict if self.finding.contrast else "not measured yet"

    @property
    def pairs(self) -> int:
        """The number of seed pairs."""
        return len(self.finding.seeds)


def contrast_rows(findings: Iterable[Finding]) -> list[ContrastRow]:
    """Write contrasts as rows of text.

    Args:
        findings: from `evaluate`.
    """
    return [_contrast_row(finding, finding.contrast) for finding in findings]


def _contrast_row(finding: Finding, result: Contrast | None) -> ContrastRow:
    quantity = finding.planned.quantity
    unit = quantity.long_unit
    if result is None:
        return ContrastRow(finding, unit, *([MISSING] * 13))
    findable = result.smallest_findable()
    return ContrastRow(
        finding=finding,
        unit=unit,
        treatment=quantity.written(result.treatment.mean),
        baseline=quantity.written(result.baseline.mean),
        difference=quantity.written(result.difference, "+"),
        interval=_interval(result.interval, quantity),
        over=covered_by(result, quantity.items),
        seeds_interval=_interval(
            result.seeds_interval if result.crossed_interval else None, quantity
        ),
        p_value=p_value_text(result.p_value),
        adjusted_p_value=p_value_text(result.adjusted_p_value),
        equivalence_p_value=p_value_text(result.adjusted_equivalence_p_value),
        probability_better=percent(result.probability_better, 0),
        correlation=MISSING if result.correlation is None else f"{result.correlation:+.2f}",
        findable="none" if findable is None else quantity.amount(findable),
        next_rates=_next_rates(result, quantity),
    )


def _next_rates(result: Contrast, quantity: Quantity) -> str:
    if not result.shifts:
        return MISSING
    ends = (result.difference + min(result.shifts), result.difference + max(result.shifts))
    return interval_text(ends, lambda end: quantity.written(end, "+"))


def _interval(interval: Interval | None, quantity: Quantity) -> str:
    if interval is None:
        return MISSING
    return interval_text(interval.ends, lambda end: quantity.written(end, "+"))


@dataclass(frozen=True)
class ConvergenceRow:
    """The end of an arm's validation curves as a row of text.

    Args:
        arm: name of the arm.
        score: accuracy or loss, with its unit.
        state: what they show.
        last_gain: interval of the improvement in the last epoch.
        best_epoch: the best epoch on the mean over seeds, of how many.
        decline: interval of how much worse the last epoch is than the best one.
    """

    arm: str
    score: str
    state: str
    last_gain: str
    best_epoch: str
    decline: str


def convergence_rows(arms: Mapping[str, Sequence[ConditionRun]]) -> list[ConvergenceRow]:
    """Write what the arms' validation curves show at their end as rows of text.

    Args:
        arms: arm name to finished runs.
    """
    rows = []
    for name, runs in arms.items():
        for quantity in (TEST_ACCURACY, TEST_LOSS):
            found = arm_convergence(runs, quantity)
            rows.append(
                ConvergenceRow(
                    arm=name,
                    score=f"{quantity.noun.removeprefix('test ')} ({quantity.long_unit})",
                    state=found.state,
                    last_gain=_interval(found.last_gain, quantity),
                    best_epoch=f"{found.best_epoch} of {found.epochs}",
                    decline=_interval(found.decline_since_best, quantity),
                )
            )
    return rows


def verdict_counts(results: Iterable[ClaimResult]) -> list[tuple[Judgement, int]]:
    """Count the claims by verdict, without verdicts that no claim has.

    Args:
        results: from `audit`.
    """
    counts = Counter(result.verdict for result in results)
    return [(verdict, counts[verdict]) for verdict in get_args(Judgement) if counts[verdict]]


def claims_by_subject(results: Sequence[ClaimResult]) -> list[tuple[str, list[ClaimResult]]]:
    """Group claims by subject, in their order.

    Args:
        results: from `audit`.
    """
    grouped = groupby(results, key=lambda result: result.claim.row)
    return [(subject, list(of_subject)) for subject, of_subject in grouped]


def subject_title(subject: str) -> str:
    """Turn a claim's subject into a heading.

    Example:
        >>> subject_title("cnn-params"), subject_title("7x7-covers")
        ('CNN params', '7x7 covers')
    """
    words = subject.replace("-", " ").replace("cnn", "CNN")
    return words[0].upper() + words[1:]


def claim_interval(result: ClaimResult) -> str:
    """The interval that a claim was compared with, as text; empty where there is none."""
    if result.interval is None:
        return ""
    # Without a published number there are no published digits to follow.
    alone = 3 if result.claim.unit == "nats" else 2
    digits = 1 if result.claim.published else alone
    return result.claim.written(*result.interval.ends, digits=digits, between=" to ")


def seeds_by_arm(
    keys: Iterable[str], runs: Mapping[str, ConditionRun]
) -> list[tuple[str, list[tuple[int, str]]]]:
    """Group runs by arm, for links.

    Args:
        keys: keys of runs.
        runs: key to run.

    Returns:
        Arm name, and seed and key of each of its runs.
    """
    arms: dict[str, list[tuple[int, str]]] = {}
    for key in keys:
        arms.setdefault(runs[key].condition, []).append((runs[key].seed, key))
    return list(arms.items())


def claims_records(results: Iterable[ClaimResult]) -> pd.DataFrame:
    """The claims with their verdicts as a table for a file.

    Args:
        results: from `audit`.

    Returns:
        Columns id, subject, statement, plain, kind, published, measured, unit, value, low and high
        (the interval that the claim was compared with), n, verdict, explanation, note and runs; and
        for the recipe `classic` classic_measured, classic_value, classic_verdict, classic_runs.
    """
    return pd.DataFrame(
        {
            "id": result.id,
            "subject": result.claim.row,
            "statement": result.statement,
            "plain": result.claim.plain,
            "kind": result.claim.kind,
            "published": result.published,
            "measured": result.measured,
            "unit": result.claim.unit,
            "value": result.value,
            "low": result.interval.low if result.interval else None,
            "high": result.interval.high if result.interval else None,
            "n": result.n,
            "verdict": result.verdict,
            "explanation": result.explanation,
            "note": result.claim.note,
            "runs": " ".join(result.runs),
            "classic_measured": result.classic.measured if result.classic else None,
            "classic_value": result.classic.value if result.classic else None,
            "classic_verdict": result.classic.verdict if result.classic else None,
            "classic_runs": " ".join(result.classic.runs) if result.classic else None,
        }
        for result in results
    )
