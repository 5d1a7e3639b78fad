"""Read a study's stored runs, judge the original study's claims by them, and write the report."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path

import pandas as pd

from convbias import data
from convbias.data import Dataset
from convbias.data.eda import Exploration, explore
from convbias.errors import ConvbiasError, InputError
from convbias.experiments import ORIGINAL
from convbias.experiments.inputs import report_inputs
from convbias.experiments.studies import experiments_of, what_is_left_out
from convbias.findings.claims import ClaimResult
from convbias.findings.results import ConditionRun, Results, collect
from convbias.findings.run_table import table
from convbias.report.build import write_experiment, write_report
from convbias.report.comparison import comparison_table
from convbias.report.coverage import Coverage
from convbias.report.sections import ExperimentSection, audit_claims, experiment_section
from convbias.runs.atomic import check_writable, write_atomically
from convbias.runs.record import run_key
from convbias.runs.store import Store
from convbias.runs.stored_dataset import StoredDataset
from convbias.spec.study import PlannedRun, Study


@dataclass(frozen=True, eq=False)
class StudyResults:
    """The stored runs of a study's experiments, and what follows from them.

    Args:
        study: the study.
        experiments: the results of each of its experiments, in its order.
        inputs: from `convbias.experiments.inputs.report_inputs`.
        stored_dataset: what is stored of the images, where they are a person's own.
    """

    study: Study
    experiments: tuple[Results, ...]
    inputs: str
    stored_dataset: StoredDataset | None = None

    @property
    def runs(self) -> tuple[ConditionRun, ...]:
        """The stored runs; one that several experiments share occurs once for each."""
        return tuple(run for each in self.experiments for run in each.runs)

    @property
    def diverged(self) -> tuple[ConditionRun, ...]:
        """The runs whose training diverged."""
        return tuple(run for run in self.runs if run.status == "diverged")

    @property
    def missing(self) -> tuple[tuple[str, PlannedRun], ...]:
        """Names, arms and seeds of the planned runs that cannot be read or are not stored."""
        named: dict[str, tuple[str, PlannedRun]] = {}
        for results in self.experiments:
            for condition, run in results.absent:
                name = f"{results.experiment.name}: {condition} seed {run[1]}"
                named.setdefault(run_key(*run), (name, run))
        return tuple(named.values())

    @property
    def planned(self) -> int:
        """Number of planned runs, each counted once."""
        return len({run.key for run in self.runs}) + len(self.missing)

    @property
    def damaged(self) -> tuple[ConvbiasError, ...]:
        """Why stored runs cannot be read."""
        return tuple(error for each in self.experiments for error in each.damaged)

    @property
    def unmeasured(self) -> tuple[str, ...]:
        """Keys of finished runs that lack a measurement of an experiment that was run."""
        run = (each for each in self.experiments if each.experiment.name not in self.not_run)
        keys = (key for each in run for key in each.unmeasured)
        return tuple(dict.fromkeys(keys))

    @cached_property
    def original(self) -> Results | None:
        """The original comparison; None where the study lacks it or no run of it is stored."""
        found = (each for each in self.experiments if _is_original(each) and each.runs)
        return next(found, None)

    @cached_property
    def dataset(self) -> Dataset:
        """The study's images, which are downloaded where they are missing."""
        return data.load(self.study.dataset)

    @cached_property
    def exploration(self) -> Exploration:
        """The exploration of the images."""
        return explore(self.dataset)

    @cached_property
    def shown_dataset(self) -> Dataset | StoredDataset:
        """The study's images, or what is stored of a person's own whose images are gone."""
        try:
            return self.dataset
        except InputError:
            if self.stored_dataset is None:
                raise
            return self.stored_dataset

    @cached_property
    def comparison(self) -> pd.DataFrame | None:
        """Means over seeds in the original comparison; None where that has no stored run."""
        if self.original is None:
            return None
        return comparison_table(ORIGINAL, self.original.runs, self.shown_dataset.test_labels)

    @cached_property
    def sections(self) -> tuple[ExperimentSection, ...]:
        """The other experiments, as far as they were run."""
        others = [each for each in self.experiments if not _is_original(each)]
        return tuple(found for each in others if (found := experiment_section(each)) is not None)

    @cached_property
    def not_run(self) -> tuple[str, ...]:
        """The names of the other experiments of which nothing can be said yet."""
        found = {each.results.experiment.name for each in self.sections} | {ORIGINAL.name}
        names = (each.experiment.name for each in self.experiments)
        return tuple(name for name in names if name not in found)


def read_study(study: Study, store: Store) -> StudyResults:
    """Read the stored runs of a study; no file is moved or changed.

    Args:
        study: the study.
        store: where its runs and measurements are.

    Example:
        >>> from convbias.experiments.studies import load_study
        >>> results = read_study(load_study("smoke"), Store("no/such/folder"))
        >>> len(results.runs), len(results.missing)
        (0, 8)
    """
    inputs = report_inputs(study, store)  # before they are read, and may change
    found = (collect(study, each, store) for each in experiments_of(study).values())
    return StudyResults(study, tuple(found), inputs, store.read_dataset(study.dataset))


def audit_study(results: StudyResults) -> list[ClaimResult]:
    """Judge every claim of the original study by a study's stored runs.

    Args:
        results: from `read_study`.

    Returns:
        One result per claim, in the order of the claims.

    Raises:
        DataError: The images are missing or damaged, and cannot be downloaded.

    Example:
        >>> from convbias.experiments.studies import load_study
        >>> study = load_study("smoke").on("drawn")
        >>> audited = audit_study(read_study(study, Store("no/such/folder")))
        >>> [each.verdict for each in audited if each.id == "baseline-params"]
        ['cannot hold']
    """
    return audit_claims(
        results.original.runs if results.original else (),
        results.dataset,
        results.exploration,
        results.sections,
        original=results.original.experiment if results.original else ORIGINAL,
    )


@dataclass(frozen=True)
class StudyReport:
    """The files of a study's report.

    Args:
        table: CSV file with one row per stored run.
        pages: one HTML file, or one per experiment where the original comparison has no run.
    """

    table: Path
    pages: tuple[Path, ...]


def write_study_report(
    results: StudyResults, folder: Path, *, training: bool = False
) -> StudyReport:
    """Write the report on a study's stored runs; nothing is trained.

    Args:
        results: from `read_study`.
        folder: receives `report.html`, its figures, and `table.csv` with one row per run in the
            order of the plan.
        training: whether the study is being trained; this process then takes only one core, and
            the pages reload themselves.

    Raises:
        InputError: No run is stored, or the runs were trained on other images.
        DataError: The images are missing or damaged, and cannot be downloaded.
        StorageError: The folder is not writable or the disk is full.

    Example:
        >>> from convbias.experiments.studies import load_study
        >>> results = read_study(load_study("smoke"), Store("runs"))
        >>> write_study_report(results, Path("report")).pages  # doctest: +SKIP
        (PosixPath('report/report.html'),)
    """
    if not results.runs:
        raise InputError(
            f"no run of the study {results.study.name} is stored",
            "at least one stored run",
            "train the study first, or read it from the folder that holds its runs",
        )
    check_writable(folder)
    rows = pd.concat([_table(each) for each in results.experiments if each.runs])
    path = folder / "table.csv"
    write_atomically(path, lambda file: rows.to_csv(file, index=False, lineterminator="\n"))
    on_images = any(each.experiment.on_images for each in results.experiments)
    dataset = results.shown_dataset if on_images else None
    coverage = Coverage(
        planned=results.planned,
        missing=tuple(name for name, _ in results.missing),
        training=training,
        written_at=datetime.now(UTC).isoformat(timespec="seconds"),
        inputs="" if training else results.inputs,
    )
    sections, original = results.sections, results.original
    if original is not None and dataset is not None:
        name = results.study.name
        not_run = results.not_run
        page = write_report(
            name,
            original.experiment,
            original.runs,
            dataset,
            folder,
            sections,
            not_run,
            coverage,
            what_is_left_out(results.study),
        )
        return StudyReport(path, (page,))
    folders = {each: folder / each.results.experiment.name for each in sections}
    if len(sections) == 1:
        folders = {sections[0]: folder}
    pages = (write_experiment(each, dataset, target, coverage) for each, target in folders.items())
    return StudyReport(path, tuple(pages))


def _is_original(results: Results) -> bool:
    """Whether these are of the original comparison, whatever looks the study plans."""
    return results.experiment.name == ORIGINAL.name


def _table(results: Results) -> pd.DataFrame:
    rows = table(results.runs)
    rows.insert(0, "experiment", results.experiment.name)
    return rows
