"""`convbias tune`: search for learning rates."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from convbias.cli.choices import NO_OWN, DatasetChoice, Jobs, OwnImages, choose_images
from convbias.cli.console import percent, print_table, results
from convbias.cli.engines import LOCAL, NO_FLAGS, SlurmFlags, choose_engine
from convbias.cli.live import duration
from convbias.cli.observer import ConsoleObserver
from convbias.experiments.studies import load_study
from convbias.experiments.tuning import next_runs, search, settings_of, write_rates
from convbias.runs.atomic import check_writable
from convbias.runs.cost import predicted_seconds
from convbias.runs.engines.base import Engine
from convbias.runs.store import Store
from convbias.spec.rates import SearchedSetting, Setting, own_rates, own_rates_path


def tune(
    profile: str = "quick",
    /,
    *,
    dataset: DatasetChoice | None = None,
    own: OwnImages = NO_OWN,
    write: bool = False,
    plan: bool = False,
    runs: Path = Path("runs/tuning"),
    jobs: Jobs = None,
    on: str = LOCAL,
    slurm: SlurmFlags = NO_FLAGS,
) -> int:
    """Search the learning rates of a study, on validation images; no test image is used.

    Every network is searched on exactly the images and for the length at which the study trains it.
    It can be interrupted at any time: finished runs are stored, and the same command continues.

    Example: `convbias tune quick --plan`

    Args:
        profile: Name of a profile, or path of a TOML file of the same form.
        dataset: Replaces the profile's data set; auto falls back to generated garments when
            Fashion-MNIST is unavailable.
        own: Your own images instead.
        write: Store the best rates in your own folder, from which studies take them.
        plan: Only print how many settings are searched, which runs are missing for the first
            rounds, and the predicted time.
        runs: Folder of the search's runs.
        jobs: Number of processes; default one per core.
        on: Where to train, as for `convbias study`.
        slurm: Options of Slurm.
    """
    path = own_rates_path()
    if write:
        check_writable(
            path.parent, "make it a writable folder; without --write, rates are only printed"
        )
    study = load_study(profile)
    settings = settings_of(study.on(choose_images(dataset, own, study.dataset)))
    store = Store(runs)
    engine = choose_engine(on, slurm)
    if plan:
        _print_plan(settings, store, jobs, engine)
        return 0
    found = search(
        list(settings), store, jobs, lambda planned: ConsoleObserver(planned, store), engine
    )
    _print_search(found, settings)
    if write:
        kept = {**own_rates(), **{each.setting: each for each in found}}
        write_rates(kept.values(), path)
        results().print(f"wrote {path}", soft_wrap=True)
    return 0


def _print_plan(
    settings: Iterable[Setting], store: Store, jobs: int | None, engine: Engine
) -> None:
    settings = list(settings)
    planned = next_runs(settings, store)
    count = engine.processes(len(planned), jobs) if planned else 0
    seconds = predicted_seconds(planned, count)
    results().print(
        f"{len(settings)} settings; {len(planned)} runs are missing for their next rounds, about"
        f" {duration(seconds)} here. Rates beyond the first five, and more seeds where two rates"
        " are close, take up to half as long again."
        if planned
        else f"{len(settings)} settings; all were searched.",
        soft_wrap=True,
    )


def _print_search(found: Iterable[SearchedSetting], names: dict[Setting, str]) -> None:
    rows = [
        (
            names[each.setting],
            f"{tried.learning_rate:g}",
            str(len(tried.seeds)),
            str(tried.diverged),
            percent(tried.accuracy),
            "★" if tried.learning_rate == each.learning_rate else "",
        )
        for each in found
        for tried in each.search
    ]
    columns = ("setting", "learning rate", "runs", "diverged", "validation accuracy", "best")
    print_table("Learning rate search on validation images", columns, rows, ("setting",))
