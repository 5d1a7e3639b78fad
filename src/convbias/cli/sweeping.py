"""Train what is missing, with progress, and say what came of it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from rich.progress import Progress

from convbias.cli.choices import check_data, check_writable
from convbias.cli.console import messages, results
from convbias.cli.live import LiveProgress
from convbias.errors import ConvbiasError
from convbias.experiments import EXPERIMENTS
from convbias.findings.results import collect
from convbias.runs.atomic import write_atomically
from convbias.runs.measure_networks import (
    FailedMeasurement,
    PlannedMeasurement,
    measure_all,
    missing_measurements,
)
from convbias.runs.record import Run, run_key
from convbias.runs.store import DamagedRunError, Store
from convbias.runs.sweep import FailedRun, missing, processes_for, sweep
from convbias.spec.datasets import DatasetName
from convbias.spec.study import PlannedRun, Study


def train_missing(planned: Sequence[PlannedRun], store: Store, jobs: int | None) -> bool:
    """Train every planned run that is not stored.

    Args:
        planned: Arms and seeds.
        store: Where finished runs are, and where they go.
        jobs: How many processes; one per core by default.

    Returns:
        Whether all of them are stored now.

    Raises:
        InputError: The runs cannot be trained or stored as asked.
        RunError: Processes died again and again.
    """
    datasets: set[DatasetName] = {arm.data.dataset for arm, _ in planned}
    for name in datasets:
        check_data(name)
    check_writable(store.folder)
    wanted, quarantined = missing(planned, store)
    for one in quarantined:
        text = f"{one.error.what}; moved to {one.moved_to}, to be trained anew"
        messages().print(text, style="yellow", soft_wrap=True)
    stored = len(planned) - len(wanted)
    if not wanted:
        results().print(f"All {len(planned)} runs are stored in {store.folder}; nothing to train.")
        return True
    jobs = processes_for(wanted, jobs)
    results().print(
        f"{len(planned)} runs planned, {stored} stored in {store.folder}, {len(wanted)} to train"
        f" in {jobs} {'process' if jobs == 1 else 'processes'}"
    )
    known_by_key = {store.path(arm, seed).stem: store.path(arm, seed) for arm, seed in wanted}
    with LiveProgress(results(), wanted, jobs, lambda key: known_by_key[key].exists()) as live:
        outcome = sweep(wanted, store, jobs, live)
    for failure in outcome.failures:
        _report_failed_run(failure, store)
    return not outcome.failures


def measure_missing(chosen: Study, store: Store, jobs: int | None) -> bool:
    """Measure the networks of a study's finished runs, where that is not stored.

    Args:
        chosen: The study; its experiments say what is measured.
        store: Where runs and networks are, and where measurements go.
        jobs: How many processes; one per core by default.

    Returns:
        Whether no measure failed.
    """
    planned: dict[PlannedMeasurement, None] = {}
    for name in chosen.experiments:
        collected = collect(chosen, EXPERIMENTS[name], store)
        measures = collected.experiment.measures
        found = missing_measurements(collected.runs, measures, store)
        planned |= dict.fromkeys(found.planned)
        if found.without_network:
            messages().print(
                f"{len(found.without_network)} runs of {name} cannot be measured, because their"
                f" networks are not stored: {', '.join(found.without_network)}",
                style="yellow",
                soft_wrap=True,
            )
    if not planned:
        return True
    results().print(f"{len(planned)} measures to take of stored networks")
    with Progress(console=results()) as bar:
        task = bar.add_task("measuring", total=len(planned))
        failures = measure_all(
            list(planned), store, jobs, lambda done: bar.update(task, completed=done)
        )
    for failure in failures:
        _report_failed_measurement(failure, store)
    return not failures


def _report_failed_run(failed: FailedRun, store: Store) -> None:
    key = run_key(failed.arm, failed.seed)
    what = f"the run {failed.arm.model.name} seed {failed.seed}"
    _report(what, failed.traceback, store.folder / "failures" / f"{key}.txt")


def _report_failed_measurement(failed: FailedMeasurement, store: Store) -> None:
    what = f"the measure {failed.measure} of the run {failed.run_key}"
    file = store.folder / "failures" / f"{failed.run_key}-{failed.measure}.txt"
    _report(what, failed.traceback, file)


def _report(what: str, traceback: str, path: Path) -> None:
    """Say what failed and why, and write the traceback into a file."""
    write_atomically(path, lambda file: file.write_text(traceback, encoding="utf-8"))
    messages().print(
        f"{what} failed: {traceback.strip().splitlines()[-1]}\n  the traceback is in {path}",
        style="red",
        soft_wrap=True,
    )


@contextmanager
def says_what_is_stored(planned: Sequence[PlannedRun], store: Store) -> Iterator[None]:
    """On Ctrl-C, say how much of the work is safe."""
    try:
        yield
    except KeyboardInterrupt:
        stored = sum(store.path(arm, seed).exists() for arm, seed in planned)
        messages().print(f"{stored} of {len(planned)} runs are stored in {store.folder}.")
        raise


def stored_runs(
    planned: Sequence[PlannedRun], store: Store
) -> tuple[list[Run], list[PlannedRun], list[DamagedRunError]]:
    """Read what is there of the planned runs; nothing is moved or changed.

    Returns:
        The stored runs in the order of the plan, the planned runs that are not stored or cannot
        be read, and why those cannot.
    """
    runs: list[Run] = []
    absent: list[PlannedRun] = []
    damaged: list[DamagedRunError] = []
    for arm, seed in planned:
        run = None
        try:
            run = store.read(arm, seed)
        except DamagedRunError as error:
            damaged.append(error)
        if run is None:
            absent.append((arm, seed))
        else:
            runs.append(run)
    return runs, absent, damaged


def print_diverged(runs: Iterable[Run]) -> None:
    """Name the runs that diverged, with their reasons."""
    for run in runs:
        if run.status == "diverged":
            text = f"{run.arm.model.name} seed {run.seed} diverged: {run.reason}"
            messages().print(text, style="yellow", soft_wrap=True)


def print_damaged(errors: Iterable[ConvbiasError]) -> None:
    """Name the runs that cannot be read."""
    for error in errors:
        messages().print(error.what, style="red", soft_wrap=True)
