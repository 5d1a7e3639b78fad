"""Do seeds differ by more than chance on the test images?

Published: Jordan 2023, "On the Variance of Neural Network Training with respect to Test Sets and
Distributions" (arXiv 2304.01910). Of networks trained to convergence with different seeds, one errs
on an image independently of whether it errs on others. So the variance of the test accuracy is
sum_i p_i (1 - p_i) / N^2, where p_i is the share of networks that are right on image i of N; seeds
differ hardly in what they can do on new images.

Measured: on the published study, per arm. The share of n seeds that are right underestimates
p (1 - p) by the factor (n - 1) / n, which is corrected. The ratio of the standard deviations,
observed over predicted, has an interval from the chi-squared distribution with n - 1 degrees of
freedom; several arms are pooled by adding these up. Single arms of 30 seeds have intervals of about
-20 to +35 %, so the pooled row decides.

Rule: a row agrees if the interval of the ratio lies within 0.8 and 1.25, and disagrees if it lies
outside. Networks that have not converged are shown beside the others; of these the paper claims
nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np
from benchmarks.harness import Record
from scipy import special

from convbias.errors import InputError
from convbias.experiments.studies import PUBLISHED
from convbias.findings.results import Results
from convbias.statistics import Interval
from tools.external.check import Check, Comparison
from tools.published import published

AGREEING = (0.8, 1.25)
TRAINED, DEFAULTS = "original", "recipe"  # experiments whose arms have rows of their own


@dataclass(frozen=True)
class Spread:
    """The spread of one arm's test accuracy over its seeds.

    Args:
        seeds: How many.
        observed: Variance of the accuracy (divisor seeds - 1).
        predicted: Variance that independent errors per image would have.
    """

    seeds: int
    observed: float
    predicted: float


def spread(correct: np.ndarray) -> Spread:
    """The observed and the predicted spread of an arm.

    Args:
        correct: bool (seeds, images), whether each seed's network is right on each image.

    Raises:
        InputError: There are fewer than two seeds.
    """
    seeds, images = correct.shape
    if seeds < 2:
        raise InputError(f"{seeds} seeds have no spread", "two seeds or more")
    right = correct.mean(axis=0)
    unbiased = right * (1 - right) * seeds / (seeds - 1)
    observed = correct.mean(axis=1).var(ddof=1)
    return Spread(seeds, float(observed), float(unbiased.sum() / images**2))


def ratio(spreads: Sequence[Spread], confidence: float = 0.95) -> tuple[float, Interval]:
    """Observed over predicted standard deviation of arms together, with its interval.

    Args:
        spreads: One per arm; their seeds are taken as independent.
        confidence: Nominal coverage.
    """
    freedoms = np.array([each.seeds - 1 for each in spreads])
    ratios = np.array([each.observed / each.predicted for each in spreads])
    freedom = int(freedoms.sum())
    total = float(freedoms @ ratios)
    ends = (1 - confidence) / 2, (1 + confidence) / 2
    # chdtri takes the upper tail, so the smaller share gives the larger quantile.
    low, high = (float((total / special.chdtri(freedom, end)) ** 0.5) for end in ends)
    return (total / freedom) ** 0.5, Interval(low, high, confidence, "chi-squared")


@lru_cache(maxsize=1)
def spreads() -> dict[str, dict[str, Spread]]:
    """The spread of every published arm on images, by experiment and condition; each arm once."""
    seen: set[str] = set()
    return {
        each.experiment.name: _of_conditions(each, seen)
        for each in published(PUBLISHED)
        if each.experiment.on_images
    }


def _of_conditions(results: Results, seen: set[str]) -> dict[str, Spread]:
    """The spreads of an experiment's conditions whose arms are not among those seen."""
    found = {}
    for condition in results.experiment.names:
        runs = [run for run in results.runs if run.condition == condition]
        correct = [run.per_image.correct for run in runs if run.per_image]
        if len(correct) > 1 and runs[0].arm_hash not in seen:
            seen.add(runs[0].arm_hash)
            found[condition] = spread(np.stack(correct))
    return found


def compare(_record: Record) -> list[Comparison]:
    """The ratio for groups of arms, then for every arm of the two long experiments."""
    known = spreads()
    short = [known[name].values() for name in known if name not in (TRAINED, DEFAULTS)]
    # Arms that answer every image alike with every seed, such as controls, have no ratio.
    varying = [each for arms in short for each in arms if each.predicted > 0]
    details = [
        _row("Keras' defaults, 10 epochs, not converged", list(known[DEFAULTS].values())),
        _row("the other experiments, 2 epochs, not converged", varying),
        *(
            _row(f"`{name}`, {arm}", [each])
            for name in (TRAINED, DEFAULTS)
            for arm, each in known[name].items()
        ),
    ]
    decisive = _row("tuned, 10 epochs", list(known[TRAINED].values()))
    return [decisive, *(replace(each, detail=True) for each in details)]


def _row(what: str, spreads: Sequence[Spread]) -> Comparison:
    observed, interval = ratio(spreads)
    counts = sorted({each.seeds for each in spreads})
    seeds = " to ".join(dict.fromkeys((str(counts[0]), str(counts[-1]))))
    return Comparison(
        what=f"{what}: observed over predicted standard deviation",
        published="1, if converged",
        ours=observed,
        interval=interval,
        count=f"{seeds} seeds" + (f" of {len(spreads)} arms" if len(spreads) > 1 else ""),
        agreeing=AGREEING,
        digits=2,
    )


def about(_record: Record) -> str:
    """What was done and how it differs."""
    known = spreads()
    told = "; ".join(
        f"{arm} {100 * each.observed**0.5:.3f} against {100 * each.predicted**0.5:.3f}"
        for name in (TRAINED, DEFAULTS)
        for arm, each in known[name].items()
    )
    return f"""Nothing was trained for this: the arms are those of the published study, on
Fashion-MNIST instead of CIFAR-10 and ImageNet, with 10 to 30 seeds instead of hundreds and more.
Each seed also has its own split into training and validation images, and where the study trains on
few images its own choice of these, which can only add to what is observed. The law is published for
networks that are trained to convergence; those with Keras' defaults are not, and after two epochs
none is, so a disagreement there says only how far the law reaches. Single arms have wide intervals;
the rows of several arms decide, and take arms that share their seeds as independent. Standard
deviations in percentage points, observed against predicted: {told}."""


CHECK = Check(
    name="seed_variance",
    title="Do seeds differ by more than independent errors would?",
    paper="Jordan 2023",
    arxiv="2304.01910",
    setting={},
    plan=lambda _: iter(()),
    compare=compare,
    about=about,
    small={},
)
