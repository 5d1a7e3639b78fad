"""Train what is missing, with progress, and say what came of it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager

from rich.progress import Progress

from convbias.cli.choices import check_data, check_writable
from convbias.cli.console import messages, results
from convbias.cli.live import LiveProgress
from convbias.errors import ConvbiasError
from convbias.experiments import EXPERIMENTS
from convbias.findings.results import collect
from convbias.runs.atomic import write_atomically
from convbias.runs.measuring import Wanted, measure_all, missing_measurements
from convbias.runs.record import Run
from convbias.runs.store import DamagedRunError, Store
from convbias.runs.sweep import Failure, Planned, missing, processes_for, sweep
from convbias.spec.datasets import DatasetName
from convbias.spec.study import Study


def train_missing(planned: Sequence[Planned], store: Store, jobs: int | None) -> bool:
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
        _report_failure(failure, store)
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
    wanted: dict[Wanted, None] = {}
    for name in chosen.experiments:
        collected = collect(chosen, EXPERIMENTS[name], store)
        measures = collected.experiment.measures
        found = missing_measurements(collected.runs, measures, store)
        wanted |= dict.fromkeys(found.wanted)
        if found.without_network:
            messages().print(
                f"{len(found.without_network)} runs of {name} cannot be measured, because their"
                f" networks are not stored: {', '.join(found.without_network)}",
                style="yellow",
                soft_wrap=True,
            )
    if not wanted:
        return True
    results().print(f"{len(wanted)} measures to take of stored networks")
    with Progress(console=results()) as bar:
        task = bar.add_task("measuring", total=len(wanted))
        failures = measure_all(
            list(wanted), store, jobs, lambda taken: bar.update(task, completed=taken)
        )
    for failure in failures:
        _report_failure(failure, store)
    return not failures


def _report_failure(failure: Failure, store: Store) -> None:
    """Say which run failed; the whole account goes into a file for whoever fixes it."""
    path = store.folder / "failures" / f"{failure.arm_name}-seed{failure.seed}.txt"
    write_atomically(path, lambda file: file.write_text(failure.message, encoding="utf-8"))
    reason = failure.message.strip().splitlines()[-1]
    messages().print(
        f"the run {failure.arm_name} seed {failure.seed} failed: {reason}\n"
        f"  the whole account is in {path}",
        style="red",
        soft_wrap=True,
    )


@contextmanager
def says_what_is_stored(planned: Sequence[Planned], store: Store) -> Iterator[None]:
    """On Ctrl-C, say how much of the work is safe."""
    try:
        yield
    except KeyboardInterrupt:
        stored = sum(store.path(arm, seed).exists() for arm, seed in planned)
        messages().print(f"{stored} of {len(planned)} runs are stored in {store.folder}.")
        raise


def stored_runs(
    planned: Sequence[Planned], store: Store
) -> tuple[list[Run], list[Planned], list[DamagedRunError]]:
    """Read what is there of the planned runs; nothing is moved or changed.

    Returns:
        The stored runs in the order of the plan, the planned runs that are not stored or cannot
        be read, and why those cannot.
    """
    runs: list[Run] = []
    absent: list[Planned] = []
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
            text = f"{run.arm_name} seed {run.seed} diverged: {run.reason}"
            messages().print(text, style="yellow", soft_wrap=True)


def print_damaged(errors: Iterable[ConvbiasError]) -> None:
    """Name the runs that cannot be read."""
    for error in errors:
        messages().print(error.what, style="red", soft_wrap=True)
