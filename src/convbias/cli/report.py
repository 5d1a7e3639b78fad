"""`convbias report`: rebuild a study's report from its stored runs."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from convbias import data
from convbias.cli.choices import RUNS, DatasetChoice, Seeds, check_writable, choose_study
from convbias.cli.console import messages, print_table, results
from convbias.cli.sweeping import print_damaged, print_diverged, stored_runs
from convbias.errors import InputError
from convbias.experiments import EXPERIMENTS
from convbias.figures import data_remark
from convbias.report import comparison_table, write_report
from convbias.run import run_key
from convbias.store import Store, table, write_atomically
from convbias.study import Study
from convbias.sweep import Planned


def report(
    profile: str = "quick",
    /,
    *,
    dataset: DatasetChoice | None = None,
    seeds: Seeds = None,
    runs: Path = RUNS,
    out: Path | None = None,
) -> None:
    """Rebuild a study's report from its stored runs; nothing is trained.

    Example: `convbias report quick --runs results`

    Args:
        profile: Name of a profile, or path of a TOML file of the same form.
        dataset: As for `convbias study`.
        seeds: Instead of the profile's.
        runs: Folder of stored runs.
        out: Folder for the report; report/PROFILE when absent.
    """
    chosen = choose_study(profile, dataset, seeds)
    folder = out or Path("report") / chosen.name
    report_stored(profile, chosen, Store(runs), folder)


def report_stored(profile: str, chosen: Study, store: Store, folder: Path) -> None:
    """Write the report of what is stored of a study, and print its comparison.

    Args:
        profile: What the command line called it.
        chosen: The study.
        store: Where its runs are.
        folder: Receives the report and `table.csv`, one row per run in the order of the plan.

    Raises:
        InputError: No run of the study is stored.
        StorageError: The folder is not writable or the disk is full.
    """
    planned = chosen.planned()
    stored, absent, damaged = stored_runs(planned, store)
    print_damaged(damaged)
    if not stored:
        raise InputError(
            f"none of the {len(planned)} runs of the study {chosen.name}, {chosen.dataset}, is"
            f" stored in {store.folder}",
            "at least one stored run",
            f"train them with `{training_command(profile, chosen, store)}`, or name the folder that"
            " holds them with --runs",
        )
    if absent:
        _name_absent(absent, profile, chosen, store)
    print_diverged(stored)
    check_writable(folder)
    rows = table(stored)
    write_atomically(
        folder / "table.csv", lambda file: rows.to_csv(file, index=False, lineterminator="\n")
    )
    dataset = data.load(chosen.dataset)
    for name in chosen.experiments:
        experiment = EXPERIMENTS[name]
        target = folder if len(chosen.experiments) == 1 else folder / name
        path = write_report(chosen.name, experiment, stored, dataset, target)
        remark = data_remark(stored[0].arm.data)
        _print_comparison(experiment.title, comparison_table(experiment, stored), remark)
        results().print(f"Report: {path}", soft_wrap=True)


def training_command(profile: str, chosen: Study, store: Store) -> str:
    """What trains the runs that a study lacks."""
    seeds = [str(seed) for seed in chosen.seeds]
    command = ["convbias", "study", profile, "--dataset", chosen.dataset, "--seeds", *seeds]
    return shlex.join([*command, "--runs", str(store.folder)])


def _name_absent(absent: Sequence[Planned], profile: str, chosen: Study, store: Store) -> None:
    names = ", ".join(f"{arm.name} seed {seed} ({run_key(arm, seed)})" for arm, seed in absent)
    messages().print(
        f"{len(absent)} of {len(chosen.planned())} runs are missing: {names}\n"
        f"  to train them: {training_command(profile, chosen, store)}",
        style="yellow",
        soft_wrap=True,
    )


def _print_comparison(title: str, comparison: pd.DataFrame, remark: str | None) -> None:
    heading = f"{title}: mean over seeds [95 % interval], ★ best"
    rows = [(str(measure), *map(str, cells)) for measure, *cells in comparison.itertuples()]
    columns = ("measure", *map(str, comparison.columns))
    print_table(f"{heading} ({remark})" if remark else heading, columns, rows, words=("measure",))
