"""The positive control of an experiment: two conditions that must differ."""

from __future__ import annotations

from convbias.findings.evaluation import compared
from convbias.findings.headlines import supports
from convbias.findings.results import Results
from convbias.findings.statement import Statement
from convbias.findings.wording import in_brackets
from convbias.spec.experiment import PositiveControl


def positive_control(results: Results, control: PositiveControl) -> Statement:
    """Whether the experiment sees a difference that must be there.

    It is judged like a contrast, but alone, without a correction for others.

    Args:
        results: the stored runs of the experiment.
        control: the two conditions.
    """
    asked = f"Positive control: {control.because}"
    names = f"{control.treatment} − {control.baseline}, {control.quantity.noun}"
    found = compared(results, control.treatment, control.baseline, control.quantity)
    if found is None:
        return Statement(f"{asked} ({names}).", "not measured yet")
    quantity = control.quantity
    brackets = in_brackets(found, scale=quantity.scale, digits=quantity.digits)
    return Statement(
        f"{asked}: {names}: {quantity.amount(found.difference, '+')} ({brackets}).",
        supports(found),
    )
