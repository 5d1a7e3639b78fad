"""Claims, contrasts and runs as rows of text, with the anchors that link them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import get_args

import pandas as pd

from convbias.findings.claims import ClaimResult, ClaimVerdict
from convbias.findings.evaluation import Finding
from convbias.findings.results import ConditionRun
from convbias.spec.quantities import Quantity
from convbias.statistics import Contrast, Interval

NOTHING = "–"


@dataclass(frozen=True)
class ContrastRow:
    """A contrast as text.

    Args:
        finding: What it is of.
        unit: Of difference, intervals and means.
        treatment: Mean of the treatment.
        baseline: Mean of the baseline.
        difference: Mean difference.
        on_test_set: Interval over seeds.
        on_distribution: Interval over seeds and test images.
        p_value: As it stands alone.
        adjusted_p_value: After Holm's correction.
        equivalence_p_value: Of TOST, after Holm's correction.
        probability_better: Share of seeds on which the treatment is better.
        correlation: Between the arms over shared seeds.
        findable: The smallest difference that so many pairs find with the stated power.
    """

    finding: Finding
    unit: str
    treatment: str
    baseline: str
    difference: str
    on_test_set: str
    on_distribution: str
    p_value: str
    adjusted_p_value: str
    equivalence_p_value: str
    probability_better: str
    correlation: str
    findable: str

    @property
    def verdict(self) -> str:
        """The verdict, or that there is nothing to judge."""
        return self.finding.result.verdict if self.finding.result else "not measured yet"

    @property
    def pairs(self) -> int:
        """How many seed pairs are behind it."""
        return len(self.finding.seeds)


def contrast_rows(findings: Iterable[Finding]) -> list[ContrastRow]:
    """Write every contrast down.

    Args:
        findings: From `evaluate`.
    """
    return [_contrast_row(finding, finding.result) for finding in findings]


def _contrast_row(finding: Finding, result: Contrast | None) -> ContrastRow:
    quantity = finding.planned.quantity
    unit = quantity.long_unit
    if result is None:
        return ContrastRow(finding, unit, *([NOTHING] * 11))
    findable = result.smallest_findable()
    return ContrastRow(
        finding=finding,
        unit=unit,
        treatment=quantity.written(result.treatment.mean),
        baseline=quantity.written(result.baseline.mean),
        difference=quantity.written(result.difference, "+"),
        on_test_set=_interval(result.interval, quantity),
        on_distribution=_interval(finding.on_distribution, quantity),
        p_value=p_text(result.p_value),
        adjusted_p_value=p_text(result.adjusted_p_value),
        equivalence_p_value=p_text(result.adjusted_equivalence_p_value),
        probability_better=f"{100 * result.probability_better:.0f} %",
        correlation=NOTHING if result.correlation is None else f"{result.correlation:+.2f}",
        findable="none" if findable is None else quantity.amount(findable),
    )


def _interval(interval: Interval | None, quantity: Quantity) -> str:
    if interval is None:
        return NOTHING
    return " to ".join(quantity.written(end, "+") for end in interval.ends)


def p_text(p_value: float | None) -> str:
    """A p-value as it is printed.

    Example:
        >>> p_text(0.0001), p_text(0.0625), p_text(None)
        ('< 0.001', '0.0625', '–')
    """
    if p_value is None:
        return NOTHING
    return "< 0.001" if p_value < 0.001 else f"{p_value:.3g}"


def verdict_counts(results: Iterable[ClaimResult]) -> list[tuple[ClaimVerdict, int]]:
    """How many claims have each verdict; verdicts that none has are left out.

    Args:
        results: From `audit`.
    """
    counts = Counter(result.verdict for result in results)
    return [(verdict, counts[verdict]) for verdict in get_args(ClaimVerdict) if counts[verdict]]


def claims_by_subject(results: Sequence[ClaimResult]) -> list[tuple[str, list[ClaimResult]]]:
    """Claims grouped by the subject they belong to, in their order.

    Args:
        results: From `audit`.
    """
    grouped = groupby(results, key=lambda result: result.claim.row)
    return [(subject, list(of_subject)) for subject, of_subject in grouped]


def subject_title(subject: str) -> str:
    """A claim's subject as a heading.

    Example:
        >>> subject_title("cnn-params"), subject_title("7x7-covers")
        ('CNN params', '7x7 covers')
    """
    words = subject.replace("-", " ").replace("cnn", "CNN")
    return words[0].upper() + words[1:]


def claim_interval(result: ClaimResult) -> str:
    """The interval that a claim was held against, as text; empty where there is none."""
    if result.interval is None:
        return ""
    # An advantage was published without a number, so there are no digits to go by.
    alone = 3 if result.claim.unit == "nats" else 2
    digits = 1 if result.claim.published else alone
    return result.claim.written(*result.interval.ends, digits=digits, between=" to ")


def seeds_by_arm(
    keys: Iterable[str], runs: Mapping[str, ConditionRun]
) -> list[tuple[str, list[tuple[int, str]]]]:
    """Sort the keys of runs by arm, for links.

    Args:
        keys: Keys of runs.
        runs: Key to run.

    Returns:
        Arm name and its seeds with the key of each.
    """
    arms: dict[str, list[tuple[int, str]]] = {}
    for key in keys:
        arms.setdefault(runs[key].condition, []).append((runs[key].seed, key))
    return list(arms.items())


def claims_records(results: Iterable[ClaimResult]) -> pd.DataFrame:
    """The audit as a table for a file.

    Args:
        results: From `audit`.

    Returns:
        Columns: id, subject, statement, plain, kind, published, measured, unit, value, low, high
        (of the interval that it was held against), n, verdict, explanation, note, runs, and of the
        classic recipe classic_measured, classic_value, classic_verdict and classic_runs.
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
