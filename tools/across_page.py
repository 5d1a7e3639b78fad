"""The generated parts of docs/across-data.md: what of the study holds for other images."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from convbias.experiments import ORIGINAL
from convbias.findings.evaluation import evaluate
from convbias.findings.results import Results
from convbias.report import comparison_table
from convbias.report.caveats import rates_caveat
from convbias.report.tables import ContrastRow, contrast_rows
from convbias.spec.experiment import Experiment
from convbias.spec.formatting import MISSING
from tools.blocks import table
from tools.published import ACROSS, datasets_across, published

REFERENCE = "Fashion-MNIST"  # with which others are compared, at the same length

# Verdicts that say which way a difference goes, or that there is none.
DECIDED = ("better", "worse", "equivalent")


@dataclass(frozen=True)
class Studied:
    """A published study on one data set.

    Args:
        title: the data set's.
        experiments: what is published of each experiment.
    """

    title: str
    experiments: tuple[Results, ...]

    @property
    def named(self) -> dict[str, Results]:
        """The experiments of which any run is published, by name."""
        return {each.experiment.name: each for each in self.experiments if each.runs}


def across_blocks(profile: str) -> dict[str, str]:
    """Write the generated blocks of the page.

    Args:
        profile: the published study of Fashion-MNIST.

    Returns:
        Each block's text by its name.
    """
    main = Studied("Fashion-MNIST, longer", published(profile))
    others = [_studied(published(ACROSS, dataset)) for dataset in datasets_across()]
    others.sort(key=lambda each: each.title != REFERENCE)
    return compared([main, *others])


def compared(studies: Sequence[Studied]) -> dict[str, str]:
    """Write the generated blocks of the page from studies.

    Args:
        studies: the published one, that on Fashion-MNIST at the others' length, the others.

    Returns:
        Each block's text by its name.
    """
    main, *others = studies
    shared = [
        each.experiment
        for name, each in main.named.items()
        if any(name in other.named for other in others)
    ]
    rows = [(each, [_rows(study, each) for study in studies]) for each in shared]
    verdicts = [
        [_verdict(row) for row in of_contrast]
        for _, of_studies in rows
        for of_contrast in zip(*of_studies, strict=True)
    ]
    tables = [
        f"### {experiment.title}\n\n{table(contrast_table(studies, of_studies))}"
        for experiment, of_studies in rows
    ]
    return {
        "studies": table(_lengths(studies, shared)),
        "accuracies": table(_accuracies(studies)),
        "summary": "\n".join(
            f"- {sentence(other.title, [(each[1], each[place]) for each in verdicts])}"
            for place, other in enumerate(others[1:], 2)
        ),
        "contrasts": "\n\n".join(tables),
    }


def _studied(experiments: tuple[Results, ...]) -> Studied:
    return Studied(experiments[0].described.title, experiments)


def _rows(studied: Studied, experiment: Experiment) -> list[ContrastRow | None]:
    """A study's rows of an experiment's contrasts; None where nothing is published of one."""
    found = studied.named.get(experiment.name)
    rows = contrast_rows(evaluate(found.experiment, found.runs)) if found else []
    by_name = {row.finding.planned.name: row for row in rows}
    return [by_name.get(contrast.name) for contrast in experiment.contrasts]


def carries_over(known: str, found: str) -> str:
    """Whether a verdict on one data set is also that on another.

    Args:
        known: the verdict on the first.
        found: the verdict on the other.

    Example:
        >>> carries_over("better", "better"), carries_over("better", "equivalent")
        ('yes', 'no')
        >>> carries_over("undecided", "better"), carries_over("better", "undecided")
        ('undecided here', 'undecided')
    """
    if found not in DECIDED:
        return "undecided"
    if known not in DECIDED:
        return "undecided here"
    return "yes" if known == found else "no"


def sentence(title: str, verdicts: Sequence[tuple[str, str]]) -> str:
    """How many verdicts carry over to a data set, in one sentence.

    Args:
        title: the data set's.
        verdicts: each contrast's on Fashion-MNIST and on the data set.

    Example:
        >>> sentence("MNIST", [("better", "better"), ("worse", "undecided")])
        'MNIST: of 2 verdicts on Fashion-MNIST, the same in 1, different in 0, undecided in 1.'
    """
    counts = Counter(carries_over(*each) for each in verdicts if each[0] in DECIDED)
    answers = {"yes": "the same", "no": "different", "undecided": "undecided"}
    told = ", ".join(f"{words} in {counts[answer]}" for answer, words in answers.items())
    return f"{title}: of {counts.total()} verdicts on Fashion-MNIST, {told}."


def contrast_table(
    studies: Sequence[Studied], rows: Sequence[Sequence[ContrastRow | None]]
) -> list[list[str]]:
    """The contrasts of an experiment on all data sets.

    Args:
        studies: as for `compared`.
        rows: each study's rows, in the same order of contrasts.
    """
    titles = [each.title for each in studies]
    table_rows = [["question", *titles, "carries over"]]
    for of_contrast in zip(*rows, strict=True):
        _, known, *others = (_verdict(row) for row in of_contrast)
        over = [
            f"{title}: {carries_over(known, found)}"
            for title, found in zip(titles[2:], others, strict=True)
        ]
        planned = next(row for row in of_contrast if row).finding.planned
        question = f"{planned.question} ({planned.quantity.long_unit})"
        table_rows.append([question, *map(_cell, of_contrast), "; ".join(over)])
    return table_rows


def _verdict(row: ContrastRow | None) -> str:
    return row.verdict if row else MISSING


def _cell(row: ContrastRow | None) -> str:
    return f"{row.verdict}: {row.difference} [{row.interval}]" if row else MISSING


def _lengths(studies: Sequence[Studied], shared: Sequence[Experiment]) -> list[list[str]]:
    """How long each experiment was trained on which images, and with whose learning rates."""
    rows = [["images", "experiment", "seeds", "epochs", "training images", "learning rates"]]
    for studied in studies:
        for experiment in shared:
            if (found := studied.named.get(experiment.name)) is None:
                continue
            study = found.study
            images = study.training_images or found.described.sizes[0]
            caveat = rates_caveat(found.runs)
            rows.append(
                [
                    studied.title,
                    f"`{experiment.name}`",
                    str(len({run.seed for run in found.runs})),
                    str(study.epochs),
                    f"{images:,}",
                    caveat.title if caveat else "searched for these images and this length",
                ]
            )
    return rows


def _accuracies(studies: Sequence[Studied]) -> list[list[str]]:
    """Test accuracy of the networks of the original comparison on each data set."""
    rows = [["images", *ORIGINAL.names]]
    for studied in studies:
        compared = comparison_table(ORIGINAL, studied.experiments[0].runs)
        rows.append([studied.title, *map(str, compared.iloc[0])])
    return rows
