"""What a check is: runs, comparisons with published values, and the rule of their verdicts."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib import import_module
from pkgutil import iter_modules
from typing import Any, Literal

from benchmarks.harness import Plan, Record
from scipy import special

from convbias.errors import InputError
from convbias.statistics import Interval, mean_interval
from tools.external import checks

Verdict = Literal["agrees", "disagrees", "undecided"]


@dataclass(frozen=True)
class Comparison:
    """One published value beside ours.

    Args:
        what: What is compared, as a table's row says it.
        published: The published value or statement, as the table says it.
        ours: Our value.
        interval: Its confidence interval.
        count: What the interval is over, for instance "10 seeds".
        agreeing: The values that count as agreement, both ends included; an end may be infinite.
        published_error: Half width of the published value's own interval, in the unit of ours.
        digits: Decimals to print.
        detail: Whether the row stands in the check's own section alone, not in the first table.
    """

    what: str
    published: str
    ours: float
    interval: Interval
    count: str
    agreeing: tuple[float, float]
    published_error: float = 0.0
    digits: int = 1
    detail: bool = False

    @property
    def judged(self) -> tuple[float, float]:
        """Our interval, widened by the published value's: both errors are independent."""
        low, high = self.interval.ends
        return (
            self.ours - math.hypot(self.ours - low, self.published_error),
            self.ours + math.hypot(high - self.ours, self.published_error),
        )

    @property
    def verdict(self) -> Verdict:
        """Whether the judged interval lies inside the agreeing values, outside, or neither."""
        low, high = self.judged
        least, most = self.agreeing
        if least <= low and high <= most:
            return "agrees"
        return "disagrees" if high < least or low > most else "undecided"

    @property
    def written(self) -> str:
        """Our value with its interval, for the table."""
        ends = " to ".join(f"{end:.{self.digits}f}" for end in self.interval.ends)
        return f"{self.ours:.{self.digits}f} [{ends}]"


@dataclass(frozen=True)
class Check:
    """A published finding that is measured again.

    Args:
        name: Its module's in `tools.external.checks`, and its stored file's.
        title: What is asked, for a heading.
        paper: Authors and year.
        arxiv: The paper's number on arXiv.
        setting: Constants that the runs depend on; they are stored with them.
        plan: The runs, from a setting: what identifies each, and what takes it.
        compare: The comparisons, from the stored runs.
        about: What was done, what differs from the paper and how the verdict is reached, in
            Markdown, from the stored runs.
        small: What replaces the setting's values in a trial of seconds.
    """

    name: str
    title: str
    paper: str
    arxiv: str
    setting: dict[str, Any]
    plan: Callable[[dict[str, Any]], Plan]
    compare: Callable[[Record], Sequence[Comparison]]
    about: Callable[[Record], str]
    small: dict[str, Any]


def all_checks() -> dict[str, Check]:
    """Every check by its name."""
    names = sorted(each.name for each in iter_modules(checks.__path__))
    modules = [import_module(f"{checks.__name__}.{name}") for name in names]
    return {module.CHECK.name: module.CHECK for module in modules}


def over_seeds(values: Sequence[float]) -> tuple[float, Interval]:
    """Mean of one value per seed, with Student's 95 % interval.

    Raises:
        InputError: There is no or only one value.
    """
    interval = mean_interval(values)
    if interval is None:
        raise InputError("one seed has no interval", "two seeds or more")
    return sum(values) / len(values), interval


def mean_error(sd: float, count: int, confidence: float = 0.95) -> float:
    """Half width of Student's interval of a published mean, from its standard deviation."""
    return float(special.stdtrit(count - 1, (1 + confidence) / 2)) * sd / math.sqrt(count)
