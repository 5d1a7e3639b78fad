"""`convbias report`: rebuild a study's report from its stored runs."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from convbias.cli.choices import (
    RUNS,
    AtMost,
    DatasetChoice,
    Seeds,
    Until,
    choose_profile,
    choose_store,
    choose_study,
    next_look,
    plan_looks,
    register_datasets,
    until_options,
)
from convbias.cli.console import (
    print_damaged,
    print_diverged,
    print_page,
    print_table,
    results,
    warn,
    working,
)
from convbias.errors import InputError
from convbias.experiments import ORIGINAL
from convbias.experiments.studies import planned_runs
from convbias.figures import data_remark
from convbias.report import ExperimentSection
from convbias.report.pipeline import StudyResults, read_study, write_study_report
from convbias.runs.published import published_folder
from convbias.runs.store import Store
from convbias.spec.study import Study


def report(
    profile: str | None = None,
    /,
    *,
    dataset: DatasetChoice | None = None,
    seeds: Seeds = None,
    until: Until | None = None,
    at_most: AtMost = None,
    runs: Path = RUNS,
    out: Path | None = None,
) -> None:
    """Rebuild a study's report from its stored runs, without training.

    Example: `convbias report --runs published`

    Args:
        profile: Name of a profile, or path of a TOML file of the same form; default full for the
            published study, else first.
        dataset: Replaces the profile's data set, as for `convbias study`.
        seeds: Replace the profile's seeds.
        until: With decided, the runs and looks of a study that was trained with the same option.
        at_most: As for that study.
        runs: Folder of stored runs, or published for the study that comes with the package; that
            is read by default as long as no run is stored.
        out: Folder for the report; default report/PROFILE.
    """
    register_datasets(runs)  # images may be gone, but not what the runs say of them
    profile = choose_profile(profile, runs)
    chosen = plan_looks(choose_study(profile, dataset, seeds), until, at_most, seeds)
    folder = out or Path("report") / chosen.name
    store = choose_store(runs, chosen)
    command = ["study", profile, *until_options(chosen, until)]
    report_stored(command, next_look(chosen, store, until), store, folder)


def report_stored(command: Sequence[str], chosen: Study, store: Store, folder: Path) -> None:
    """Write the report on a study's stored runs, and print its comparison.

    Args:
        command: the command that trains the study, for messages; without options, apart from
            those that say until when seeds are added.
        chosen: the study.
        store: where its runs are.
        folder: where the report goes.

    Raises:
        InputError: No run of the study is stored.
        StorageError: The folder is not writable or the disk is full.
    """
    found = read_study(chosen, store)
    print_damaged(found.damaged)
    options = ["--dataset", chosen.dataset]
    if "--until" not in command:
        seeds = sorted({seed for _, seed in planned_runs(chosen)})
        options += ["--seeds", *map(str, seeds)]
    if not store.folder.resolve().is_relative_to(published_folder()):
        options += ["--runs", str(store.folder)]
    training = shlex.join(["convbias", *command, *options])
    if not found.runs:
        raise InputError(
            f"none of the {len(planned_runs(chosen))} runs of the study {chosen.name},"
            f" {chosen.dataset}, is stored in {store.folder}",
            "at least one stored run",
            f"train them with `{training}`, or name the folder that holds them with --runs",
        )
    _print_missing(found, training)
    print_diverged(found.diverged)
    with working("writing the report"):
        report = write_study_report(found, folder)
    if found.original is not None and found.comparison is not None:
        remark = data_remark(found.original.data)
        _print_comparison(ORIGINAL.title, found.comparison, remark)
    for each in found.sections:
        _print_section(each)
    for page in report.pages:
        print_page("Report", page)


def _print_missing(found: StudyResults, command: str) -> None:
    if found.missing:
        warn(
            f"{len(found.missing)} of {found.planned} runs are missing, which the report lists\n"
            f"  to train them: {command}"
        )
    if found.not_run:
        warn(f"not run: {', '.join(found.not_run)}\n  to train and measure: {command}")
    if found.unmeasured:
        warn(
            f"{len(found.unmeasured)} finished runs lack measurements\n"
            f"  to take them, where the networks are stored: {command}"
        )


def _print_section(shown: ExperimentSection) -> None:
    experiment = shown.results.experiment
    remark = data_remark(shown.results.data)
    heading = f"{experiment.title}: mean test accuracy over seeds [95 % interval]"
    rows = [
        (row.name, row.parameters, f"{row.accuracy} [{row.interval}]", row.loss, str(row.runs))
        for row in shown.conditions
    ]
    columns = ("condition", "parameters", "test accuracy (%)", "test loss (nats)", "runs")
    print_table(f"{heading} ({remark})" if remark else heading, columns, rows, ("condition",))
    outcome = shown.outcome
    for statement in (*outcome.statements, *outcome.identities, *outcome.controls):
        results().print(f"  {statement.verdict.upper()}: {statement.text}", soft_wrap=True)
    for row in shown.contrasts:
        results().print(f"  {row.verdict.upper()}: {row.finding.sentence}", soft_wrap=True)


def _print_comparison(title: str, comparison: pd.DataFrame, remark: str | None) -> None:
    heading = f"{title}: mean over seeds [95 % interval], ★ best"
    rows = [(str(measure), *map(str, cells)) for measure, *cells in comparison.itertuples()]
    columns = ("measure", *map(str, comparison.columns))
    print_table(f"{heading} ({remark})" if remark else heading, columns, rows, words=("measure",))
