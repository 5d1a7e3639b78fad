"""The generated tables of docs/method.md: constants from the code, and one contrast in detail."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from convbias.experiments import ORIGINAL
from convbias.findings.evaluation import Finding, evaluate
from convbias.findings.results import ConditionRun, Results
from convbias.findings.statement import FEWEST_SEEDS
from convbias.spec.datasets import DATASETS
from convbias.spec.experiment import Experiment
from convbias.spec.quantities import TEST_ACCURACY, TEST_LOSS, Quantity
from convbias.spec.recipes import classic, scheduled, tuned_learning_rates
from convbias.statistics import (
    Contrast,
    Interval,
    fewest_pairs,
    simulated_coverage,
    smallest_p_value,
)
from convbias.statistics.sign_flips import EXACT_PAIRS
from tools.blocks import table, table_lines
from tools.looks.page import looks_blocks

ALPHA = 0.05
PAIRS = range(3, 11)


def method_blocks(original: Results, further: Iterable[Results]) -> dict[str, str]:
    """Write the generated blocks of docs/method.md.

    Args:
        original: published results of the original comparison.
        further: published results of the other experiments, in the order of the table.

    Returns:
        Each block's text by its name.
    """
    runs = list(original.runs)
    [finding, *_] = evaluate(ORIGINAL, runs)
    return {
        "splits": table(_splits()),
        "recipes": table(_recipes(original)),
        "constants": table(_constants(finding)),
        "coverage": table(_coverage()),
        "pairs": table(_pairs()),
        "example": _example(finding, runs),
        **looks_blocks(),
        "controls": table(_controls(each.experiment for each in (original, *further))),
    }


def _controls(experiments: Iterable[Experiment]) -> list[list[str]]:
    columns = "experiment", "contrasts", "pairs needed to decide any of them"
    rows = [[*columns, "identities and other controls", "positive control"]]
    for each in experiments:
        pairs = fewest_pairs(ALPHA / len(each.contrasts))
        positive = each.positive_control
        told = f"{positive.treatment} − {positive.baseline}: {positive.because}" if positive else ""
        rows.append([f"`{each.name}`", str(len(each.contrasts)), str(pairs), each.control, told])
    return rows


def _splits() -> list[list[str]]:
    train, validation, test = (f"{size:,}" for size in DATASETS["fashion-mnist"].sizes)
    return [
        ["part", "images", "used for"],
        ["training", train, "fitting the weights"],
        ["validation", validation, "choosing learning rates and schedules"],
        ["test", test, "one score per finished run; no choice depends on it"],
    ]


def _recipes(original: Results) -> list[list[str]]:
    plain = classic(original.study.epochs)
    searched = scheduled(original.study.epochs, next(iter(tuned_learning_rates().values())))
    rates = tuned_learning_rates()
    of_models = ", ".join(f"{model.name} {rates[model.name]:g}" for model in ORIGINAL.models)
    rows = [
        ["", f"`{plain.name}`", f"`{searched.name}`"],
        ["optimiser", plain.optimiser, searched.optimiser],
        ["peak learning rate", f"{plain.learning_rate:g} for all", of_models],
        ["schedule", plain.schedule, searched.schedule],
        *(
            [what, *(f"{number:g}" for number in numbers)]
            for what, numbers in (
                ("fraction of steps for warm-up", _both("warmup_fraction", plain, searched)),
                ("batch size", _both("batch_size", plain, searched)),
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
        ["symbol", "meaning", "value"],
        ["α", "significance level of each family of tests", f"{result.alpha:g}"],
        ["c", "confidence of every interval", f"{confidence:.0%}".replace("%", " %")],
        *(
            ["δ", f"equivalence margin, {each.noun}", each.amount(each.margin)]
            for each in (TEST_ACCURACY, TEST_LOSS)
        ),
        ["", "largest number of pairs for which all sign patterns are counted", str(EXACT_PAIRS)],
        ["", "fewest runs for a verdict on a published number", str(FEWEST_SEEDS)],
    ]


def _coverage() -> list[list[str]]:
    rows = [
        [
            "seed pairs",
            "over seeds alone, the same images",
            "over seeds alone, new images",
            "over seeds and images, new images",
        ]
    ]
    for seeds in (3, 5, 10, 30):
        found = simulated_coverage(seeds)
        held = (found.of_seeds, found.of_seeds_for_new_images, found.crossed)
        rows.append([str(seeds), *(f"{100 * share:.1f} %" for share in held)])
    return rows


def _pairs() -> list[list[str]]:
    family = len(ORIGINAL.contrasts)
    rows = [["seed pairs n", "smallest p", f"times {family} contrasts", "what can be decided"]]
    for pairs in PAIRS:
        alone = smallest_p_value(pairs)
        corrected = min(1.0, family * alone)
        shown = "nothing"
        if alone < ALPHA:
            shown = "every contrast" if corrected < ALPHA else "one contrast, without correction"
        rows.append([str(pairs), f"{alone:.3g}", f"{corrected:.3g}", shown])
    return rows


def _example(finding: Finding, runs: Sequence[ConditionRun]) -> str:
    planned, result = finding.planned, evaluated(finding)
    quantity = planned.quantity
    of_arm = {
        arm: {run.seed: run.test.accuracy for run in runs if run.condition == arm and run.test}
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
        ("interval over seeds and test images", _interval(quantity, result.crossed_interval)),
        ("interval over seeds alone", _interval(quantity, result.seeds_interval)),
        ("p-value of the sign-flip test", f"{result.p_value:.3g}"),
        ("smallest possible p-value", f"{result.smallest_p_value:.3g}"),
        (
            f"p-value after Holm's correction for {result.comparisons} contrasts",
            f"{result.adjusted_p_value:.3g}",
        ),
        ("p-value of the equivalence test", _p(result.equivalence_p_value)),
        (
            "p-value of the equivalence test after correction",
            _p(result.adjusted_equivalence_p_value),
        ),
        ("fraction of seeds for which the treatment is better", f"{result.probability_better:.2f}"),
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
            f"The sentence in the report: “{finding.sentence}”",
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
    """Return a finding's contrast.

    Raises:
        ValueError: no seed was finished by both arms.
    """
    if finding.contrast is None:
        raise ValueError(f"{finding.planned.name} has no seed pair")
    return finding.contrast
