"""The generated tables of README.md: the published results and the list of experiments."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from convbias.experiments import EXPERIMENTS, ORIGINAL
from convbias.experiments.studies import load_study
from convbias.figures import finished_arms
from convbias.findings.evaluation import evaluate
from convbias.findings.results import Results
from convbias.findings.wording import how_many_seeds
from convbias.report import ExperimentSection, comparison_table
from convbias.report.answer import answer
from convbias.report.caveats import rates_caveat
from convbias.spec.datasets import description_of
from convbias.spec.experiment import Experiment
from tools.blocks import table, table_lines

# Figures of the report that the page shows.
FIGURES = ("accuracy", "shift-accuracy")

# The first rows of the comparison: the report has all, and a reader's first screen little room.
ROWS = 3


def readme_blocks(
    profile: str, original: Results, sections: Sequence[ExperimentSection]
) -> dict[str, str]:
    """Write the generated blocks of README.md.

    Args:
        profile: name of the published study.
        original: the published runs of the original comparison.
        sections: the report's sections of the other experiments.

    Returns:
        Each block's text by its name.
    """
    names = dict.fromkeys((*load_study(profile).experiments, *EXPERIMENTS))
    return {
        "result": result_block(profile, original),
        "answers": answers_block(original, sections),
        "experiments": experiments_block(profile, sections),
        "questions": questions_block(EXPERIMENTS[name] for name in names),
    }


def result_block(profile: str, results: Results) -> str:
    """Write the results of the original comparison."""
    runs = results.runs
    compared = comparison_table(ORIGINAL, runs)
    compared.columns = [f"**{arm}**" for arm in compared.columns]
    recipe, environment = runs[0].arm.recipe, runs[0].environment
    seeds = len({run.seed for run in runs})
    rows = [["", *compared.columns]]
    rows += [[str(name), *map(str, values)] for name, values in compared.head(ROWS).T.items()]
    lines = [
        (
            "![Test accuracy of the dense baseline and of the CNN with three kernel sizes, one dot"
            f" per seed, with 95 % intervals](docs/figures/{profile}-accuracy.svg)"
        ),
        "",
        *table_lines(rows),
        "",
        (
            f"*Mean [95 % interval] over {seeds} seeds, best value of a row ★; the {profile}"
            f" profile: {recipe.epochs} epochs, recipe `{recipe.name}`, on"
            f" {environment.device}. Generated from the runs in `results/{profile}/`.*"
        ),
    ]
    return "\n".join(lines)


def answers_block(results: Results, sections: Sequence[ExperimentSection]) -> str:
    """Write in short what the study shows."""
    runs = results.runs
    arms = finished_arms(ORIGINAL, runs)
    lines = []
    for title, of_group in answer(arms, evaluate(ORIGINAL, runs), sections):
        lines += ["", f"**{title}**", "", *(f"- {each.finding.text}" for each in of_group)]
    of_study = [*runs, *(run for section in sections for run in section.results.runs)]
    if rates := rates_caveat(of_study):
        lines += ["", f"*{rates.title}. {' '.join(rates.sentences)}*"]
    return "\n".join(lines).strip()


def experiments_block(profile: str, sections: Sequence[ExperimentSection]) -> str:
    """Write the first contrast of each of the other experiments."""
    rows = [
        [
            "experiment",
            "first question",
            "difference [95 % interval]",
            "verdict",
            "identities",
            "controls",
        ]
    ]
    for each in sections:
        first = each.contrasts[0]
        quantity = first.finding.planned.quantity
        known = [
            ", ".join(f"{verdict} ({count})" for verdict, count in Counter(verdicts).items())
            or "none"
            for verdicts in (
                [statement.verdict for statement in statements]
                for statements in (each.outcome.identities, each.outcome.controls)
            )
        ]
        rows.append(
            [
                f"`{each.results.experiment.name}`",
                first.finding.planned.question,
                f"{first.difference} [{first.interval}] {first.unit}, {quantity.noun}",
                first.verdict,
                *known,
            ]
        )
    counts = [len(each.contrasts[0].finding.seeds) for each in sections]
    studies = [each.results.study for each in sections if each.results.experiment.on_images]
    epochs = _from_to(study.epochs for study in studies)
    most = description_of(studies[0].dataset).sizes[0]
    images = _from_to(study.training_images or most for study in studies)
    told = {each.results.experiment.name for each in sections} | {ORIGINAL.name}
    not_run = [f"`{name}`" for name in load_study(profile).experiments if name not in told]
    left_out = f" Not run yet: {', '.join(not_run)}." if not_run else ""
    lines = [
        (
            "![Test accuracy against the distance by which the test images are shifted: the dense"
            " networks and the CNNs, with 95 % intervals]"
            f"(docs/figures/{profile}-shift-accuracy.svg)"
        ),
        "",
        *table_lines(rows),
        "",
        (
            f"*{how_many_seeds(counts)}; those on images are trained for {epochs} epochs of"
            f" {images} images. The report has all contrasts, statements and controls:"
            f" `convbias report --runs published`.{left_out}*"
        ),
    ]
    return "\n".join(lines)


def _from_to(numbers: Iterable[int]) -> str:
    different = set(numbers)
    return " to ".join(f"{each:,}" for each in sorted({min(different), max(different)}))


def questions_block(experiments: Iterable[Experiment]) -> str:
    """Write each experiment's question and control in a few words."""
    rows = [[f"`{each.name}`", each.short_question, each.short_control] for each in experiments]
    return table([["name", "question", "control"], *rows])
