"""What the short findings of figures have in common: verdicts and numbers of contrasts."""

from __future__ import annotations

from collections.abc import Iterable

from convbias.findings.statement import Judgement, Statement
from convbias.spec.formatting import MISSING
from convbias.spec.quantities import TEST_ACCURACY, Quantity
from convbias.statistics import Contrast

MOST_WORDS = 30  # of a short finding


def supports(contrast: Contrast | None) -> Judgement:
    """The verdict on a claim that the treatment is better."""
    return _judged(contrast, {"better": "holds", "worse": "does not hold"})


def refutes(contrast: Contrast | None) -> Judgement:
    """The verdict on a claim that the treatment is worse."""
    return _judged(contrast, {"worse": "holds", "better": "does not hold"})


def _judged(contrast: Contrast | None, decided: dict[str, Judgement]) -> Judgement:
    if contrast is None:
        return "not measured yet"
    if contrast.verdict == "equivalent":
        return "does not hold"
    if contrast.verdict == "depends on the learning rate":
        return "depends"
    return decided.get(contrast.verdict, "undecided")


def gain(contrast: Contrast | None, quantity: Quantity = TEST_ACCURACY) -> str:
    """A difference as a number with its sign; in brackets where it decides nothing.

    Args:
        contrast: The contrast; None where it has no runs.
        quantity: What it compares.
    """
    if contrast is None:
        return "not measured"
    number = quantity.written(contrast.difference, "+")
    if contrast.verdict == "undecided":
        return f"{number} (undecided)"
    if contrast.verdict in ("depends on the learning rate", "exploratory"):
        return f"{number} ({contrast.verdict})"
    return number


def mean_percent(values: Iterable[float], digits: int = 1) -> str:
    """The mean of shares in percent, without the sign.

    Args:
        values: Between 0 and 1, one per seed.
        digits: After the decimal point.
    """
    found = list(values)
    return f"{100 * sum(found) / len(found):.{digits}f}" if found else MISSING


def shortened(statement: Statement, text: str) -> Statement:
    """A statement's verdict with a short text."""
    return Statement(text, statement.verdict)
