"""`convbias report`: rebuild a study's report from its stored runs."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from convbias import data
from convbias.cli.choices import (
    RUNS,
    DatasetChoice,
    Seeds,
    check_writable,
    choose_profile,
    choose_store,
    choose_study,
)
from convbias.cli.console import messages, print_table, results
from convbias.cli.sweeping import print_damaged, print_diverged
from convbias.errors import InputError
from convbias.experiments import EXPERIMENTS, ORIGINAL
from convbias.experiments.studies import planned_runs
from convbias.figures import data_remark
from convbias.findings.results import Results, collect
from convbias.findings.run_table import table
from convbias.report import (
    ExperimentSection,
    comparison_table,
    experiment_section,
    write_experiment,
    write_report,
)
from convbias.runs.atomic import write_atomically
from convbias.runs.record import run_key
from convbias.runs.store import Store
from convbias.spec.study import Study


def report(
    profile: str | None = None,
    /,
    *,
    dataset: DatasetChoice | None = None,
    seeds: Seeds = None,
    runs: Path = RUNS,
    out: Path | None = None,
) -> None:
    """Rebuild a study's report from its stored runs; nothing is trained.

    Example: `convbias report --runs results`

    Args:
        profile: Name of a profile, or path of a TOML file of the same form. When absent: the
            study that is published in the folder of runs, or quick.
        dataset: As for `convbias study`.
        seeds: Instead of the profile's.
        runs: Folder of stored runs, or of published studies.
        out: Folder for the report; report/PROFILE when absent.
    """
    profile = choose_profile(profile, runs)
    chosen = choose_study(profile, dataset, seeds)
    folder = out or Path("report") / chosen.name
    report_stored(["study", profile], chosen, choose_store(runs, chosen), folder)


def report_stored(command: Sequence[str], chosen: Study, store: Store, folder: Path) -> None:
    """Write the report of what is stored of a study, and print its comparison.

    Args:
        command: What trains the study, without its options.
        chosen: The study.
        store: Where its runs are.
        folder: Receives the report and `table.csv`, one row per run in the order of the plan.

    Raises:
        InputError: No run of the study is stored.
        StorageError: The folder is not writable or the disk is full.
    """
    collected = [collect(chosen, EXPERIMENTS[name], store) for name in chosen.experiments]
    for each in collected:
        print_damaged(each.damaged)
    told = training_command(command, chosen, store)
    if not any(each.runs for each in collected):
        planned = len(planned_runs(chosen))
        raise InputError(
            f"none of the {planned} runs of the study {chosen.name}, {chosen.dataset}, is"
            f" stored in {store.folder}",
            "at least one stored run",
            f"train them with `{told}`, or name the folder that holds them with --runs",
        )
    _name_absent(collected, told)
    print_diverged(run for each in collected for run in each.runs)
    check_writable(folder)
    rows = pd.concat([_table(each) for each in collected if each.runs])
    write_atomically(
        folder / "table.csv", lambda file: rows.to_csv(file, index=False, lineterminator="\n")
    )
    dataset = data.load(chosen.dataset)
    sections = [experiment_section(each) for each in collected if each.experiment is not ORIGINAL]
    further = [each for each in sections if each is not None]
    original = [each for each in collected if each.experiment is ORIGINAL and each.runs]
    paths = []
    for each in original:
        runs = list(each.runs)
        paths.append(write_report(chosen.name, ORIGINAL, runs, dataset, folder, further))
        remark = data_remark(each.data)
        _print_comparison(ORIGINAL.title, comparison_table(ORIGINAL, runs), remark)
    for each in further:
        _print_section(each)
        if not original:
            name = each.results.experiment.name
            target = folder if len(further) == 1 else folder / name
            paths.append(write_experiment(each, dataset, target))
    for path in paths:
        results().print(f"Report: {path}", soft_wrap=True)


def training_command(command: Sequence[str], chosen: Study, store: Store) -> str:
    """What trains the runs that a study lacks."""
    seeds = sorted({seed for _, seed in planned_runs(chosen)})
    options = ["--dataset", chosen.dataset, "--seeds", *map(str, seeds)]
    return shlex.join(["convbias", *command, *options, "--runs", str(store.folder)])


def _table(each: Results) -> pd.DataFrame:
    rows = table(each.runs)
    rows.insert(0, "experiment", each.experiment.name)
    return rows


def _name_absent(collected: Sequence[Results], command: str) -> None:
    absent = [
        f"{name} seed {seed} ({run_key(arm, seed)})"
        for each in collected
        for name, (arm, seed) in each.absent
    ]
    unmeasured = list(dict.fromkeys(key for each in collected for key in each.unmeasured))
    if absent:
        total = len(absent) + sum(len(each.runs) for each in collected)
        messages().print(
            f"{len(absent)} of {total} runs are missing: {', '.join(absent)}\n"
            f"  to train them: {command}",
            style="yellow",
            soft_wrap=True,
        )
    if unmeasured:
        messages().print(
            f"Of {len(unmeasured)} finished runs not everything is measured:"
            f" {', '.join(unmeasured)}\n  to measure what their networks are stored of: {command}",
            style="yellow",
            soft_wrap=True,
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
    for statement in (*shown.outcome.statements, *shown.outcome.controls):
        results().print(f"  {statement.verdict.upper()}: {statement.text}", soft_wrap=True)
    for row in shown.contrasts:
        results().print(f"  {row.verdict.upper()}: {row.finding.sentence}", soft_wrap=True)


def _print_comparison(title: str, comparison: pd.DataFrame, remark: str | None) -> None:
    heading = f"{title}: mean over seeds [95 % interval], ★ best"
    rows = [(str(measure), *map(str, cells)) for measure, *cells in comparison.itertuples()]
    columns = ("measure", *map(str, comparison.columns))
    print_table(f"{heading} ({remark})" if remark else heading, columns, rows, words=("measure",))
