"""Accuracy by class, confusion matrix and most frequent mistakes."""

from __future__ import annotations

from collections.abc import Sequence

import altair as alt
import numpy as np
import pandas as pd

from convbias.data import Dataset
from convbias.figures.arms import (
    Arms,
    Labelled,
    arm_data,
    data_remark,
    predictions,
    with_remark,
)
from convbias.figures.figure import Figure
from convbias.figures.grids import ImageGrid, Tile
from convbias.figures.theme import arm_scale
from convbias.runs.record import Run
from convbias.spec.formatting import counted

MOST_CONFUSED = 24
MOST_CLASSES = 30  # in a figure
_ARM_ROW, _CLASS_GAP = 11, 18  # pixels per arm of a class and between classes
_FAR_END = 45  # percent from which the cell is dark enough for light text


def confusion_counts(predicted: np.ndarray, labels: np.ndarray, classes: int) -> np.ndarray:
    """Compute a confusion matrix.

    Args:
        predicted: integers (runs, n), the predicted classes.
        labels: integers (n,), the true classes.
        classes: number of classes.

    Returns:
        int64 (classes, classes): rows are true classes, columns predicted ones; summed over runs.

    Example:
        >>> confusion_counts(np.array([[0, 1, 1]]), np.array([0, 0, 1]), 2).tolist()
        [[1, 1], [0, 1]]
    """
    cells = labels.astype(np.int64) * classes + predicted
    return np.bincount(cells.ravel(), minlength=classes**2).reshape(classes, classes)


def confusion(arm: str, runs: Sequence[Run], dataset: Labelled) -> Figure:
    """Draw the confusion matrix of an arm, in percent of each true class.

    Args:
        arm: name of the arm.
        runs: finished runs of the arm.
        dataset: data set of the test images they were scored on.

    Returns:
        The figure.

    Raises:
        InputError: a run has no predictions of these test images.
    """
    names = list(dataset.class_names)
    counts = confusion_counts(predictions(runs, dataset), dataset.test_labels, len(names))
    shares = 100 * counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    # Of many classes, those with the lowest recall, in the order of their labels.
    shown = sorted(np.argsort(np.diag(shares), kind="stable")[:MOST_CLASSES].tolist())
    table = pd.DataFrame(
        {
            "true": names[true],
            "predicted": names[predicted],
            "share": shares[true, predicted],
            "images": counts[true, predicted] / len(runs),
        }
        for true in shown
        for predicted in shown
    )
    chart = alt.Chart(table).encode(
        alt.X("predicted:N")
        .title("Predicted class")
        .sort(names)
        .scale(paddingInner=0.04)
        .axis(labelAngle=-90, domain=False, ticks=False),
        alt.Y("true:N")
        .title("True class")
        .sort(names)
        .scale(paddingInner=0.04)
        .axis(domain=False, ticks=False),
        tooltip=[
            alt.Tooltip("true:N", title="true class"),
            alt.Tooltip("predicted:N", title="predicted class"),
            alt.Tooltip("share:Q", title="% of the true class", format=".1f"),
            alt.Tooltip("images:Q", title="images, mean per run", format=".1f"),
        ],
    )
    # A square-root scale, on which a few percent are visible beside 90 %.
    colour = alt.Color("share:Q").scale(type="sqrt", domain=[0, 100], range="heatmap").legend(None)
    text = alt.Text("share:Q", format=".0f")
    layers = [
        chart.mark_rect().encode(colour),
        chart.transform_filter(f"datum.share >= 0.5 && datum.share < {_FAR_END}")
        .mark_text()
        .encode(text=text),
        chart.transform_filter(f"datum.share >= {_FAR_END}")
        .mark_text(style="on-heat")
        .encode(text=text),
    ]
    errors = np.where(np.eye(len(names), dtype=bool), -1, shares)
    true, predicted = np.unravel_index(errors.argmax(), errors.shape)
    worst = (
        f"{names[true]} predicted as {names[predicted]} ({shares[true, predicted]:.1f} % of the"
        " true class)"
    )
    return Figure(
        name=f"confusion-{arm}",
        title=f"Confusion matrix of {arm}",
        subtitle=with_remark(
            f"% of each true class, mean of {counted(len(runs), 'run')}",
            data_remark(runs[0].image_arm.data),
        ),
        caption=(
            f"Most frequent confusion: {worst}. {_rows(len(names))}; shares below 0.5 % are left"
            " blank; the colour scale is a square root."
        ),
        description=f"Confusion matrix of {arm}. Most frequent confusion: {worst}.",
        drawing=alt.layer(*layers).properties(width=430, height=430),
    )


def _rows(classes: int) -> str:
    if classes <= MOST_CLASSES:
        return "Rows sum to 100 %"
    return f"Of {classes:,} classes, the {MOST_CLASSES} with the lowest recall are shown"


def per_class_table(arms: Arms, dataset: Labelled) -> pd.DataFrame:
    """Recall of every class for every arm.

    Args:
        arms: arm name to finished runs.
        dataset: data set of the test images they were scored on.

    Returns:
        Columns class, arm, mean, low and high (lowest and highest seed, in %), and n.

    Raises:
        InputError: a run has no predictions of these test images.
    """
    rows = []
    for arm, runs in arms.items():
        correct = predictions(runs, dataset) == dataset.test_labels
        for label, name in enumerate(dataset.class_names):
            members = dataset.test_labels == label
            if not members.any():
                continue
            recalls = 100 * correct[:, members].mean(axis=1)
            rows.append(
                {"class": name, "arm": arm, "mean": recalls.mean(), "n": len(runs)}
                | {"low": recalls.min(), "high": recalls.max()}
            )
    return pd.DataFrame(rows)


def per_class(arms: Arms, dataset: Labelled) -> Figure:
    """Draw the recall of every class for every arm, lowest recall first.

    Args:
        arms: arm name to finished runs.
        dataset: data set of the test images they were scored on.

    Returns:
        The figure.

    Raises:
        InputError: a run has no predictions of these test images.
    """
    table = per_class_table(arms, dataset)
    means = table.groupby("class", sort=False)["mean"].mean().sort_values(kind="stable")
    shown = list(means.index[:MOST_CLASSES])
    chart = alt.Chart(table[table["class"].isin(shown)]).encode(
        y=alt.Y("class:N").title(None).sort(shown).axis(domain=False, ticks=False),
        yOffset=alt.YOffset("arm:N").sort(list(arms)).scale(paddingOuter=0.8),
        color=alt.Color("arm:N", scale=arm_scale(arms)).legend(title=None, symbolType="circle"),
        tooltip=[
            "class",
            "arm",
            *(
                alt.Tooltip(f"{field}:Q", title=title, format=".2f")
                for field, title in (
                    ("mean", "mean (%)"),
                    ("low", "lowest seed"),
                    ("high", "highest seed"),
                )
            ),
            alt.Tooltip("n:Q", title="seeds"),
        ],
    )
    x = alt.X("mean:Q").title("Recall (%)").scale(zero=False)
    rules = chart.mark_rule(strokeWidth=2.5).encode(alt.X("low:Q"), alt.X2("high:Q"))
    dots = chart.mark_point(filled=True, size=62, opacity=1).encode(x)
    hardest, easiest = means.index[0], means.index[-1]
    caption = (
        f"Mean over all arms: lowest for {hardest} ({means.iloc[0]:.1f} %), highest for {easiest}"
        f" ({means.iloc[-1]:.1f} %)."
    )
    if len(means) > MOST_CLASSES:
        caption += f" Of {len(means):,} classes, the {MOST_CLASSES} with the lowest are shown."
    return Figure(
        name="per-class",
        title="Recall by class and arm",
        subtitle=with_remark("%, mean and range over seeds", data_remark(arm_data(arms))),
        caption=f"{caption} Dots: means over seeds. Bars: lowest to highest seed.",
        description=f"Recall by class and arm in percent. {caption}",
        drawing=alt.layer(rules, dots).properties(
            width=640, height=(_ARM_ROW * len(arms) + _CLASS_GAP) * len(shown)
        ),
    )


def most_confused(arm: str, runs: Sequence[Run], dataset: Dataset) -> Figure | None:
    """Show the test images that most runs of an arm misclassify.

    Args:
        arm: name of the arm.
        runs: finished runs of the arm.
        dataset: data set of the test images they were scored on.

    Returns:
        The figure; None where no run misclassifies any image.

    Raises:
        InputError: a run has no predictions of these test images.
    """
    predicted = predictions(runs, dataset)
    wrong = (predicted != dataset.test_labels).sum(axis=0)
    # Ties are ordered by mean loss, highest first.
    order = np.lexsort((-_mean_losses(runs), -wrong))[:MOST_CONFUSED]
    order = order[wrong[order] > 0]
    if not order.size:
        return None
    tiles = [_tile(int(index), predicted, int(wrong[index]), dataset) for index in order]
    always = int((wrong == len(runs)).sum())
    caption = (
        f"{always:,} of {len(wrong):,} test images are misclassified in all"
        f" {counted(len(runs), 'run')} of {arm}."
    )
    return Figure(
        name=f"most-confused-{arm}",
        title=f"Test images that {arm} misclassifies most often",
        subtitle=with_remark(
            f"true class → most frequent wrong prediction, number of wrong runs of {len(runs)}",
            data_remark(runs[0].image_arm.data),
        ),
        caption=(
            f"{caption} Shown are the {len(tiles)} images that most runs misclassify (ties: highest"
            " mean loss first), with the true class, the most frequent wrong prediction and the"
            " number of wrong runs."
        ),
        description=f"Grid of {len(tiles)} misclassified test images. {caption}",
        drawing=ImageGrid(((None, tuple(tiles)),)),
    )


def _mean_losses(runs: Sequence[Run]) -> np.ndarray:
    """Mean loss of every test image over the runs that store losses; zeros where none does."""
    of_runs = [run.per_image for run in runs if run.per_image is not None]
    known = [each.loss for each in of_runs if each.loss is not None]
    return np.mean(known, axis=0) if known else np.zeros(len(of_runs[0].correct))


def _tile(index: int, predicted: np.ndarray, wrong: int, dataset: Dataset) -> Tile:
    label = int(dataset.test_labels[index])
    mistakes = predicted[predicted[:, index] != label, index]
    wrong_class = dataset.class_names[int(np.bincount(mistakes).argmax())]
    name, runs = dataset.class_names[label], len(predicted)
    return Tile.of(
        dataset.test_images[index],
        (name, f"→ {wrong_class}", f"{wrong} of {runs}"),
        f"{name} predicted as {wrong_class}, wrong in {wrong} of {runs} runs",
    )
