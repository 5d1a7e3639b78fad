"""Explain how stored networks classify one image."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from convbias import data
from convbias.data import Dataset
from convbias.data.likeness import with_remarks
from convbias.data.reading import Picture, read_picture
from convbias.errors import InputError
from convbias.measures.explain.explanation import Explanation, explain
from convbias.runs.choosing import ChosenRuns, best_runs, named_runs
from convbias.runs.record import Run
from convbias.runs.store import Store
from convbias.runs.stored_network import load_network
from convbias.spec.datasets import DatasetName, description_of
from convbias.spec.names import arm_names


@dataclass(frozen=True, eq=False)
class ExplainedImage:
    """An image, and how stored networks classify it.

    Args:
        picture: the image.
        runs: the networks' runs, by the networks' names.
        explanations: one per network, in the order of the runs.
        chosen: the same runs, and why these.
        class_names: one per label.
    """

    picture: Picture
    runs: Mapping[str, Run]
    explanations: Sequence[Explanation]
    chosen: ChosenRuns
    class_names: tuple[str, ...]


def explain_image(store: Store, image: str, keys: Sequence[str] = ()) -> ExplainedImage:
    """Explain how stored networks classify one image.

    Args:
        store: where the runs and their networks are.
        image: a picture of any size (PNG, JPEG, WebP, BMP, TIFF or GIF); a .npy file with the
            networks' pixels; or the index of a test image.
        keys: keys of runs; by default the best ones of the dense baseline and of the 3x3 CNN.

    Raises:
        InputError: The image cannot be read, or a run is missing, did not finish, or was trained on
            changed images, or the runs have different classes.
        DamagedRunError: A named run or its network cannot be read.
        DataError: The test images are missing or damaged, and cannot be downloaded.

    Example:
        >>> explained = explain_image(Store("runs"), "0")  # doctest: +SKIP
        >>> [one.name for one in explained.explanations]  # doctest: +SKIP
        ['dense', 'cnn-3x3']
    """
    chosen = named_runs(store, keys) if keys else best_runs(store)
    datasets: set[DatasetName] = {run.image_arm.data.dataset for run in chosen.runs}
    names = {description_of(each).class_names for each in datasets}
    if len(names) > 1:
        raise InputError(
            f"the runs have different classes: those of {' and '.join(sorted(datasets))}",
            "runs of data sets with the same classes",
            "name runs of one data set with --run",
        )
    [class_names] = names
    forms = {description_of(each).input_form for each in datasets}
    if len(forms) > 1:
        raise InputError(
            f"the runs take different images: those of {' and '.join(sorted(datasets))}",
            "runs of data sets with images of one size",
            "name runs of one data set with --run",
        )
    [form] = forms
    picture = with_remarks(read_picture(image, lambda: _test_images(datasets), form), datasets)
    runs = dict(zip(_names(chosen.runs), chosen.runs, strict=True))
    networks = {name: load_network(store, run) for name, run in runs.items()}
    explanations = explain(networks, picture.converted.pixels, picture.label)
    return ExplainedImage(picture, runs, explanations, chosen, class_names)


def _test_images(datasets: Collection[DatasetName]) -> Dataset:
    if len(datasets) > 1:
        raise InputError(
            f"the index is ambiguous: the runs were trained on {' and '.join(sorted(datasets))}",
            "runs of one data set",
            "name such runs with --run, or give the image as a file",
        )
    [dataset] = datasets
    return data.load(dataset)


def _names(chosen: Sequence[Run]) -> list[str]:
    """The networks' names: their arms, with seeds where an arm has several."""
    names = arm_names(run.arm for run in chosen)
    if len(names) == len(chosen):
        return list(names.values())
    return [f"{names[run.arm.hash]} seed {run.seed}" for run in chosen]
