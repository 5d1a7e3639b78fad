"""Interpret the options that several commands share."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

from cyclopts import Parameter, validators

from convbias import data
from convbias.cli.console import messages, print_panel, warn
from convbias.errors import InputError
from convbias.experiments.studies import FIRST, load_study
from convbias.experiments.studies import PUBLISHED as PUBLISHED_STUDY
from convbias.runs.atomic import check_folder
from convbias.runs.published import published_folder
from convbias.runs.store import Store
from convbias.spec.datasets import BuiltInName, DatasetName, short_name
from convbias.spec.looks import FIRST_LOOK, MOST_PAIRS, planned_looks
from convbias.spec.rates import own_rates_path
from convbias.spec.seeds import check_seeds
from convbias.spec.study import Study

# Built-in data sets by their names, which help lists; and a person's own by theirs.
DatasetChoice = Literal["auto", BuiltInName] | DatasetName
Seeds = Annotated[tuple[int, ...] | None, Parameter(consume_multiple=True)]
Jobs = Annotated[int | None, Parameter(validator=validators.Number(gte=1))]

Until = Literal["decided"]
AtMost = Annotated[int | None, Parameter(validator=validators.Number(gte=FIRST_LOOK))]

RUNS = Path("runs")
PUBLISHED = Path("published")  # the word for the studies that come with the package


@Parameter(name="*")
@dataclass(frozen=True)
class OwnImages:
    """Your own images instead of a data set by name, and how to read them.

    Args:
        data: Your own images: a folder with a subfolder per class, four IDX files in a folder, a
            .npz file, or Parquet files. Instead of --dataset.
        side: Pixels per side to which your images are brought, a multiple of 4 from 8 to 96;
            default by their sizes.
        skip_damaged: Leave out those of your files that cannot be decoded, and say how many.
        follow_links: Follow symbolic links in your folder.
        most_images: Read at most so many of your images, drawn at random.
    """

    data: Path | None = None
    side: int | None = None
    skip_damaged: bool = False
    follow_links: bool = False
    most_images: int | None = None


NO_OWN = OwnImages()


def choose_study(
    profile: str,
    dataset: DatasetChoice | None,
    seeds: Sequence[int] | None = None,
    own: OwnImages = NO_OWN,
) -> Study:
    """Read a profile and apply the command's options.

    Args:
        profile: name or path of a profile.
        dataset: replaces the profile's data set; only `auto` falls back to generated garments.
        seeds: replace the profile's seeds.
        own: replaces the profile's data set by the person's own images.

    Raises:
        InputError: There is no such profile, or it, the seeds or the images are invalid.
    """
    study = load_study(profile)
    if seeds is not None:
        check_seeds(seeds)
        study = study.with_seeds(tuple(seeds))
    say_own_rates(study.recipe, *(each.recipe for each in study.scale.values()))
    return study.on(choose_images(dataset, own, study.dataset))


def plan_looks(
    study: Study, until: Until | None, at_most: int | None, seeds: Seeds = None
) -> Study:
    """Plan a study's looks, where it is to be trained until it is decided.

    Args:
        study: the study.
        until: whether it is.
        at_most: seed pairs at the last look.
        seeds: those that the command names.

    Raises:
        InputError: The options contradict each other.
    """
    if until is None:
        if at_most is not None:
            raise InputError(
                "--at-most without --until decided",
                "both, or neither",
                "add --until decided, or name the seeds with --seeds",
            )
        return study
    if seeds is not None:
        raise InputError(
            "--until decided and --seeds together",
            "one of them: the first adds seeds as they are needed",
            "leave one of the two out",
        )
    if at_most is None and study.looks:
        return study  # its own plan
    return study.model_copy(update={"looks": planned_looks(at_most or MOST_PAIRS)})


def next_look(study: Study, store: Store, until: Until | None) -> Study:
    """A study with the seeds of its next look, or of its last one where it is decided.

    Args:
        study: from `plan_looks`.
        store: where its runs are.
        until: the study itself is returned where it is None.
    """
    if until is None:
        return study
    # Imported here, because SciPy takes a second to load and most commands need none.
    from convbias.experiments.deciding import decide

    return decide(study, store).study


def until_options(study: Study, until: Until | None) -> list[str]:
    """The options with which a command trains a study up to the same looks."""
    return ["--until", until, "--at-most", str(study.looks[-1])] if until else []


def say_own_rates(*recipes: str | None) -> None:
    """Say that searched learning rates are the user's own, where there are such.

    Args:
        *recipes: names of recipes; `classic` has a fixed rate.
    """
    path = own_rates_path()
    if path.exists() and not {None, "classic"}.issuperset(recipes):
        messages().print(
            f"Learning rates are read from {path}, where it has the setting; without that file,"
            " they are those of the published study.",
            soft_wrap=True,
        )


def choose_profile(profile: str | None, runs: Path) -> str:
    """The default profile where none is named.

    Args:
        profile: name or path of a profile, or None.
        runs: as for `choose_store`.

    Returns:
        The named profile; else the study that is published in the folder, of several the one on
        Fashion-MNIST; else `first`.
    """
    published = _main_study(published_folder() if _is_published(runs) else runs)
    return profile or (published.name if published else FIRST)


def register_datasets(runs: Path) -> None:
    """Make the data sets of stored runs known, whether or not their images are here.

    Args:
        runs: as for `choose_store`.
    """
    folder = published_folder() if _is_published(runs) else runs
    for each in (folder, folder / "runs", *(study / "runs" for study in _published(folder))):
        Store(each).register_datasets()


def _published(folder: Path) -> list[Path]:
    """The folders of the studies published in a folder."""
    return sorted(path.parent for path in folder.glob("*/runs") if path.is_dir())


def _main_study(folder: Path) -> Path | None:
    """The folder of the study that is meant where none is named; None where that is unclear."""
    published = _published(folder)
    if len(published) == 1:
        return published[0]
    return next((each for each in published if each.name == PUBLISHED_STUDY), None)


def choose_images(
    dataset: DatasetChoice | None, own: OwnImages, default: DatasetName
) -> DatasetName:
    """The data set that a command names: by its name, or by the path of a person's own images.

    Args:
        dataset: the option --dataset.
        own: the option --data and those that belong to it.
        default: the data set where neither is given.

    Raises:
        InputError: Both are given, or the data set cannot be read.
    """
    if own.data is None:
        if own != NO_OWN:
            raise InputError(
                "--side, --skip-damaged, --follow-links and --most-images say how your own images"
                " are read, and --data names none",
                "--data with the path of your images",
                "add --data, or leave the other options out",
            )
        return choose_dataset(dataset or default)
    if dataset is not None:
        raise InputError(
            "--data and --dataset together",
            "one of them: your own images, or a data set by its name",
            "leave one of the two out",
        )
    return read_images(own, own.data)


def read_images(own: OwnImages, path: Path) -> DatasetName:
    """Read a person's own images, or find them in the cache, and say what they are."""
    # Imported here, because most commands need no decoder.
    from convbias.data.own import ReadingOptions, read_own, reading_of

    options = ReadingOptions(own.side, own.skip_damaged, own.follow_links, own.most_images)
    dataset = read_own(path, options)
    reading = reading_of(dataset.name)
    colours = "grey" if dataset.channels == 1 else "colour"
    messages().print(
        f"{dataset.title}: {len(dataset.train_images):,} training and {len(dataset.test_images):,}"
        f" test images of {dataset.side} x {dataset.side} pixels, {colours},"
        f" {len(dataset.class_names):,} classes; its name is {dataset.name}",
        soft_wrap=True,
    )
    for change, count in sorted(reading.changes.items()):
        messages().print(f"  {count:,} {change}", soft_wrap=True)
    for remark in reading.remarks:
        warn(f"  {remark}")
    if reading.skipped:
        warn(f"  damaged and left out: {named(list(reading.skipped))}")
    return dataset.name


def named(names: Sequence[str]) -> str:
    """A count of things, and the names of the first five.

    Example:
        >>> named(["a", "b"]), named("abcdefgh")
        ('2 (a, b)', '8 (a, b, c, d, e and 3 more)')
    """
    more = f" and {len(names) - 5:,} more" if len(names) > 5 else ""
    return f"{len(names):,} ({', '.join(names[:5])}{more})"


def choose_dataset(choice: DatasetChoice) -> DatasetName:
    """Resolve `auto`, and print a warning where it falls back to generated garments."""
    name, absent = data.resolve(choice)
    if absent is not None:
        print_panel(
            "Fashion-MNIST is unavailable, so generated garments are used instead.\n"
            "Results on them say nothing about Fashion-MNIST; every table and figure is\n"
            'marked "drawn".\n\n'
            f"{absent}",
            title="Drawn garments, not Fashion-MNIST",
        )
    return name


def choose_store(runs: Path, study: Study | None = None) -> Store:
    """Find the stored runs in a folder, or those of the studies that come with the package.

    Args:
        runs: a folder of runs, of one published study, or of all published studies; or the word
            `published`. The default folder stands for the published studies as long as it holds no
            run, which is said.
        study: the study to look for; when absent the only published study, or of several the one
            on Fashion-MNIST.

    Raises:
        InputError: The folder was named, and does not exist.
        StorageError: It is a file or a link to nothing, or may not be read.
    """
    check_folder(runs)
    if _is_published(runs):
        store = _find_store(published_folder(), study)
        if runs == PUBLISHED:
            return store
        if store.paths():
            warn(f"No run is stored in {runs}, so the published study is read: {store.folder}")
            return store
    elif runs != RUNS and not runs.is_dir():
        raise InputError(
            f"there is no folder {runs}",
            f"a folder of stored runs, or the word {PUBLISHED}",
            "check the path after --runs",
        )
    return _find_store(runs, study)


def _is_published(runs: Path) -> bool:
    """Whether an option of this value means the studies that come with the package."""
    if runs == PUBLISHED:
        return not runs.exists()
    return runs == RUNS and not Store(runs).paths()


def _find_store(folder: Path, study: Study | None) -> Store:
    if study is None:
        published = [each for each in (_main_study(folder),) if each]
    else:
        # A study on other images than its profile's is published under their name.
        published = [folder / study.name, folder / short_name(study.dataset)]
    candidates = [Store(folder), *(Store(each / "runs") for each in (folder, *published))]
    return next((store for store in candidates if store.paths()), candidates[0])
