"""The generated tables of docs/reproduce.md: cost and expected spread of each experiment."""

from __future__ import annotations

import statistics
from collections.abc import Sequence

from scipy import stats

from convbias.experiments import ORIGINAL
from convbias.findings.evaluation import Finding, evaluate
from convbias.findings.results import Results
from convbias.findings.wording import how_many_seeds
from convbias.report import ExperimentSection
from convbias.runs.record import Run
from convbias.spec.arms import Arm
from convbias.spec.datasets import description_of
from convbias.spec.quantities import TEST_ACCURACY, TEST_LOSS, Quantity
from convbias.statistics import prediction_interval, summarise
from tools.blocks import table, table_lines
from tools.method_page import ALPHA, evaluated


def reproduce_blocks(
    profile: str, original: Results, sections: Sequence[ExperimentSection]
) -> dict[str, str]:
    """Write the generated blocks of docs/reproduce.md.

    Args:
        profile: name of the published study.
        original: published results of the original comparison.
        sections: report sections of the other experiments.

    Returns:
        Each block's text by its name.
    """
    findings = {ORIGINAL.name: evaluate(ORIGINAL, original.runs)}
    findings |= {
        each.results.experiment.name: [row.finding for row in each.contrasts] for each in sections
    }
    collected = [original, *(each.results for each in sections)]
    figures = {
        each.results.experiment.name: [figure.name for figure in each.figures] for each in sections
    }
    return {
        "commands": _commands(profile),
        "experiments": _experiments(profile, collected, figures),
        "arms": _arms(original),
        "contrasts": _contrasts(findings),
    }


def _commands(profile: str) -> str:
    explained = {
        f"make study PROFILE={profile}": "everything: set up, train, measure, report",
        f".venv/bin/convbias study {profile} --plan": "expected time on your machine",
        ".venv/bin/convbias report --runs published": "tables, figures, claims; no training",
        ".venv/bin/convbias claims --runs published": "the original study's statements only",
        ".venv/bin/convbias runs verify": "re-check every stored number of your runs",
    }
    width = max(map(len, explained)) + 3
    return "\n".join(f"    {command:{width}}# {told}" for command, told in explained.items())


def _experiments(profile: str, collected: Sequence[Results], figures: dict[str, list[str]]) -> str:
    rows = [
        [
            "experiment",
            "command",
            "runs",
            "time of the stored runs",
            "time on a CPU",
            "spread over seeds",
            "figures",
        ]
    ]
    for results in collected:
        name = results.experiment.name
        minutes = sum(map(_undisturbed_seconds, results.runs)) / 60
        spreads = [_spread(results, condition) for condition in results.experiment.names]
        known = [spread for spread in spreads if spread is not None]
        spread = "unknown"
        if known:
            spread = (
                f"{TEST_ACCURACY.written(statistics.median(known))}"
                f" (at most {TEST_ACCURACY.written(max(known))})"
            )
        rows.append(
            [
                f"`{name}`",
                f"`convbias experiment {name} --profile {profile}`",
                str(len(results.runs)),
                f"{minutes:.0f} min",
                results.study.cost.split(",")[0],
                spread,
                ", ".join(f"`{each}`" for each in figures.get(name, ()))
                or "all before the experiments' sections",
            ]
        )
    devices = sorted({run.environment.device for each in collected for run in each.runs})
    counts = [len(each.study.seeds) for each in collected]
    return "\n".join(
        [
            *table_lines(rows),
            "",
            (
                f"*{how_many_seeds(counts)}. Time of the stored runs: total in one process at the"
                f" speed of each run's fastest epoch on {', '.join(devices)}, with compiling and"
                " without measuring; shared runs count in each experiment. Time on a CPU: as"
                " stated in the profile; `--plan` estimates it for your machine. Spread: standard"
                " deviation of the test accuracy over seeds, in percentage points; median over the"
                " conditions.*"
            ),
        ]
    )


def _undisturbed_seconds(run: Run) -> float:
    """Return a run's time at the speed of its fastest epoch; on other data, its whole time."""
    if not isinstance(run.arm, Arm):
        return run.cost.wall_seconds
    data, recipe = run.arm.data, run.arm.recipe
    images = (
        recipe.images_per_epoch or data.training_images or description_of(data.dataset).sizes[0]
    )
    return run.cost.compile_seconds + recipe.epochs * images / run.cost.images_per_second


def _spread(results: Results, condition: str) -> float | None:
    accuracies = [
        run.test.accuracy for run in results.runs if run.condition == condition and run.test
    ]
    return summarise(accuracies).sd if accuracies else None


def _arms(original: Results) -> str:
    rows = [["arm", "", "mean", "standard deviation", "one new run", "mean of as many new seeds"]]
    for arm in ORIGINAL.names:
        for quantity in (TEST_ACCURACY, TEST_LOSS):
            scores = [
                run.test.accuracy if quantity is TEST_ACCURACY else run.test.loss
                for run in original.runs
                if run.condition == arm and run.test
            ]
            summary = summarise(scores)
            next_run = prediction_interval(scores)
            rows.append(
                [
                    arm,
                    f"{quantity.noun} ({quantity.value_unit})",
                    quantity.written(summary.mean),
                    "unknown" if summary.sd is None else quantity.written(summary.sd),
                    "unknown" if next_run is None else _ends(quantity, *next_run.ends),
                    _repeated(quantity, summary.mean, summary.sd, summary.n),
                ]
            )
    return table(rows)


def _contrasts(findings: dict[str, list[Finding]]) -> str:
    rows = [["experiment", "contrast", "difference", "expected with new seeds", "verdict"]]
    for name, of_experiment in findings.items():
        for finding in of_experiment:
            result, quantity = evaluated(finding), finding.planned.quantity
            again = _repeated(quantity, result.difference, result.difference_sd, result.n, "+")
            rows.append(
                [
                    f"`{name}`",
                    f"{finding.planned.treatment} − {finding.planned.baseline}, {quantity.noun}",
                    quantity.amount(result.difference, "+"),
                    again,
                    result.verdict,
                ]
            )
    return table(rows)


def _repeated(quantity: Quantity, mean: float, sd: float | None, n: int, sign: str = "") -> str:
    """Return the 95 % prediction interval of the mean over as many new seeds."""
    if sd is None:
        return "unknown"
    half_width = float(stats.t.ppf(1 - ALPHA / 2, n - 1)) * sd * (2 / n) ** 0.5
    return _ends(quantity, mean - half_width, mean + half_width, sign)


def _ends(quantity: Quantity, low: float, high: float, sign: str = "") -> str:
    return f"{quantity.written(low, sign)} to {quantity.written(high, sign)}"
