"""`convbias experiment`: train, measure and report one experiment of a study."""

from __future__ import annotations

from pathlib import Path

from convbias.cli.choices import NO_OWN, RUNS, DatasetChoice, Jobs, OwnImages, Seeds, choose_study
from convbias.cli.engines import LOCAL, NO_FLAGS, SlurmFlags, choose_engine
from convbias.cli.study import print_plan, train_and_report
from convbias.experiments import check_experiment, experiment_of
from convbias.runs.store import Store


def experiment(
    name: str,
    /,
    *,
    profile: str = "quick",
    dataset: DatasetChoice | None = None,
    own: OwnImages = NO_OWN,
    seeds: Seeds = None,
    runs: Path = RUNS,
    out: Path | None = None,
    jobs: Jobs = None,
    on: str = LOCAL,
    slurm: SlurmFlags = NO_FLAGS,
    plan: bool = False,
) -> int:
    """Train and measure the runs that an experiment lacks, then write its report.

    Example: `convbias experiment permutation --profile quick`

    Args:
        name: The experiment's name.
        profile: Name of a profile, or path of a TOML file of the same form; sets the scale.
        dataset: Replaces the profile's data set, as for `convbias study`.
        own: Your own images instead.
        seeds: Replace the profile's seeds.
        runs: Folder of stored runs.
        out: Folder for the report; default report/PROFILE/NAME.
        jobs: Number of processes; default one per core.
        on: Where to train, as for `convbias study`.
        slurm: Options of Slurm.
        plan: Only print which runs are planned, stored and missing, and the predicted time.
    """
    check_experiment(name)
    chosen = choose_study(profile, dataset, seeds, own).of_experiment(name)
    experiment_of(name, chosen.dataset)  # raises where the data set does not allow it
    engine = choose_engine(on, slurm)
    if plan:
        print_plan(chosen, Store(runs), jobs, engine)
        return 0
    folder = out or Path("report") / chosen.name / name
    command = ["experiment", name, "--profile", profile]
    return train_and_report(command, chosen, Store(runs), folder, jobs, engine)
