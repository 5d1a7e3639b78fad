"""The numbers in docs/method.md: what the code fixes, and one contrast from beginning to end."""

from __future__ import annotations

from collections.abc import Sequence

from convbias.experiments import EXPERIMENTS, ORIGINAL
from convbias.findings.claims.base import FEW_EPOCHS, FEWEST_RUNS
from convbias.findings.evaluation import Finding, evaluate
from convbias.findings.results import Results
from convbias.runs.record import Run
from convbias.spec.datasets import SPLIT_SIZES
from convbias.spec.quantities import TEST_ACCURACY, TEST_LOSS, Quantity
from convbias.spec.recipes import classic, scheduled, tuned_learning_rates
from convbias.statistics import Contrast, Interval, fewest_pairs, smallest_p_value
from convbias.statistics.crossed import RESAMPLES
from convbias.statistics.intervals import BOOTSTRAP_RESAMPLES
from convbias.statistics.sign_flips import EXACT_PAIRS
from tools.blocks import table, table_lines

ALPHA = 0.05
PAIRS = range(3, 11)


def method_blocks(original: Results) -> dict[str, str]:
    """The blocks of docs/method.md.

    Args:
        original: What is published of the original comparison.
    """
    runs = list(original.runs)
    [finding, *_] = evaluate(ORIGINAL, runs)
    return {
        "splits": table(_splits()),
        "recipes": table(_recipes(original)),
        "constants": table(_constants(finding)),
        "pairs": table(_pairs()),
        "example": _example(finding, runs),
        "controls": table(
            [
                ["experiment", "contrasts", "pairs before any can be decided", "its control"],
                *(
                    [
                        f"`{each.name}`",
                        str(len(each.contrasts)),
                        str(fewest_pairs(ALPHA / len(each.contrasts))),
                        each.control,
                    ]
                    for each in EXPERIMENTS.values()
                ),
            ]
        ),
    }


def _splits() -> list[list[str]]:
    train, validation, test = (f"{size:,}" for size in SPLIT_SIZES["fashion-mnist"])
    return [
        ["part", "images", "what it is for"],
        ["training", train, "the weights are fitted to it"],
        ["validation", validation, "learning rates, schedules and epochs are chosen on it"],
        ["test", test, "scored once per finished run; nothing is chosen by it"],
    ]


def _recipes(original: Results) -> list[list[str]]:
    plain = classic(original.study.epochs)
    searched = scheduled(original.study.epochs, next(iter(tuned_learning_rates().values())))
    rates = tuned_learning_rates()
    of_models = ", ".join(f"{model.name} {rates[model.name]:g}" for model in ORIGINAL.models)
    rows = [
        ["", f"`{plain.name}`", f"`{searched.name}`"],
        ["optimiser", plain.optimiser, searched.optimiser],
        ["learning rate at its peak", f"{plain.learning_rate:g} for all", of_models],
        ["schedule", plain.schedule, searched.schedule],
        *(
            [what, *(f"{number:g}" for number in numbers)]
            for what, numbers in (
                ("share of the steps spent warming up", _both("warmup_fraction", plain, searched)),
                ("images per batch", _both("batch_size", plain, searched)),
            )
        ),
    ]
    standardised = ["yes" if each.standardised else "no" for each in (plain, searched)]
    return [*rows, ["pixels standardised", *standardised]]


def _both(name: str, *recipes: object) -> list[float]:
    return [getattr(recipe, name) for recipe in recipes]


def _constants(finding: Finding) -> list[list[str]]:
    result = evaluated(finding)
    confidence = result.interval.confidence if result.interval else 1 - ALPHA
    return [
        ["symbol", "what it is", "value"],
        ["α", "significance level of each family of tests", f"{result.alpha:g}"],
        ["c", "confidence of every interval", f"{confidence:.0%}".replace("%", " %")],
        *(
            ["δ", f"margin of equivalence, {each.noun}", each.amount(each.margin)]
            for each in (TEST_ACCURACY, TEST_LOSS)
        ),
        ["B", "resamples of a BCa interval", f"{BOOTSTRAP_RESAMPLES:,}"],
        ["B", "resamples of the crossed bootstrap", f"{RESAMPLES:,}"],
        ["", "pairs up to which all sign patterns are counted", str(EXACT_PAIRS)],
        ["", "fewest runs that a published number is judged by", str(FEWEST_RUNS)],
        ["", "epochs below which a missed published number is undecided", str(FEW_EPOCHS)],
    ]


def _pairs() -> list[list[str]]:
    family = len(ORIGINAL.contrasts)
    rows = [["seed pairs n", "smallest p", f"times {family} contrasts", "can anything be shown?"]]
    for pairs in PAIRS:
        alone = smallest_p_value(pairs)
        corrected = min(1.0, family * alone)
        shown = "nothing"
        if alone < ALPHA:
            shown = "all of them" if corrected < ALPHA else "a single contrast, uncorrected"
        rows.append([str(pairs), f"{alone:.3g}", f"{corrected:.3g}", shown])
    return rows


def _example(finding: Finding, runs: Sequence[Run]) -> str:
    planned, result = finding.planned, evaluated(finding)
    quantity = planned.quantity
    of_arm = {
        arm: {run.seed: run.test.accuracy for run in runs if run.arm_name == arm and run.test}
        for arm in (planned.treatment, planned.baseline)
    }
    first, second = of_arm.values()
    rows = [["seed s", *(f"{arm} (%)" for arm in of_arm), "difference dₛ (points)"]]
    rows += [
        [
            str(seed),
            *map(quantity.written, (first[seed], second[seed])),
            quantity.written(first[seed] - second[seed], "+"),
        ]
        for seed in finding.seeds
    ]
    means = (result.treatment.mean, result.baseline.mean)
    rows.append(["mean", *map(quantity.written, means), quantity.written(result.difference, "+")])
    facts = [
        ("standard deviation of the differences", _amount(quantity, result.difference_sd)),
        ("interval over seeds (BCa)", _interval(quantity, result.interval)),
        ("interval over seeds and test images", _interval(quantity, finding.on_distribution)),
        ("p of no difference, by sign flips", f"{result.p_value:.3g}"),
        ("the smallest that it could be", f"{result.smallest_p_value:.3g}"),
        (
            f"p after Holm's correction over {result.comparisons} contrasts",
            f"{result.adjusted_p_value:.3g}",
        ),
        ("p of a difference of the margin or more", _p(result.equivalence_p_value)),
        ("the same after correction", _p(result.adjusted_equivalence_p_value)),
        ("share of seeds on which the treatment is ahead", f"{result.probability_better:.2f}"),
        ("verdict", f"**{result.verdict}**"),
    ]
    return "\n".join(
        [
            f"*{planned.question}*",
            "",
            *table_lines(rows),
            "",
            *table_lines([["", ""], *([what, value] for what, value in facts)]),
            "",
            f"As the report says it: “{finding.sentence}”",
        ]
    )


def _amount(quantity: Quantity, value: float | None) -> str:
    return "unknown" if value is None else quantity.amount(value)


def _p(value: float | None) -> str:
    return "not tested" if value is None else f"{value:.3g}"


def _interval(quantity: Quantity, interval: Interval | None) -> str:
    if interval is None:
        return "none"
    return f"{quantity.written(interval.low, '+')} to {quantity.amount(interval.high, '+')}"


def evaluated(finding: Finding) -> Contrast:
    """What came out of a contrast whose runs are published.

    Raises:
        ValueError: No seed was finished by both of its arms.
    """
    if finding.result is None:
        raise ValueError(f"{finding.planned.name} has no seed pair")
    return finding.result
