"""Write the HTML report of a study or an experiment, with figures and tables."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from convbias.data import Dataset
from convbias.data.eda import Exploration, explore
from convbias.data.inspection import Finding as DataFinding
from convbias.data.inspection import inspect_own
from convbias.errors import InputError
from convbias.experiments import ORIGINAL
from convbias.experiments.adapting import RULES
from convbias.figures import (
    Arms,
    Figure,
    accuracy_of_arms,
    arm_data,
    class_counts,
    confusion,
    contrasts,
    convergence,
    data_remark,
    dataset_remark,
    finished_arms,
    mean_images,
    most_confused,
    per_class,
    pixel_correlation,
    pixel_histogram,
    sample_grid,
    seeds_text,
)
from convbias.figures.charts import rendering
from convbias.figures.files import write_images
from convbias.findings.claims import ClaimResult
from convbias.findings.evaluation import Finding, evaluate, runs_by_arm
from convbias.findings.multiplicity import over_study
from convbias.findings.results import ConditionRun
from convbias.report import methods, page, tables
from convbias.report.answer import answer, original_headlines
from convbias.report.caveats import caveats, rates_caveat
from convbias.report.classes import class_rows
from convbias.report.comparison import Cell, Measure, comparison, comparison_records
from convbias.report.coverage import COMPLETE, Coverage
from convbias.report.own_answer import own_answer
from convbias.report.page import NumberedFigure
from convbias.report.sections import ExperimentSection, audit_claims
from convbias.runs.atomic import write_atomically
from convbias.runs.engines.here import Here
from convbias.runs.engines.local import Local
from convbias.runs.stored_dataset import StoredDataset
from convbias.spec.arithmetic import Layers
from convbias.spec.arms import Arm
from convbias.spec.datasets import description_of, is_own
from convbias.spec.experiment import Experiment
from convbias.spec.quantities import TEST_ACCURACY, TEST_LOSS
from convbias.statistics import POWER


def write_report(
    study_name: str,
    experiment: Experiment,
    runs: Sequence[ConditionRun],
    dataset: Dataset | StoredDataset,
    folder: Path,
    further: Sequence[ExperimentSection] = (),
    not_run: Sequence[str] = (),
    coverage: Coverage | None = None,
    left_out: Sequence[str] = (),
) -> Path:
    """Write the report of a study from its stored runs; nothing is trained.

    Args:
        study_name: name of the study in the report.
        experiment: experiment whose arms and contrasts are reported; runs of other arms are
            omitted.
        runs: runs of one study, with one description per arm.
        dataset: the data that the runs were trained and scored on; or what is stored of a person's
            own, whose images are gone, and with them the figures that show any.
        folder: folder for `report.html`, which is self-contained, `figures/`, `comparison.csv` and
            `claims.csv`.
        further: sections of the study's other experiments.
        not_run: names of its experiments that have none.
        coverage: how much of the study the runs are; all of it by default. While the study is
            trained, this process alone renders the figures.
        left_out: what the data set does not allow, in sentences.

    Returns:
        The path of `report.html`.

    Raises:
        InputError: there is no finished run, the runs do not belong to one study, or they were
            trained on other data.
        StorageError: the folder is not writable or the disk is full.

    Example:
        >>> from convbias.data import load
        >>> from convbias.experiments import ORIGINAL
        >>> write_report("empty", ORIGINAL, [], load("drawn"), Path("report"))
        Traceback (most recent call last):
        convbias.errors.InputError: there are no runs to report on
          expected: the stored runs of a study
          fix:      run the study first, or name the folder that holds its runs
    """
    runs = _of_experiment(experiment, runs)
    arms = finished_arms(experiment, runs)
    further_runs = [run for section in further for run in section.results.runs]
    _check_data([*runs, *further_runs], dataset)
    section_figures = [figure for section in further for figure in section.figures]
    alone = coverage is not None and coverage.training
    with rendering(Local() if further and not alone else Here(), folder) as charts:
        # Other processes render these charts while this one evaluates the runs.
        charts.start(page.chart_versions(section_figures))
        found = _evaluate(experiment, runs, dataset, further)
        own_figures = _figures(experiment, arms, found, runs, dataset)
        charts.start(page.chart_versions(own_figures))
        figures = page.number_figures([*own_figures, *section_figures], charts)
        libraries = page.libraries(charts.libraries())
    own = is_own(dataset.name)
    runs_by_key = {run.key: run for run in runs}
    for run in further_runs:
        runs_by_key.setdefault(run.key, run)  # shared arms keep the name of the first experiment
    first = experiment.contrasts[0]
    headlines = original_headlines(arms, found.findings, found.claims)
    for section in further:
        headlines |= section.headlines
    html = page.fill_template(
        "report.html.j2",
        figures,
        headlines=headlines,
        answer=answer(arms, found.findings, further),
        own=own_answer(found.findings, further, [*runs, *further_runs]) if own else None,
        described=description_of(dataset.name),
        class_rows=class_rows(arms, dataset),
        rules=RULES,
        coverage=coverage or COMPLETE,
        libraries=libraries,
        study_name=study_name,
        experiment=experiment,
        arms=arms,
        runs=list(runs_by_key.values()),
        runs_by_key=runs_by_key,
        compared=(first.baseline, first.treatment),
        seeds=seeds_text(arms),
        finished_at=max(run.cost.finished_at for run in runs),
        remark=data_remark(arm_data(arms)),
        dataset=dataset,
        images=dataset if isinstance(dataset, Dataset) else None,
        exploration=found.exploration,
        inspected=found.inspected,
        findings=found.findings,
        caveats=[
            *([rates] if (rates := rates_caveat(runs_by_key.values())) else []),
            *caveats(experiment, arms, found.findings, runs_by_arm(runs)),
        ],
        results=found.claims,
        comparison=found.comparison,
        contrasts=tables.contrast_rows(found.findings),
        corrected=over_study(
            {experiment.name: found.findings}
            | {
                each.results.experiment.name: [row.finding for row in each.contrasts]
                for each in further
            }
        ),
        convergence=tables.convergence_rows(arms),
        power=POWER,
        margins=_margins(experiment),
        methods=methods,
        layers=found.layers,
        tables=tables,
        further=further,
        not_run=not_run,
        left_out=left_out,
        further_sections=[
            (f"experiment-{each.results.experiment.name}", each.results.experiment.title)
            for each in further
        ],
    )
    _write_figures(folder, figures)
    write_atomically(folder / "comparison.csv", _csv(comparison_records(found.comparison)))
    write_atomically(folder / "claims.csv", _csv(tables.claims_records(found.claims)))
    # Last, so that the report exists only with everything it refers to.
    return _write_page(folder, html)


def write_experiment(
    section: ExperimentSection,
    dataset: Dataset | StoredDataset | None,
    folder: Path,
    coverage: Coverage | None = None,
) -> Path:
    """Write the page of one experiment from its stored runs; nothing is trained.

    Args:
        section: section of the experiment.
        dataset: the images that the runs were trained and scored on; None for other data.
        folder: folder for `report.html`, which is self-contained, and `figures/`.
        coverage: as for `write_report`.

    Returns:
        The path of `report.html`.

    Raises:
        InputError: the runs were trained on other data.
        StorageError: the folder is not writable or the disk is full.
    """
    results = section.results
    if dataset is not None:
        _check_data(results.runs, dataset)
    numbered, libraries = page.draw_here(section.figures, folder)
    html = page.fill_template(
        "experiment_page.html.j2",
        numbered,
        coverage=coverage or COMPLETE,
        libraries=libraries,
        study_name=results.study.name,
        experiment=results.experiment,
        runs=results.runs,
        runs_by_key={run.key: run for run in results.runs},
        remark=data_remark(results.data),
        headlines=section.headlines,
        power=POWER,
        tables=tables,
        further=(section,),
    )
    _write_figures(folder, numbered)
    return _write_page(folder, html)


@dataclass(frozen=True, eq=False)
class _Evaluation:
    """What the report says about a study's original comparison and its data."""

    exploration: Exploration | None
    inspected: Sequence[DataFinding]
    layers: Mapping[str, Layers]
    findings: list[Finding]
    claims: list[ClaimResult]
    comparison: list[tuple[Measure, list[Cell]]]


def _evaluate(
    experiment: Experiment,
    runs: Sequence[ConditionRun],
    dataset: Dataset | StoredDataset,
    further: Sequence[ExperimentSection],
) -> _Evaluation:
    exploration = explore(dataset) if isinstance(dataset, Dataset) else None
    findings = evaluate(experiment, runs)
    claims: list[ClaimResult] = []
    # A person's own images decide nothing about the original study's.
    if isinstance(dataset, Dataset) and exploration is not None and not is_own(dataset.name):
        # The claims are about the original comparison, so they need its contrasts.
        if experiment.name == ORIGINAL.name:
            claims = audit_claims(runs, dataset, exploration, further, findings, experiment)
        else:
            claims = audit_claims(runs, dataset, exploration, further)
    inspected: Sequence[DataFinding] = ()
    if isinstance(dataset, Dataset) and is_own(dataset.name):
        inspected = inspect_own(dataset)
    return _Evaluation(
        exploration=exploration,
        inspected=inspected,
        layers=methods.networks(experiment, description_of(dataset.name).dimensions),
        findings=findings,
        claims=claims,
        comparison=comparison(experiment, runs, dataset.test_labels),
    )


def _margins(experiment: Experiment) -> list[str]:
    """The margins of equivalence as text, without repetitions."""
    quantities = dict.fromkeys(planned.quantity for planned in experiment.contrasts)
    return [quantity.amount(quantity.margin) for quantity in quantities]


def _of_experiment(experiment: Experiment, runs: Sequence[ConditionRun]) -> list[ConditionRun]:
    names = experiment.names
    if not runs:
        raise InputError(
            "there are no runs to report on",
            "the stored runs of a study",
            "run the study first, or name the folder that holds its runs",
        )
    kept = [run for run in runs if run.condition in names]
    return sorted(kept, key=lambda run: (names.index(run.condition), run.seed))


def _check_data(runs: Sequence[ConditionRun], dataset: Dataset | StoredDataset) -> None:
    for run in runs:
        if not isinstance(run.arm, Arm):
            continue
        if run.arm.data.dataset != dataset.name or run.data_checksum != dataset.checksum:
            raise InputError(
                f"the run {run.key} was trained on {run.arm.data.dataset} with the checksum"
                f" {run.data_checksum[:12]}, not on {dataset.name} with {dataset.checksum[:12]}",
                "the data that the runs were trained on",
                "load the same data set, or train the runs again",
            )


def _figures(
    experiment: Experiment,
    arms: Arms,
    found: _Evaluation,
    runs: Sequence[ConditionRun],
    dataset: Dataset | StoredDataset,
) -> list[Figure]:
    exploration = found.exploration
    first = experiment.contrasts[0]
    compared = [(arm, arms[arm]) for arm in (first.baseline, first.treatment) if arm in arms]
    treatment = [(arm, of_arm) for arm, of_arm in compared if arm == first.treatment]
    figures: list[Figure | None] = [
        accuracy_of_arms(arms),
        contrasts(found.findings, runs, TEST_ACCURACY),
        contrasts(found.findings, runs, TEST_LOSS),
        convergence(arms, "accuracy"),
        convergence(arms, "loss"),
        *(confusion(arm, of_arm, dataset) for arm, of_arm in compared),
        per_class(arms, dataset),
    ]
    if isinstance(dataset, Dataset) and exploration is not None:
        remark = dataset_remark(dataset)
        figures += [
            *(most_confused(arm, of_arm, dataset) for arm, of_arm in treatment),
            class_counts(exploration, remark),
            sample_grid(dataset, remark),
            mean_images(exploration, remark),
            pixel_histogram(exploration, remark),
            pixel_correlation(exploration, remark),
        ]
    return [figure for figure in figures if figure is not None]


def _write_figures(folder: Path, numbered: Mapping[str, NumberedFigure]) -> None:
    for name, figure in numbered.items():
        write_images(folder / "figures" / name, figure.svg, figure.png)


def _write_page(folder: Path, html: str) -> Path:
    path = folder / "report.html"
    write_atomically(path, lambda file: file.write_text(html, "utf-8"))
    return path


def _csv(table: pd.DataFrame) -> Callable[[Path], Any]:
    return lambda path: table.to_csv(path, index=False, lineterminator="\n")
