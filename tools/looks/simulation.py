"""Compare designs on simulated studies, and replay the published one; writes results/looks/.

    .venv/bin/python -m tools.looks.simulation

Spreads are those of the published study. Every number of docs/method.md on looks comes from the
file that this writes.
"""

from __future__ import annotations

import argparse
import json
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
from scipy import special

from convbias.experiments import ORIGINAL
from convbias.experiments.studies import PUBLISHED
from convbias.findings.evaluation import evaluate, evaluated, per_image_scores, runs_by_arm
from convbias.findings.results import Results
from convbias.runs.atomic import write_atomically
from convbias.spec.experiment import PlannedContrast
from convbias.spec.looks import planned_looks
from convbias.spec.quantities import TEST_ACCURACY
from convbias.statistics import (
    SequentialContrast,
    holm_over,
    sequential_contrast,
    sign_flip_p_value,
)
from tools.looks.designs import Design, anytime_limit, boundary, equal, unadjusted
from tools.looks.page import FILE
from tools.looks.studies import PValues, Spread, draw, p_values_of
from tools.published import published

STUDIES, REPLAYS = 20_000, 300
ALPHA, FAMILY = 0.05, len(ORIGINAL.contrasts)
MARGIN = TEST_ACCURACY.scale * TEST_ACCURACY.margin
DIFFERENCES = (0.0, 0.2, 0.3, 0.5, 0.75, 1.0, 1.5)
LOOKS = planned_looks()
LAST = LOOKS[-1]
DENSER = (4, 6, 8, 12, 20, 30)
EVERY = tuple(range(LOOKS[0], LAST + 1))
FIXED = (8, LAST)
CHOSEN = Design("chosen", LOOKS, equal(LOOKS))
DESIGNS = (
    CHOSEN,
    Design("pocock", LOOKS, boundary(LOOKS, 0.5)),
    Design("obrien-fleming", LOOKS, boundary(LOOKS, 0.0)),
    Design("denser", DENSER, equal(DENSER)),
    Design("every", EVERY, boundary(EVERY, 0.5)),
)
PEEKING = Design("peeking", EVERY, unadjusted(EVERY))
# Beside the published spreads: no images, and seeds that vary far more than anything else.
NO_IMAGES = Spread("a measure without images", 0.2, 0.1, None)
SEEDS_VARY = Spread("seeds vary most", 0.5, 0.2, 0.1)

ByPairs = Mapping[int, PValues]


def published_spreads(original: Results) -> list[Spread]:
    """The spreads of a CNN against the dense network, and of two CNNs, as published.

    A half of the variance over seeds is taken as the seeds' own and a half as that of single
    answers, which the published runs cannot tell apart well.
    """
    spreads = []
    names = {"a CNN and the dense network": "cnn-over-dense-accuracy"}
    for name, key in (names | {"two CNNs": "5x5-over-7x7-accuracy"}).items():
        [planned] = [each for each in ORIGINAL.contrasts if each.name == key]
        contrast = _judged(planned, of_images(original, planned), (LAST,))
        half = planned.quantity.scale * (contrast.difference_sd or 0.0) / np.sqrt(2)
        of_other_images = planned.quantity.scale * contrast.image_error
        spreads.append(Spread(name, float(half), float(half), of_other_images))
    return spreads


def of_images(original: Results, planned: PlannedContrast) -> tuple[np.ndarray, np.ndarray]:
    """The scores of a contrast's two arms, each (seeds, images)."""
    arms = runs_by_arm(original.runs)
    treatment, baseline = (
        np.array([per_image_scores(arms[arm][seed], planned.quantity) for seed in range(LAST)])
        for arm in (planned.treatment, planned.baseline)
    )
    return treatment, baseline


def _judged(
    planned: PlannedContrast, scores: tuple[np.ndarray, np.ndarray], looks: tuple[int, ...]
) -> SequentialContrast:
    treatment, baseline = scores
    return sequential_contrast(
        treatment.mean(axis=1, dtype=float),
        baseline.mean(axis=1, dtype=float),
        looks=looks,
        margin=planned.quantity.margin,
        higher_is_better=planned.quantity.higher_is_better,
        of_images=scores,
    )


def simulate(
    spread: Spread, difference: float, seed: int, studies: int = STUDIES
) -> tuple[np.ndarray, ByPairs]:
    """Differences of many studies, and their tests at every number of pairs."""
    rng = np.random.default_rng([seed, round(1_000 * difference)])
    drawn = draw(spread, difference, studies, LAST, rng)
    return drawn, {pairs: p_values_of(drawn[:, :pairs], spread, MARGIN, rng) for pairs in EVERY}


def when(design: Design, results: ByPairs, alpha: float, test: str) -> np.ndarray:
    """Pairs at the first look at which a test's p-value is below its level; 0 for never."""
    first = np.zeros(len(results[LAST].means), dtype=int)
    for pairs, level in zip(design.looks, design.levels(alpha), strict=True):
        reached = getattr(results[pairs], test) < level
        first[(first == 0) & reached] = pairs
    return first


def _earlier(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    return np.where(first == 0, second, np.where(second == 0, first, np.minimum(first, second)))


def errors(spreads: Iterable[Spread], studies: int = STUDIES) -> list[dict[str, Any]]:
    """How often each design errs at any of its looks, in one contrast at the level of 5 %."""
    rows = []
    for index, spread in enumerate(spreads):
        _, nothing = simulate(spread, 0.0, 10 + index, studies)
        _, matters = simulate(spread, MARGIN, 20 + index, studies)
        rows += [
            {
                "spread": spread.name,
                "design": design.name,
                "difference": float(np.mean(when(design, nothing, ALPHA, "both") > 0)),
                "equivalence": float(np.mean(when(design, matters, ALPHA, "equivalence") > 0)),
            }
            for design in (*DESIGNS, PEEKING)
        ]
    return rows


def family_errors(spreads: list[Spread], seed: int = 1) -> dict[str, float]:
    """How often any of four contrasts without a difference is called different at any look.

    Four equal arms; three contrasts as the original comparison has them, and one of the loss,
    whose differences go with those of the accuracy.
    """
    rng = np.random.default_rng(seed)
    wide, narrow = spreads
    noise = np.hypot(wide.seeds, wide.answers) / np.sqrt(2)
    arms = rng.normal(0, noise, (4, STUDIES, LAST))
    images = np.array([wide.images, narrow.images, narrow.images, narrow.images], dtype=float)
    arms += rng.normal(0, 1, (4, STUDIES, 1)) * images[:, None, None] / np.sqrt(2)
    like_the_first = 0.8 * (arms[1] - arms[0]) + 0.6 * draw(wide, 0.0, STUDIES, LAST, rng)
    contrasts = (
        (arms[1] - arms[0], wide),
        (like_the_first, wide),
        (arms[2] - arms[1], narrow),
        (arms[2] - arms[3], narrow),
    )
    wrong = {design.name: np.zeros(STUDIES, dtype=bool) for design in (CHOSEN, PEEKING)}
    for pairs in EVERY:
        p_values = [
            p_values_of(each[:, :pairs], spread, MARGIN, rng).both for each, spread in contrasts
        ]
        for design in (CHOSEN, PEEKING):
            if pairs in design.looks:
                # Holm's first step decides whether there is any error.
                level = design.levels(ALPHA)[0] / FAMILY
                wrong[design.name] |= np.min(p_values, axis=0) < level
    return {name: float(found.mean()) for name, found in wrong.items()}


def powers(spreads: Iterable[Spread]) -> list[dict[str, Any]]:
    """How often each design decides rightly, and after how many pairs.

    One of four contrasts, at the strictest of Holm's levels. Without a difference "equivalent" is
    right, with one that matters its sign.
    """
    rows = []
    for index, spread in enumerate(spreads):
        for difference in DIFFERENCES:
            drawn, results = simulate(spread, difference, 30 + index)
            for design in DESIGNS:
                same, other = (
                    when(design, results, ALPHA / FAMILY, test) for test in ("equivalence", "both")
                )
                rows.append(_power(spread, difference, design.name, same, other))
            rows.append(_power(spread, difference, "anytime", *_anytime(drawn, spread)))
            rows += [_fixed(spread, difference, drawn, results[pairs], pairs) for pairs in FIXED]
    return rows


def _power(
    spread: Spread, difference: float, design: str, same: np.ndarray, other: np.ndarray
) -> dict[str, Any]:
    right = same if difference == 0 else other
    decided = _earlier(same, other)
    return {
        "spread": spread.name,
        "difference": difference,
        "design": design,
        "power": float(np.mean(right > 0)),
        "pairs": float(np.mean(np.where(decided > 0, decided, LAST))),
    }


def _anytime(drawn: np.ndarray, spread: Spread) -> tuple[np.ndarray, np.ndarray]:
    """After every pair: half of the errors for the images, half for all times."""
    half = ALPHA / FAMILY / 2
    by_images = special.ndtri(1 - half / 2) * (spread.images or 0.0)
    same, other = np.zeros(STUDIES, dtype=int), np.zeros(STUDIES, dtype=int)
    for pairs in EVERY:
        rows = drawn[:, :pairs]
        size = np.abs(rows.mean(axis=1))
        error = anytime_limit(pairs, half) * rows.std(axis=1, ddof=1) / np.sqrt(pairs)
        other[(other == 0) & (size > by_images + error)] = pairs
        same[(same == 0) & (size + by_images + error < MARGIN)] = pairs
    return same, other


def _fixed(
    spread: Spread, difference: float, drawn: np.ndarray, results: PValues, pairs: int
) -> dict[str, Any]:
    """The fixed design: sign flips and the interval over both at 95 %, or both equivalences."""
    few = 2_000  # sign flips of 30 pairs take milliseconds
    flips = sign_flip_p_value(drawn[:few, :pairs]) < ALPHA / FAMILY
    other = np.where(flips & (results.over_images[:few] < ALPHA), pairs, 0)
    same = np.where(results.equivalence[:few] < ALPHA / FAMILY, pairs, 0)
    return _power(spread, difference, f"fixed-{pairs}", same, other) | {"pairs": float(pairs)}


def replay(original: Results) -> list[dict[str, Any]]:
    """Judge the published runs at the planned looks, with their seeds in random orders."""
    rng = np.random.default_rng(0)
    scores = [(planned, *of_images(original, planned)) for planned in ORIGINAL.contrasts]
    seen: dict[str, list[tuple[int, str]]] = {planned.name: [] for planned, *_ in scores}
    for _ in range(REPLAYS):
        order = rng.permutation(LAST)
        verdicts: dict[str, tuple[int, str]] = {}
        for look in LOOKS:
            if len(verdicts) == len(scores):
                break
            at_look = order[:look]
            judged = [_judged(each, (a[at_look], b[at_look]), LOOKS) for each, a, b in scores]
            for (planned, *_), contrast in zip(scores, holm_over(judged), strict=True):
                if contrast.verdict != "undecided":
                    verdicts.setdefault(planned.name, (look, contrast.verdict))
        for name, found in seen.items():
            found.append(verdicts.get(name, (LAST, "undecided")))
    fixed = evaluated(evaluate(ORIGINAL, original.runs))
    return [
        {
            "contrast": name,
            "fixed": fixed[name].verdict,
            "verdicts": {
                word: times / REPLAYS
                for word, times in sorted(Counter(verdict for _, verdict in found).items())
            },
            "pairs": float(np.mean([look for look, _ in found])),
        }
        for name, found in seen.items()
    ]


def main() -> None:
    """Simulate, replay, and write the file."""
    argparse.ArgumentParser(description=__doc__).parse_args()
    original, *_ = published(PUBLISHED)
    spreads = published_spreads(original)
    found = {
        "looks": LOOKS,
        "studies": STUDIES,
        "replays": REPLAYS,
        "spreads": [vars(each) for each in (*spreads, NO_IMAGES, SEEDS_VARY)],
        "errors": errors((*spreads, NO_IMAGES, SEEDS_VARY)),
        "family_errors": family_errors(spreads),
        "powers": powers(spreads),
        "replay": replay(original),
    }
    FILE.parent.mkdir(exist_ok=True)
    text = json.dumps(found, indent=1) + "\n"
    write_atomically(FILE, lambda file: file.write_text(text, "utf-8"))


if __name__ == "__main__":
    main()
