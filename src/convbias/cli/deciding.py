"""Add seeds to a study, look by look, until its contrasts are decided."""

from __future__ import annotations

from collections.abc import Callable

from convbias.cli.console import results, warn
from convbias.cli.interim import contrast_name, difference
from convbias.experiments.deciding import Decision, decide
from convbias.findings.evaluation import Finding
from convbias.runs.store import Store
from convbias.spec.formatting import counted
from convbias.spec.study import Study
from convbias.statistics import SequentialContrast


def train_until_decided(
    chosen: Study, store: Store, train: Callable[[Study], bool]
) -> tuple[Study, bool]:
    """Train up to each planned look, print its verdicts, and end when all are decided.

    Args:
        chosen: the study, with looks.
        store: where its runs are and go.
        train: trains and measures what a study lacks, and says whether nothing failed.

    Returns:
        The study with the seeds that were needed, and whether nothing failed or is missing.
    """
    before: Decision | None = None
    while True:
        decision = decide(chosen, store)
        _print_looks(decision, before)
        if not decision.waiting:
            _print_undecided(decision)
            return decision.study, True
        if before is not None and before.study == decision.study:
            warn(f"what the next look needs could not be trained and measured: {_of(decision)}")
            return decision.study, False
        before = decision
        if not train(decision.study):
            return decision.study, False


def _of(decision: Decision) -> str:
    return ", ".join(decision.waiting)


def _print_looks(decision: Decision, before: Decision | None) -> None:
    """Print the verdicts of the looks that are new."""
    for name, findings in decision.findings.items():
        if not findings or (before is not None and before.findings[name] == findings):
            continue
        results().print(f"{name} after {_pairs(findings)} of at most {decision.study.looks[-1]}:")
        for each in findings:
            verdict = each.contrast.verdict if each.contrast else "not measured"
            told = f"{contrast_name(each.planned)} {difference(each)}".rstrip()
            results().print(f"  {verdict.upper()}: {told}", soft_wrap=True)


def _print_undecided(decision: Decision) -> None:
    """Say how many more seeds what is undecided after the last look would take."""
    for name, findings in decision.undecided.items():
        results().print(f"{name} is undecided after its last look, at {_pairs(findings)}:")
        for each in findings:
            results().print(f"  {contrast_name(each.planned)}: {_needed(each)}", soft_wrap=True)
    if not decision.undecided:
        results().print("Every contrast is decided.")


def _needed(finding: Finding) -> str:
    contrast = finding.contrast
    if not isinstance(contrast, SequentialContrast):
        return "no seed was finished by both arms"
    pairs = contrast.pairs_to_decide()
    if pairs is None:
        return (
            "more seeds would not decide it, because other test images would change the difference"
            f" too much to tell it from zero or to show that it is below {_margin(finding)}"
        )
    more = counted(max(1, pairs - contrast.n), "more seed pair")
    return f"about {more} would decide it, if the difference and its spread stay as they are"


def _margin(finding: Finding) -> str:
    quantity = finding.planned.quantity
    return quantity.amount(quantity.margin)


def _pairs(findings: tuple[Finding, ...]) -> str:
    return counted(max(len(each.seeds) for each in findings), "seed pair")
