"""Sections of the report, one per experiment, and the claims that they decide."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from convbias.data import Dataset
from convbias.data.eda import Exploration
from convbias.experiments import ORIGINAL, headlines_of, outcome_of
from convbias.experiments.outcome import Outcome
from convbias.figures import Figure
from convbias.figures.conditions import means_over_seeds, values_by_condition
from convbias.findings.claims import ClaimResult, DataFacts, FurtherEvidence, audit
from convbias.findings.evaluation import Finding, evaluate, evaluated, is_measured
from convbias.findings.results import ConditionRun, Results
from convbias.findings.statement import Statement
from convbias.report.methods import networks
from convbias.report.tables import ContrastRow, contrast_rows
from convbias.runs.record import Run
from convbias.spec.beyond.tables import TableRecipe
from convbias.spec.beyond.texts import CountRecipe
from convbias.spec.experiment import Experiment
from convbias.spec.formatting import MISSING
from convbias.spec.quantities import TEST_ACCURACY, TEST_LOSS


@dataclass(frozen=True)
class ConditionRow:
    """A condition as a row of text.

    Args:
        name: name of the condition.
        runs: number of finished runs.
        parameters: trainable parameters.
        accuracy: mean test accuracy in percent.
        interval: 95 % interval of the mean accuracy.
        loss: mean test loss in nats per image.
        learning_rate: learning rate of the recipe.
    """

    name: str
    runs: int
    parameters: str
    accuracy: str
    interval: str
    loss: str
    learning_rate: str


@dataclass(frozen=True, eq=False)
class ExperimentSection:
    """The content of an experiment's section.

    Args:
        results: the stored runs.
        outcome: figures, statements and controls.
        headlines: name of a figure to what it shows, in short.
        contrasts: the planned contrasts, evaluated.
        conditions: the results of each condition.
    """

    results: Results
    outcome: Outcome
    headlines: dict[str, Statement]
    contrasts: list[ContrastRow]
    conditions: list[ConditionRow]

    @property
    def figures(self) -> tuple[Figure, ...]:
        """The figures, in the order of the report."""
        return self.outcome.figures

    @property
    def evidence(self) -> FurtherEvidence:
        """The evidence for the claims of the original study."""
        return FurtherEvidence(
            data=self.results.data,
            findings=tuple(row.finding for row in self.contrasts),
            statements=self.outcome.statements,
            runs=tuple(run for run in self.results.runs if run.status == "finished"),
        )

    @property
    def measured_on(self) -> str:
        """On how many test images each measure was taken, in a sentence; empty without measures."""
        told = [
            f"{_in_words(measure)} {' or '.join(f'{count:,}' for count in counts)}"
            for measure, counts in self.results.measured_images.items()
        ]
        return f"Numbers of test images: {', '.join(told)}." if told else ""

    @property
    def seconds(self) -> float:
        """Total time of all runs, in seconds of one process."""
        return sum(run.cost.wall_seconds for run in self.results.runs)


def experiment_section(results: Results) -> ExperimentSection | None:
    """Evaluate an experiment for its section.

    Args:
        results: the stored runs of the experiment.

    Returns:
        None where it was not run: no run is finished, or nothing that its contrasts compare is
        measured.
    """
    finished = [run for run in results.runs if run.status == "finished"]
    quantities = {planned.quantity for planned in results.experiment.contrasts}
    if not any(is_measured(run, quantity) for run in finished for quantity in quantities):
        return None
    outcome, findings = outcome_of(results), evaluate(results.experiment, results.runs)
    return ExperimentSection(
        results=results,
        outcome=outcome,
        headlines=headlines_of(results, evaluated(findings), outcome),
        contrasts=contrast_rows(findings),
        conditions=_condition_rows(results),
    )


def audit_claims(
    runs: Iterable[ConditionRun],
    dataset: Dataset,
    exploration: Exploration,
    sections: Iterable[ExperimentSection],
    findings: Sequence[Finding] | None = None,
    original: Experiment = ORIGINAL,
) -> list[ClaimResult]:
    """Judge every claim of the original study.

    Args:
        runs: runs of the original comparison.
        dataset: the data set.
        exploration: the exploration of the data set.
        sections: sections of further experiments.
        findings: the contrasts of the original comparison; evaluated here by default.
        original: the original comparison, with the looks of the study.

    Returns:
        One result per claim, in the order of the claims.
    """
    return audit(
        original,
        runs,
        networks=networks(original),
        facts=DataFacts.of(dataset, exploration),
        findings=findings,
        further={each.results.experiment.name: each.evidence for each in sections},
    )


def _condition_rows(results: Results) -> list[ConditionRow]:
    accuracy, loss = (
        {
            row["condition"]: row
            for row in means_over_seeds(values_by_condition(results, quantity)).to_dict("records")
        }
        for quantity in (TEST_ACCURACY, TEST_LOSS)
    )
    rows = []
    for name in results.experiment.names:
        finished = [
            run for run in results.runs if run.condition == name and run.status == "finished"
        ]
        if not finished:
            rows.append(ConditionRow(name, 0, *([MISSING] * 5)))
            continue
        of_condition = accuracy[name]
        spread = MISSING
        if len(finished) > 1:
            spread = f"{of_condition['low']:.2f} to {of_condition['high']:.2f}"
        rows.append(
            ConditionRow(
                name=name,
                runs=len(finished),
                parameters=_parameters(finished),
                accuracy=f"{of_condition['mean']:.2f}",
                interval=spread,
                loss=f"{loss[name]['mean']:.3f}",
                learning_rate=_learning_rate(finished[0]),
            )
        )
    return rows


def _in_words(measure: str) -> str:
    return measure.replace("_", " ").replace("lie ", "Lie ")


def _learning_rate(run: Run) -> str:
    recipe = run.arm.recipe
    if isinstance(recipe, TableRecipe):
        return "chosen in each run"
    if isinstance(recipe, CountRecipe):
        return MISSING
    return f"{recipe.learning_rate:g}"


def _parameters(runs: Sequence[Run]) -> str:
    found = runs[0].measures.get("parameters")
    return MISSING if found is None else f"{found:,.0f}"
