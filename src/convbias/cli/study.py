"""`convbias study`: train what is missing, then report."""

from __future__ import annotations

from collections.abc import Iterable
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
from convbias.cli.sweeping import says_what_is_stored, stored_runs, train_missing
from convbias.cost import predicted_seconds
from convbias.live import duration
from convbias.store import Store
from convbias.study import Study
from convbias.sweep import cores


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
    store = Store(runs)
    if plan:
        _print_plan(chosen, store, jobs)
        return 0
    folder = out or Path("report") / chosen.name
    check_data(chosen.dataset)
    check_writable(folder)
    results().print(
        f"Study {chosen.name}, {chosen.dataset}\n  cost:   {chosen.cost}\n"
        f"  expect: {chosen.expect}",
        soft_wrap=True,
    )
    planned = chosen.planned()
    with says_what_is_stored(planned, store):
        complete = train_missing(planned, store, jobs)
        # Imported here, because training need not wait for what draws the figures.
        from convbias.cli.report import report_stored

        report_stored(profile, chosen, store, folder)
    return 0 if complete else 1


def _print_plan(chosen: Study, store: Store, jobs: int | None) -> None:
    planned = chosen.planned()
    runs, absent, damaged = stored_runs(planned, store)
    seeds_stored: dict[str, list[int]] = {}
    for run in runs:
        seeds_stored.setdefault(run.arm_hash, []).append(run.seed)
    seeds_missing: dict[str, list[int]] = {}
    for arm, seed in absent:
        seeds_missing.setdefault(arm.hash, []).append(seed)
    rows = [
        (
            arm.name,
            arm.hash,
            str(len(chosen.seeds)),
            _listing(seeds_stored.get(arm.hash, ())),
            _listing(seeds_missing.get(arm.hash, ())),
        )
        for arm in dict.fromkeys(arm for arm, _ in planned)
    ]
    columns = ("arm", "hash", "planned", "seeds stored", "seeds missing")
    title = f"Study {chosen.name}, {chosen.dataset}: plan"
    print_table(title, columns, rows, words=("arm", "hash", "seeds stored", "seeds missing"))
    unreadable = f" ({len(damaged)} of them damaged)" if damaged else ""
    results().print(
        f"{len(planned)} runs planned, {len(runs)} stored in {store.folder},"
        f" {len(absent)} missing{unreadable}"
    )
    if absent:
        processes = min(jobs or cores(), len(absent))
        results().print(
            f"Training them will take about {duration(predicted_seconds(absent, jobs))} here, in"
            f" {processes} {'process' if processes == 1 else 'processes'}."
        )


def _listing(seeds: Iterable[int]) -> str:
    return " ".join(map(str, seeds)) or "none"
