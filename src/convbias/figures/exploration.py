"""Figures of the data: class counts, samples, mean images, pixel values and correlations."""

from __future__ import annotations

from collections.abc import Sequence

import altair as alt
import numpy as np
import pandas as pd

from convbias.data import Dataset
from convbias.data.eda import Exploration
from convbias.data.pixel_correlation import LARGEST_SIDE, UNCORRELATED_BELOW
from convbias.figures.arms import with_remark
from convbias.figures.figure import Figure
from convbias.figures.grids import COLUMNS, ImageGrid, Tile
from convbias.figures.theme import BLUE, GREEN, SKY, VERMILLION

_NO_PIXELS = 0.5
MOST_CLASSES = 30  # whose images are shown
TRAINING, TEST = "training images", "test images"
_DIRECTION_COLOURS = {"horizontal": BLUE, "vertical": VERMILLION, "diagonal": GREEN}


def class_counts(exploration: Exploration, remark: str | None) -> Figure:
    """Draw the number of images per class.

    Args:
        exploration: exploration of a data set.
        remark: remark about the data, such as that the images are generated.

    Returns:
        The figure.
    """
    shown = _shown(exploration.train_counts)
    names = [exploration.class_names[label] for label in shown]
    table = pd.DataFrame(
        {
            "class": exploration.class_names[label],
            "part": part,
            "images": int(counts[label]),
            "order": order,
        }
        for order, (part, counts) in enumerate(
            ((TRAINING, exploration.train_counts), (TEST, exploration.test_counts))
        )
        for label in shown
    )
    chart = (
        alt.Chart(table)
        .mark_bar()
        .encode(
            alt.X("images:Q", stack="zero").title("Images"),
            alt.Y("class:N").title(None).sort(names).axis(domain=False, ticks=False),
            alt.Color("part:N")
            .scale(domain=[TRAINING, TEST], range=[BLUE, SKY])
            .legend(title=None, symbolType="square"),
            order="order:Q",
            tooltip=["class", "part", alt.Tooltip("images:Q", format=",")],
        )
    )
    counted = " and ".join(
        f"{_range(counts)} {part}"
        for part, counts in ((TRAINING, exploration.train_counts), (TEST, exploration.test_counts))
    )
    caption = f"Each class has {counted}.{_of_how_many(exploration.class_names)}"
    return Figure(
        name="class-counts",
        title="Images per class",
        subtitle=with_remark("number of images", remark),
        caption=caption,
        description=f"Bars of images per class. {caption}",
        drawing=chart.properties(width=640, height=26 * len(names)),
    )


def _shown(counts: np.ndarray) -> list[int]:
    """The classes with the most training images, in the order of their labels."""
    return sorted(np.argsort(-counts, kind="stable")[:MOST_CLASSES].tolist())


def _of_how_many(class_names: Sequence[str]) -> str:
    """That some classes are left out, in a sentence with a space before it; empty for all."""
    count = len(class_names)
    if count <= MOST_CLASSES:
        return ""
    return f" Of {count:,} classes, the {MOST_CLASSES} with the most training images are shown."


def _range(counts: np.ndarray) -> str:
    low, high = int(counts.min()), int(counts.max())
    return f"{low:,}" if low == high else f"{low:,} to {high:,}"


def sample_grid(dataset: Dataset, remark: str | None) -> Figure:
    """Show the first training images of every class.

    Args:
        dataset: the data set.
        remark: remark about the data.

    Returns:
        The figure.
    """
    rows = []
    counts = np.bincount(dataset.train_labels, minlength=len(dataset.class_names))
    for label in _shown(counts):
        name = dataset.class_names[label]
        first = np.flatnonzero(dataset.train_labels == label)[:COLUMNS]
        tiles = (Tile.of(dataset.train_images[i], (), f"{name}, image {i}") for i in first)
        if len(first):
            rows.append((name, tuple(tiles)))
    caption = (
        f"The first {COLUMNS} training images of each class, in the order of the data files (not"
        f" selected).{_of_how_many(dataset.class_names)}"
    )
    height, width, channels = dataset.train_images.shape[1:]
    return Figure(
        name="samples",
        title="Training images of each class",
        subtitle=with_remark(
            f"{height} × {width} pixels, {'grey' if channels == 1 else 'in colour'}", remark
        ),
        caption=caption,
        description=f"Grid of sample images, one row per class. {caption}",
        drawing=ImageGrid(tuple(rows)),
    )


def mean_images(exploration: Exploration, remark: str | None) -> Figure:
    """Show the mean training image of every class.

    Args:
        exploration: exploration of a data set.
        remark: remark about the data.

    Returns:
        The figure.
    """
    tiles = tuple(
        Tile(image, (name,), f"mean of the class {name}")
        for label in _shown(exploration.train_counts)
        for name, image in [(exploration.class_names[label], exploration.mean_images[label])]
        if np.isfinite(image).all()
    )
    return Figure(
        name="mean-images",
        title="Mean training image of each class",
        subtitle=with_remark("mean of every pixel over the class", remark),
        caption=(
            f"A sharp mean image means that the {exploration.kind} of the class are aligned, so"
            " that a dense network has little to learn about position."
            f"{_of_how_many(exploration.class_names)}"
        ),
        description="Mean training image of each class.",
        drawing=ImageGrid(((None, tiles),), columns=5),
    )


def pixel_histogram(exploration: Exploration, remark: str | None) -> Figure:
    """Draw a histogram of the pixel values.

    Args:
        exploration: exploration of a data set.
        remark: remark about the data.

    Returns:
        The figure.
    """
    counts = exploration.pixel_counts
    table = pd.DataFrame(
        {
            "value": np.arange(256),
            "middle": np.arange(256) + 0.5,
            "pixels": counts,
            # Zero has no place on a logarithmic scale; half a pixel stands for it.
            "height": np.maximum(counts, _NO_PIXELS),
        }
    )
    x = alt.X("middle:Q").title("Pixel value (0 is black, 255 is white)").scale(domain=[0, 256])
    y = (
        alt.Y("height:Q")
        .title("Pixels (logarithmic scale)")
        .scale(type="log", domainMin=_NO_PIXELS)
        .axis(format="~s", labelOverlap=True)
    )
    # One stepped area: separate bars would leave stripes between them.
    chart = alt.layer(
        alt.Chart(table)
        .mark_area(color=BLUE, interpolate="step", line=False)
        .encode(x, y, alt.Y2(datum=_NO_PIXELS)),
        alt.Chart(table)
        .mark_rule(opacity=0, strokeWidth=3)
        .encode(
            x,
            y,
            alt.Y2(datum=_NO_PIXELS),
            tooltip=[
                alt.Tooltip("value:Q", title="pixel value"),
                alt.Tooltip("pixels:Q", format=","),
            ],
        ),
    )
    black = 100 * counts[0] / counts.sum()
    caption = f"{black:.1f} % of all pixels of the training images are 0 (black)."
    return Figure(
        name="pixel-histogram",
        title="Distribution of pixel values",
        subtitle=with_remark("number of pixels of the training images per value", remark),
        caption=caption,
        description=f"Histogram of pixel values on a logarithmic scale. {caption}",
        drawing=chart.properties(width=640, height=260),
    )


def _compared_pixels(exploration: Exploration) -> str:
    """Which pixels are compared, in a sentence with a space before it; empty for all."""
    _, side, *channels = exploration.mean_images.shape[1:]
    parts = []
    if side > LARGEST_SIDE:
        parts.append(f"the middle {LARGEST_SIDE} × {LARGEST_SIDE} pixels")
    if channels:
        parts.append("the mean of the colour channels")
    return f" Compared: {', '.join(parts)}." if parts else ""


def pixel_correlation(exploration: Exploration, remark: str | None) -> Figure:
    """Draw the correlation of two pixels against their distance.

    Args:
        exploration: exploration of a data set.
        remark: remark about the data.

    Returns:
        The figure.
    """
    directions = list(_DIRECTION_COLOURS)
    table = pd.DataFrame(
        {
            "direction": one.direction,
            "distance": one.distance,
            # Side by side, so that the ranges at one distance do not overlap.
            "position": one.distance + 0.2 * (directions.index(one.direction) - 1),
            "mean": one.mean,
            "minimum": one.minimum,
            "percentile_5": one.percentile_5,
            "percentile_95": one.percentile_95,
            "maximum": one.maximum,
            "pairs": one.pairs,
        }
        for one in exploration.correlations
        if one.pairs
    )
    chart = alt.Chart(table).encode(
        color=alt.Color("direction:N")
        .scale(domain=directions, range=list(_DIRECTION_COLOURS.values()))
        .legend(title=None, symbolType="circle"),
        tooltip=[
            "direction",
            "distance",
            "pairs",
            *(
                alt.Tooltip(f"{field}:Q", format=".2f", title=field.replace("_", " "))
                for field in ("mean", "minimum", "percentile_5", "percentile_95", "maximum")
            ),
        ],
    )
    x = (
        alt.X("position:Q")
        .title(["Distance (pixels; along the", "diagonal in steps of √2 pixels)"])
        .scale(domain=[0.4, table["distance"].max() + 0.6], nice=False)
        .axis(tickMinStep=1, format="d", grid=False)
    )
    layers = [
        alt.Chart(pd.DataFrame([{"low": -UNCORRELATED_BELOW, "high": UNCORRELATED_BELOW}]))
        .mark_rect(style="zone")
        .encode(alt.Y("low:Q"), alt.Y2("high:Q")),
        chart.mark_rule(strokeWidth=1, opacity=1).encode(
            x, alt.Y("minimum:Q"), alt.Y2("maximum:Q")
        ),
        chart.mark_rule(strokeWidth=3, opacity=0.75).encode(
            x, alt.Y("percentile_5:Q"), alt.Y2("percentile_95:Q")
        ),
        chart.mark_point(filled=True, size=52, opacity=1).encode(
            x, alt.Y("mean:Q").title("Correlation over images (Pearson)")
        ),
    ]
    adjacent = exploration.adjacent
    caption = (
        f"Of {adjacent.pairs:,} pairs of adjacent pixels, {adjacent.uncorrelated:,}"
        f" ({100 * adjacent.uncorrelated_share:.1f} %) have an absolute correlation below"
        f" {UNCORRELATED_BELOW:g} (shaded); the lowest correlation is {adjacent.minimum:.2f}."
        f"{_compared_pixels(exploration)}"
    )
    return Figure(
        name="pixel-correlation",
        title="Correlation of pixels by distance",
        subtitle=with_remark("over the training images, all pairs of pixels", remark),
        caption=(
            f"{caption} Dots: mean over all pairs at a distance. Thick bars: middle 90 % of the"
            " pairs. Thin bars: all pairs."
        ),
        description=f"Correlation of pixel pairs against distance, by direction. {caption}",
        drawing=alt.layer(*layers).properties(width=640, height=340),
    )
