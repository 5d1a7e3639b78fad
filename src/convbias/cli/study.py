"""`convbias study`: train what is missing, then report."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path

from convbias.cli.choices import (
    RUNS,
    DatasetChoice,
    Jobs,
    Seeds,
    check_data,
    check_writable,
    choose_study,
)
from convbias.cli.console import print_table, results
from convbias.cli.live import duration
from convbias.cli.sweeping import (
    measure_missing,
    says_what_is_stored,
    stored_runs,
    train_missing,
)
from convbias.experiments import EXPERIMENTS
from convbias.experiments.studies import planned_runs
from convbias.runs.cost import predicted_measurement_seconds, predicted_seconds
from convbias.runs.measure_networks import PlannedMeasurement, missing_measurements
from convbias.runs.record import Run
from convbias.runs.store import Store
from convbias.runs.sweep import cores, has_accelerator
from convbias.spec.arms import Arm
from convbias.spec.study import PlannedRun, Study


def study(
    profile: str = "quick",
    /,
    *,
    dataset: DatasetChoice | None = None,
    seeds: Seeds = None,
    runs: Path = RUNS,
    out: Path | None = None,
    jobs: Jobs = None,
    plan: bool = False,
) -> int:
    """Train what a study lacks, then report what was found.

    Interrupt it when you like: finished runs are stored, and the same command goes on.

    Example: `convbias study quick --seeds 0 1 2`

    Args:
        profile: Name of a profile, or path of a TOML file of the same form.
        dataset: Instead of the profile's; auto takes the drawn garments where Fashion-MNIST is
            neither found nor to be downloaded.
        seeds: Instead of the profile's.
        runs: Folder of stored runs.
        out: Folder for the report; report/PROFILE when absent.
        jobs: How many processes; one per core when absent.
        plan: Only print which runs are planned, stored and missing, and how long these will take.
    """
    chosen = choose_study(profile, dataset, seeds)
    if plan:
        print_plan(chosen, Store(runs), jobs)
        return 0
    folder = out or Path("report") / chosen.name
    return train_and_report(["study", profile], chosen, Store(runs), folder, jobs)


def train_and_report(
    command: Sequence[str], chosen: Study, store: Store, folder: Path, jobs: int | None
) -> int:
    """Train and measure what a study lacks, then report.

    Args:
        command: What the command line calls it, without options.
        chosen: The study.
        store: Of its runs.
        folder: For the report.
        jobs: How many processes; one per core by default.

    Returns:
        The exit status: 1 where a run or a measure failed.
    """
    check_data(chosen.dataset)
    check_writable(folder)
    results().print(
        f"Study {chosen.name}, {chosen.dataset}\n  cost:   {chosen.cost}\n"
        f"  expect: {chosen.expect}",
        soft_wrap=True,
    )
    planned = planned_runs(chosen)
    with says_what_is_stored(planned, store):
        complete = train_missing(planned, store, jobs)
        complete = measure_missing(chosen, store, jobs) and complete
        # Imported here, because training need not wait for what draws the figures.
        from convbias.cli.report import report_stored

        report_stored(command, chosen, store, folder)
    return 0 if complete else 1


def print_plan(chosen: Study, store: Store, jobs: int | None) -> None:
    """Print which runs are planned, stored and missing, and how long these will take."""
    planned = planned_runs(chosen)
    runs, absent, damaged = stored_runs(planned, store)
    seeds_stored: dict[str, list[int]] = {}
    for run in runs:
        seeds_stored.setdefault(run.arm_hash, []).append(run.seed)
    seeds_missing: dict[str, list[int]] = {}
    for arm, seed in absent:
        seeds_missing.setdefault(arm.hash, []).append(seed)
    names: dict[Arm, list[str]] = {}
    for experiment in chosen.experiments:
        for name, arm in chosen.arms(EXPERIMENTS[experiment]).items():
            names.setdefault(arm, []).append(f"{experiment}: {name}")
    counts = Counter(arm for arm, _ in planned)
    rows = [
        (
            "\n".join(names[arm]),
            arm.hash,
            str(counts[arm]),
            _listing(seeds_stored.get(arm.hash, ())),
            _listing(seeds_missing.get(arm.hash, ())),
        )
        for arm in counts
    ]
    columns = ("arm", "hash", "planned", "seeds stored", "seeds missing")
    title = f"Study {chosen.name}, {chosen.dataset}: plan"
    print_table(title, columns, rows, words=("arm", "hash", "seeds stored", "seeds missing"))
    unreadable = f" ({len(damaged)} of them damaged)" if damaged else ""
    results().print(
        f"{len(planned)} runs planned, {len(runs)} stored in {store.folder},"
        f" {len(absent)} missing{unreadable}"
    )
    if absent and has_accelerator():
        results().print(
            "Training them would take about"
            f" {duration(predicted_seconds(absent, jobs))} on this machine's processor; what its"
            " accelerator takes is not predicted."
        )
    elif absent:
        processes = min(jobs or cores(), len(absent))
        results().print(
            f"Training them will take about {duration(predicted_seconds(absent, jobs))} here, in"
            f" {processes} {'process' if processes == 1 else 'processes'}."
        )
    measures = _measures_to_take(chosen, runs, absent, store)
    if measures:
        results().print(
            f"{len(measures)} measures of networks will take about"
            f" {duration(predicted_measurement_seconds(measures, jobs))}."
        )


def _measures_to_take(
    chosen: Study, runs: Sequence[Run], absent: Sequence[PlannedRun], store: Store
) -> list[PlannedMeasurement]:
    """What will be measured: of stored networks what is missing, of those to come everything."""
    measures: dict[PlannedMeasurement, None] = {}
    for name in chosen.experiments:
        wanted = EXPERIMENTS[name].measures
        hashes = {arm.hash for arm in chosen.arms(EXPERIMENTS[name]).values()}
        stored = [run for run in runs if run.arm_hash in hashes]
        measures |= dict.fromkeys(missing_measurements(stored, wanted, store).planned)
        to_come = [planned for planned in absent if planned[0].hash in hashes]
        measures |= dict.fromkeys((*planned, each) for planned in to_come for each in wanted)
    return list(measures)


def _listing(seeds: Iterable[int]) -> str:
    return " ".join(map(str, seeds)) or "none"
