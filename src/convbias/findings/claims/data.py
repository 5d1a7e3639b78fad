"""Claims that counting the data files decides."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial

from convbias.data.pixel_correlation import UNCORRELATED_BELOW
from convbias.findings.claims.base import (
    Check,
    Claim,
    ClaimResult,
    DataFacts,
    Evidence,
    not_measured,
)

Judge = Callable[[Claim, DataFacts], ClaimResult]


def _counted(claim: Claim, evidence: Evidence, *, judge: Judge) -> ClaimResult:
    if evidence.facts is None:
        return not_measured(claim, "The data files have not been explored.")
    if evidence.facts.dataset != "fashion-mnist":
        return not_measured(claim, "Other images than those of Fashion-MNIST have been explored.")
    return judge(claim, evidence.facts)


def _numbers(claim: Claim, values: tuple[int, ...], explanation: str) -> ClaimResult:
    return ClaimResult(
        claim,
        "holds" if claim.matches(*values) else "does not hold",
        explanation,
        measured=claim.written(*values),
        value=float(values[0]),
    )


def _size(claim: Claim, facts: DataFacts) -> ClaimResult:
    train, test = sum(facts.train_counts), sum(facts.test_counts)
    return _numbers(
        claim, (train + test, train, test), f"{train:,} + {test:,} = {train + test:,} images."
    )


def _shape(claim: Claim, facts: DataFacts) -> ClaimResult:
    return _numbers(claim, facts.image_shape, f"The images have the shape {facts.image_shape}.")


def _balance(claim: Claim, facts: DataFacts) -> ClaimResult:
    files = {"training": facts.train_counts, "test": facts.test_counts}
    balanced = all(min(counts) == max(counts) for counts in files.values())
    classes = len(facts.train_counts)
    ranges = " and ".join(f"{_range(counts)} {name} images" for name, counts in files.items())
    return ClaimResult(
        claim,
        "holds" if balanced and claim.matches(classes) else "does not hold",
        f"The {classes} classes have {ranges} each.",
        measured=claim.written(classes),
        value=float(classes),
    )


def _range(counts: Sequence[int]) -> str:
    fewest, most = min(counts), max(counts)
    return f"{fewest:,}" if fewest == most else f"{fewest:,} to {most:,}"


def _per_class(claim: Claim, facts: DataFacts) -> ClaimResult:
    in_all = [sum(pair) for pair in zip(facts.train_counts, facts.test_counts, strict=True)]
    ends = (min(in_all),) if min(in_all) == max(in_all) else (min(in_all), max(in_all))
    return _numbers(
        claim,
        ends,
        f"{_range(facts.train_counts)} training and {_range(facts.test_counts)} test images of a"
        f" class make {_range(in_all)}.",
    )


def _always_correlated(claim: Claim, facts: DataFacts) -> ClaimResult:
    adjacent = facts.adjacent
    return ClaimResult(
        claim,
        "holds" if adjacent.always_correlated else "does not hold",
        f"Of {adjacent.pairs:,} pairs of neighbouring pixels {adjacent.uncorrelated:,} have a"
        f" correlation below {UNCORRELATED_BELOW:g} in magnitude; a single one would refute"
        f" 'always'. The least correlation is {adjacent.minimum:.2f}. It is taken over images:"
        " within one image neighbours may well differ.",
        measured=f"{100 * adjacent.uncorrelated_share:.1f} % of pairs uncorrelated",
        value=adjacent.uncorrelated_share,
    )


CHECKS: Mapping[str, Check] = {
    "data-size": partial(_counted, judge=_size),
    "data-shape": partial(_counted, judge=_shape),
    "data-balance": partial(_counted, judge=_balance),
    "data-per-class": partial(_counted, judge=_per_class),
    "locality-correlation": partial(_counted, judge=_always_correlated),
}
