"""`convbias study`: train what is missing, then report."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from convbias.cli.choices import RUNS, DatasetChoice, Jobs, Seeds, choose_study
from convbias.cli.console import messages, print_page, print_table, results
from convbias.cli.live import duration
from convbias.cli.observer import ConsoleObserver, processes
from convbias.cli.renewal import RenewedReport
from convbias.experiments.execution import StudyPlan, plan_study, run_study
from convbias.experiments.inputs import report_inputs
from convbias.experiments.studies import planned_runs
from convbias.runs.atomic import check_folder
from convbias.runs.missing import check_ready
from convbias.runs.store import Store
from convbias.runs.sweep import cores, has_accelerator
from convbias.spec.study import Study

TOP_OF_PAGE = 2_000  # characters that say what a report was written from


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
    """Train the runs that a study lacks, then write its report.

    It can be interrupted at any time: finished runs are stored, and the same command continues.

    Example: `convbias study quick --seeds 0 1 2`

    Args:
        profile: Name of a profile, or path of a TOML file of the same form.
        dataset: Replaces the profile's data set; auto falls back to generated garments when
            Fashion-MNIST is unavailable.
        seeds: Replace the profile's seeds.
        runs: Folder of stored runs.
        out: Folder for the report; default report/PROFILE.
        jobs: Number of processes; default one per core.
        plan: Only print which runs are planned, stored and missing, and the predicted time.
    """
    chosen = choose_study(profile, dataset, seeds)
    store = Store(runs)
    if plan:
        print_plan(chosen, store, jobs)
        return 0
    folder = out or Path("report") / chosen.name
    return train_and_report(["study", profile], chosen, store, folder, jobs)


def train_and_report(
    command: Sequence[str], chosen: Study, store: Store, folder: Path, jobs: int | None
) -> int:
    """Train and measure what a study lacks, then write its report.

    Args:
        command: the command without options, for messages.
        chosen: the study.
        store: where its runs are and go.
        folder: where the report goes.
        jobs: number of processes; one per core by default.

    Returns:
        The exit code: 1 where a run or a measurement failed.
    """
    check_ready(planned_runs(chosen), folder)
    page = folder / "report.html"
    results().print(
        f"Study {chosen.name}, {chosen.dataset}\n  cost:   {chosen.cost}\n"
        f"  expect: {chosen.expect}\n"
        f"  report: {page}, from the first seed on\n          {page.resolve().as_uri()}",
        soft_wrap=True,
    )
    renewed = RenewedReport(chosen, store, folder)
    try:
        with ConsoleObserver(planned_runs(chosen), store, chosen, jobs, renewed.renew) as observer:
            with renewed:
                done = run_study(chosen, store, jobs, observer)
            if _is_current(page, report_inputs(chosen, store)):
                print_page("The report was written from the same runs", page)
                return 0 if done.complete else 1
            # Imported here, because figure libraries take seconds to load and training needs none.
            from convbias.cli.report import report_stored

            report_stored(command, chosen, store, folder)
    except KeyboardInterrupt:
        if page.exists():
            messages().print(
                f"Report on the seeds before: {page.resolve().as_uri()}", soft_wrap=True
            )
        raise
    return 0 if done.complete else 1


def _is_current(page: Path, inputs: str) -> bool:
    """Whether a report was written from these runs by this code, as it says near its top."""
    try:
        with page.open(encoding="utf-8") as file:
            return bool(inputs) and inputs in file.read(TOP_OF_PAGE)
    except OSError:
        return False


def print_plan(chosen: Study, store: Store, jobs: int | None) -> None:
    """Print which runs are planned, stored and missing, and how long these will take."""
    check_folder(store.folder)
    plan = plan_study(chosen, store)
    _print_arms(f"Study {chosen.name}, {chosen.dataset}: plan", plan)
    stored = plan.stored
    unreadable = f" ({len(stored.damaged)} of them damaged)" if stored.damaged else ""
    results().print(
        f"{len(stored.runs) + len(stored.absent)} runs planned, {len(stored.runs)} stored in"
        f" {store.folder}, {len(stored.absent)} missing{unreadable}"
    )
    if stored.absent:
        time = duration(plan.training_seconds(jobs))
        if has_accelerator():
            results().print(
                f"Training them would take about {time} on this machine's processor; the time on"
                " its accelerator is not predicted."
            )
        else:
            count = min(jobs or cores(), len(stored.absent))
            results().print(f"Training them will take about {time} here, in {processes(count)}.")
    if plan.measurements:
        time = duration(plan.measuring_seconds(jobs))
        results().print(f"{len(plan.measurements)} measurements will take about {time}.")


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
