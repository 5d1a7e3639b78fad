"""The figures of the experiment on hierarchy."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from convbias.figures.chance import beside_chance
from convbias.figures.conditions import FigureText
from convbias.figures.curves import Axes, curves
from convbias.figures.figure import Figure
from convbias.figures.filters import Gallery, filter_sheet
from convbias.findings.results import Results
from convbias.findings.values import by_seed

TRAINED, ONE_LAYER, FROZEN = "two layers", "one layer", "two frozen layers"

# Layers that are probed, in the order of the data, and what they are called.
LAYERS = {
    "pixels": "pixels",
    "conv_1": "first convolution",
    "pool_1": "first pooling",
    "conv_2": "second convolution",
    "pool_2": "second pooling",
    "global_average": "global average",
    "dense_1": "dense layer",
    "probabilities": "probabilities",
}

# Short names for the axis.
STEPS = {
    "pixels": "pixels",
    "conv_1": "conv 1",
    "pool_1": "pool 1",
    "conv_2": "conv 2",
    "pool_2": "pool 2",
    "global_average": "mean",
    "dense_1": "dense",
    "probabilities": "output",
}

KINDS = {"edge": "edges", "bar": "bars"}


def probes(results: Results) -> Figure | None:
    """Accuracy of linear probes by layer, a line per condition; None where none is measured."""
    rows = [
        {"condition": condition, "step": STEPS[layer], "seed": seed, "value": 100 * value}
        for condition in results.experiment.names
        for layer in LAYERS
        for seed, value in by_seed(results, condition, f"probe_{layer}").items()
    ]
    if not rows:
        return None
    table = pd.DataFrame(rows)
    words = FigureText(
        "probes",
        "Accuracy of a linear classifier on each layer",
        "From left to right through the network, from the pixels to the probabilities; the network"
        " with one layer has no second convolution. A linear classifier was trained on the"
        " output of every layer, averaged down to at most as many values as an image has.",
    )
    present = set(table["step"])
    axes = Axes(
        along="Layer",
        steps=[step for step in STEPS.values() if step in present],
        upwards="Accuracy of a linear probe (%)",
        unit="%",
        digits=1,
    )
    return curves(results, table, words, axes)


def filters(results: Results) -> Figure | None:
    """The first filters of the first seed, trained and frozen; None where none is stored."""
    galleries = {
        condition: pictures
        for condition in (TRAINED, FROZEN)
        if (pictures := _first_pictures(results, condition))
    }
    if not galleries:
        return None
    words = FigureText(
        "filters",
        "The first layer’s filters, trained and with their initial values",
        "All filters of the first seed.",
    )
    shown = [
        Gallery(
            f"{condition[0].upper()}{condition[1:]}, seed {seed}",
            pictures["kernels"].astype(np.float64),
            pictures["edge_shares"].astype(np.float64),
        )
        for condition, (seed, pictures) in galleries.items()
    ]
    return filter_sheet(results, words, shown)


def _first_pictures(
    results: Results, condition: str
) -> tuple[int, Mapping[str, np.ndarray]] | None:
    for run in results.runs:
        pictures = results.pictures.get(run.key, {})
        if run.condition == condition and "kernels" in pictures:
            return run.seed, pictures
    return None


def energies(results: Results) -> Figure | None:
    """Edges and bars by condition beside chance; None where none is measured."""
    rows = [
        {
            "row": f"{condition}: {kind}",
            "condition": condition,
            "seed": seed,
            "value": 100 * value,
            "expected": 100 * first(by_seed(results, condition, f"{name}_energy_by_chance")),
            "error": 100 * first(by_seed(results, condition, f"{name}_energy_chance_error")),
        }
        for condition in results.experiment.names
        for name, kind in KINDS.items()
        for seed, value in by_seed(results, condition, f"{name}_energy").items()
    ]
    if not rows:
        return None
    words = FigureText(
        "energies",
        "Edges and bars in the first filters, beside chance",
        "The share of the filters’ energy that is an oriented edge or bar. The larger the filters,"
        " the less of it is either by chance.",
    )
    unit = "Share of the first filters’ energy (%)"
    return beside_chance(results, pd.DataFrame(rows), words, unit)


def first(values: Mapping[int, float]) -> float:
    """A value that is the same for all seeds."""
    return next(iter(values.values()))
