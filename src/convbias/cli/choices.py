"""From what was written on the command line to what is going to be done."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Literal

from cyclopts import Parameter, validators

from convbias import data
from convbias.cli.console import print_panel
from convbias.errors import StorageError
from convbias.experiments.studies import load_study
from convbias.runs.store import Store
from convbias.spec.datasets import DatasetName
from convbias.spec.seeds import check_seeds
from convbias.spec.study import Study

DatasetChoice = Literal["auto", "fashion-mnist", "drawn"]
Seeds = Annotated[tuple[int, ...] | None, Parameter(consume_multiple=True)]
Jobs = Annotated[int | None, Parameter(validator=validators.Number(gte=1))]

RUNS = Path("runs")


def choose_study(
    profile: str, dataset: DatasetChoice | None, seeds: Sequence[int] | None = None
) -> Study:
    """Read a profile and put in what the command line says differently.

    Args:
        profile: Name or path of a profile.
        dataset: Instead of the profile's; only `auto` ever gives way to the drawn garments.
        seeds: Instead of the profile's.

    Raises:
        InputError: There is no such profile, it is not valid, or the seeds are not.
    """
    study = load_study(profile)
    if seeds is not None:
        check_seeds(seeds)
        study = study.with_seeds(tuple(seeds))
    return study.on(choose_dataset(dataset or study.dataset))


def choose_profile(profile: str | None, runs: Path) -> str:
    """The profile that is meant.

    Args:
        profile: Name or path of a profile, or None.
        runs: Folder of stored runs, or of published studies.

    Returns:
        Where none is named: the one study that is published in the folder, or else `quick`.
    """
    published = _published(runs)
    if profile is None and len(published) == 1:
        return published[0].name
    return profile or "quick"


def _published(folder: Path) -> list[Path]:
    """The studies that are published in a folder."""
    return sorted(path.parent for path in folder.glob("*/runs") if path.is_dir())


def choose_dataset(choice: DatasetChoice) -> DatasetName:
    """Resolve `auto`, and say in a panel where it had to give way."""
    name, absent = data.resolve(choice)
    if absent is not None:
        print_panel(
            "Fashion-MNIST is not to be had, so everything here runs on the drawn garments.\n"
            "They are made up, and say nothing about Fashion-MNIST; every table and figure is\n"
            f'marked "drawn".\n\n{absent}',
            title="Drawn garments, not Fashion-MNIST",
        )
    return name


def choose_store(folder: Path, study: Study | None = None) -> Store:
    """Where stored runs are read from.

    Args:
        folder: Of runs, of one published study, or of all published studies, like `results/`.
        study: Whose runs; those of the one published study when absent.
    """
    published = [folder / study.name] if study else _published(folder)
    inner = [folder, *published] if len(published) == 1 else [folder]
    candidates = [Store(folder), *(Store(each / "runs") for each in inner)]
    return next((store for store in candidates if store.paths()), candidates[0])


def check_data(name: DatasetName) -> None:
    """Make sure that the images are there, before many processes look for them at once.

    Raises:
        DataError: They are missing, unreadable or damaged, and cannot be downloaded.
    """
    if name == "fashion-mnist":
        data.fetch(name)


def check_writable(folder: Path) -> None:
    """Make sure that results can be put into a folder, before they are computed.

    Raises:
        StorageError: They cannot.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise StorageError(
            f"{folder} cannot be written to: {error.strerror or error}",
            "a writable folder",
            "choose another folder with --runs or --out",
        ) from error
