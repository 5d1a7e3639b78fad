"""`convbias experiment`: one experiment of a study, trained, measured and reported."""

from __future__ import annotations

from pathlib import Path

from convbias.cli.choices import RUNS, DatasetChoice, Jobs, Seeds, choose_study
from convbias.cli.study import print_plan, train_and_report
from convbias.errors import InputError, did_you_mean
from convbias.experiments import EXPERIMENTS
from convbias.runs.store import Store


def experiment(
    name: str,
    /,
    *,
    profile: str = "quick",
    dataset: DatasetChoice | None = None,
    seeds: Seeds = None,
    runs: Path = RUNS,
    out: Path | None = None,
    jobs: Jobs = None,
    plan: bool = False,
) -> int:
    """Train and measure what one experiment lacks, then report what was found.

    Example: `convbias experiment permutation --profile quick`

    Args:
        name: Of the experiment.
        profile: How large: name of a profile, or path of a TOML file of the same form.
        dataset: Instead of the profile's, as for `convbias study`.
        seeds: Instead of the profile's.
        runs: Folder of stored runs.
        out: Folder for the report; report/PROFILE/NAME when absent.
        jobs: How many processes; one per core when absent.
        plan: Only print which runs are planned, stored and missing, and how long these will take.
    """
    if name not in EXPERIMENTS:
        raise InputError(
            f"there is no experiment {name!r}",
            f"one of {', '.join(EXPERIMENTS)}",
            did_you_mean(name, EXPERIMENTS),
        )
    chosen = choose_study(profile, dataset, seeds).of_experiment(name)
    if plan:
        print_plan(chosen, Store(runs), jobs)
        return 0
    folder = out or Path("report") / chosen.name / name
    command = ["experiment", name, "--profile", profile]
    return train_and_report(command, chosen, Store(runs), folder, jobs)
