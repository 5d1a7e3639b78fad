"""`convbias study`: train what is missing, then report."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from convbias.cli.choices import (
    NO_OWN,
    RUNS,
    AtMost,
    DatasetChoice,
    Jobs,
    OwnImages,
    Seeds,
    Until,
    choose_study,
    next_look,
    plan_looks,
    until_options,
)
from convbias.cli.console import messages, percent, print_page, print_table, results
from convbias.cli.engines import LOCAL, NO_FLAGS, SlurmFlags, choose_engine
from convbias.cli.interim import contrast_name
from convbias.cli.live import duration
from convbias.cli.observer import ConsoleObserver, processes
from convbias.cli.renewal import RenewedReport
from convbias.experiments import ORIGINAL
from convbias.experiments.execution import StudyPlan, plan_study, run_study
from convbias.experiments.inputs import report_inputs
from convbias.experiments.studies import (
    FIRST,
    experiments_of,
    left_out_of,
    planned_runs,
    what_is_left_out,
)
from convbias.runs.atomic import check_folder
from convbias.runs.engines.base import Engine
from convbias.runs.engines.local import Local
from convbias.runs.missing import check_ready
from convbias.runs.store import Store
from convbias.runs.sweep import count_units
from convbias.spec.formatting import counted
from convbias.spec.study import Study

TOP_OF_PAGE = 2_000  # characters that say what a report was written from


def study(
    profile: str = FIRST,
    /,
    *,
    dataset: DatasetChoice | None = None,
    own: OwnImages = NO_OWN,
    seeds: Seeds = None,
    until: Until | None = None,
    at_most: AtMost = None,
    runs: Path = RUNS,
    out: Path | None = None,
    jobs: Jobs = None,
    on: str = LOCAL,
    slurm: SlurmFlags = NO_FLAGS,
    plan: bool = False,
) -> int:
    """Train the runs that a study lacks, then write its report.

    It can be interrupted at any time: finished runs are stored, and the same command continues.

    Example: `convbias study quick --seeds 0 1 2`

    Args:
        profile: Name of a profile, or path of a TOML file of the same form.
        dataset: Replaces the profile's data set; auto falls back to generated garments when
            Fashion-MNIST is unavailable.
        own: Your own images instead.
        seeds: Replace the profile's seeds.
        until: With decided, seeds are added until every primary contrast is decided, and verdicts
            are given at a few planned looks, over which together errors are as rare as in one test.
        at_most: Most seeds that --until decided adds up to; default 30. Choose it beforehand.
        runs: Folder of stored runs.
        out: Folder for the report; default report/PROFILE.
        jobs: Number of processes; default one per core.
        on: Where to train: local, ray (a Ray cluster on this machine, started if there is none),
            ray:HOST:PORT (one that this machine is a node of), ray://HOST:PORT (another one), or
            slurm; slurm:local rehearses that here. Figures are drawn on this machine.
        slurm: Options of Slurm.
        plan: Only print which runs are planned, stored and missing, and the predicted time.
    """
    chosen = plan_looks(choose_study(profile, dataset, seeds, own), until, at_most, seeds)
    store = Store(runs)
    engine = choose_engine(on, slurm)
    if plan:
        print_plan(next_look(chosen, store, until), store, jobs, engine)
        return 0
    folder = out or Path("report") / chosen.name
    command = ["study", profile, *until_options(chosen, until)]
    until_decided = until is not None
    return train_and_report(
        command, chosen, store, folder, jobs, engine, until_decided=until_decided
    )


def train_and_report(
    command: Sequence[str],
    chosen: Study,
    store: Store,
    folder: Path,
    jobs: int | None,
    engine: Engine,
    *,
    until_decided: bool = False,
) -> int:
    """Train and measure what a study lacks, then write its report.

    Args:
        command: the command, for messages; see `report_stored`.
        chosen: the study.
        store: where its runs are and go.
        folder: where the report goes.
        jobs: number of processes; one per core by default.
        engine: where it trains and measures.
        until_decided: whether to add seeds, look by look, until every contrast is decided.

    Returns:
        The exit code: 1 where a run or a measurement failed.
    """
    _check_allowed(chosen)
    check_ready(planned_runs(chosen), folder)
    page = folder / "report.html"
    results().print(
        f"Study {chosen.name}, {chosen.dataset}\n  cost:   {chosen.cost}\n"
        f"  expect: {chosen.expect}\n"
        f"  report: {page}, from the first seed on\n          {page.resolve().as_uri()}",
        soft_wrap=True,
    )
    _print_left_out(chosen)
    try:
        if until_decided:
            # Imported here, because SciPy takes a second to load and training needs none.
            from convbias.cli.deciding import train_until_decided

            chosen, complete = train_until_decided(
                chosen, store, lambda study: _train(study, store, folder, jobs, engine)
            )
        else:
            complete = _train(chosen, store, folder, jobs, engine)
        with ConsoleObserver(planned_runs(chosen), store):
            if _is_current(page, report_inputs(chosen, store)):
                print_page("The report was written from the same runs", page)
                return 0 if complete else 1
            # Imported here, because figure libraries take seconds to load and training needs none.
            from convbias.cli.report import report_stored

            report_stored(command, chosen, store, folder)
    except KeyboardInterrupt:
        if page.exists():
            messages().print(
                f"Report on the seeds before: {page.resolve().as_uri()}", soft_wrap=True
            )
        raise
    return 0 if complete else 1


def _check_allowed(chosen: Study) -> None:
    """Raise the reason where the data set allows none of a study's experiments."""
    if not experiments_of(chosen):
        raise next(iter(left_out_of(chosen).values()))


def _print_left_out(chosen: Study) -> None:
    for sentence in what_is_left_out(chosen):
        results().print(f"  left out: {sentence}", soft_wrap=True)


def _train(chosen: Study, store: Store, folder: Path, jobs: int | None, engine: Engine) -> bool:
    """Train and measure what a study lacks, and renew its report; whether nothing failed."""
    renewed = RenewedReport(chosen, store, folder)
    planned = planned_runs(chosen)
    with ConsoleObserver(planned, store, chosen, jobs, renewed.renew) as observer, renewed:
        return run_study(chosen, store, jobs, observer, engine).complete


def _is_current(page: Path, inputs: str) -> bool:
    """Whether a report was written from these runs by this code, as it says near its top."""
    try:
        with page.open(encoding="utf-8") as file:
            return bool(inputs) and inputs in file.read(TOP_OF_PAGE)
    except OSError:
        return False


def print_plan(chosen: Study, store: Store, jobs: int | None, engine: Engine) -> None:
    """Print which runs are planned, stored and missing, and how long these will take."""
    check_folder(store.folder)
    _check_allowed(chosen)
    plan = plan_study(chosen, store)
    _print_arms(f"Study {chosen.name}, {chosen.dataset}: plan", plan)
    _print_left_out(chosen)
    stored = plan.stored
    unreadable = f" ({len(stored.damaged)} of them damaged)" if stored.damaged else ""
    results().print(
        f"{len(stored.runs) + len(stored.absent)} runs planned, {len(stored.runs)} stored in"
        f" {store.folder}, {len(stored.absent)} missing{unreadable}"
    )
    if stored.absent:
        count = engine.processes(len(stored.absent), jobs)
        time = duration(plan.training_seconds(count))
        if engine.accelerator:
            results().print(
                f"Training them would take about {time} on this machine's processor; the time on"
                " its accelerator is not predicted."
            )
        else:
            where = "here" if isinstance(engine, Local) else "on machines like this one"
            results().print(f"Training them will take about {time} {where}, in {processes(count)}.")
        _print_engine(engine, count_units(stored.absent, engine), jobs)
    if plan.measurements:
        count = engine.processes(len(plan.measurements), jobs)
        time = duration(plan.measuring_seconds(count))
        results().print(f"{len(plan.measurements)} measurements will take about {time}.")
    _print_resolution(chosen)


def _print_engine(engine: Engine, units: int, jobs: int | None) -> None:
    """Print what would be asked of a cluster."""
    for line in engine.plan(units, jobs):
        results().print(line, soft_wrap=True)


def _print_resolution(chosen: Study) -> None:
    """Print what the original comparison can decide with the planned seeds."""
    if ORIGINAL.name not in chosen.experiments:
        return
    # Imported here, because SciPy takes a second to load and training needs none.
    from convbias.experiments.resolution import findable
    from convbias.statistics import POWER, fewest_pairs

    seeds = len(chosen.of_experiment(ORIGINAL.name).seeds)
    needed = chosen.looks[0] if chosen.looks else fewest_pairs(0.05 / len(ORIGINAL.contrasts))
    if seeds < needed:
        told = f"With {counted(seeds, 'seed')} nothing is decided: that takes {needed}"
        results().print(f"{told}." if chosen.looks else f"{told}, or --until decided.")
        return
    if not chosen.looks:
        return
    sizes = [
        f"{planned.quantity.amount(size)} ({contrast_name(planned)})"
        for planned, size in findable(chosen, ORIGINAL.name).items()
    ]
    results().print(
        f"Verdicts are given after {', '.join(map(str, chosen.looks))} seeds. With {seeds}, the"
        f" original comparison finds with {percent(POWER, 0)} probability true differences of"
        f" {', '.join(sizes)}, at the spreads of the published study.",
        soft_wrap=True,
    )


def _print_arms(title: str, plan: StudyPlan) -> None:
    rows = [
        (
            "\n".join(f"{experiment}: {condition}" for experiment, condition in each.conditions),
            each.arm.hash,
            str(len(each.stored) + len(each.missing)),
            _listing(each.stored),
            _listing(each.missing),
        )
        for each in plan.arms
    ]
    columns = ("arm", "hash", "planned", "seeds stored", "seeds missing")
    words = ("arm", "hash", "seeds stored", "seeds missing")
    print_table(title, columns, rows, words=words, whole=("hash",))


def _listing(seeds: Iterable[int]) -> str:
    return " ".join(map(str, seeds)) or "none"
