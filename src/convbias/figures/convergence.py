"""Accuracy and loss by epoch."""

from __future__ import annotations

from typing import Any, Literal

import altair as alt
import pandas as pd

from convbias.figures.arms import Arms, arm_data, data_remark, seeds_text, with_remark
from convbias.figures.figure import Figure
from convbias.figures.theme import arm_scale
from convbias.runs.record import Run

VALIDATION, TRAINING = "validation", "training (dropout active)"
_MOST_POINTS = 40  # with more epochs, dots would merge into a line
_MOST_TICKS = 20  # up to this number every epoch has its own tick


def epoch_table(arms: Arms) -> pd.DataFrame:
    """Accuracy and loss of every run and epoch, on training and validation images.

    Args:
        arms: arm name to finished runs.

    Returns:
        Columns arm, seed, epoch (from 1), part, accuracy (%) and loss (nats per image).
    """
    return pd.DataFrame(
        row for arm, runs in arms.items() for run in runs for row in _epoch_rows(arm, run)
    )


def _epoch_rows(arm: str, run: Run) -> list[dict[str, Any]]:
    return [
        {"arm": arm, "seed": run.seed, "epoch": number, "part": part}
        | {"accuracy": 100 * accuracy, "loss": loss}
        for number, epoch in enumerate(run.epochs, start=1)
        for part, accuracy, loss in (
            (VALIDATION, epoch.validation_accuracy, epoch.validation_loss),
            (TRAINING, epoch.train_accuracy, epoch.train_loss),
        )
    ]


def convergence(arms: Arms, measure: Literal["accuracy", "loss"]) -> Figure:
    """Draw the mean over seeds by epoch, with the range from lowest to highest seed.

    Args:
        arms: arm name to finished runs.
        measure: accuracy (%) or loss (nats per image).

    Returns:
        The figure.
    """
    table = (
        epoch_table(arms)
        .groupby(["arm", "part", "epoch"], sort=False)[measure]
        .agg(["mean", "min", "max", "count"])
        .reset_index()
    )
    unit = "%" if measure == "accuracy" else "nats per image"
    last_epoch = int(table["epoch"].max())
    # By default few epochs would get ticks between them.
    ticks = alt.Axis(format="d", grid=False)
    if last_epoch <= _MOST_TICKS:
        ticks.values = list(range(1, last_epoch + 1))
    emphasised = alt.selection_point(fields=["arm"], bind="legend")
    x = (
        alt.X("epoch:Q")
        .title("Epoch")
        .scale(domain=[1, max(2, last_epoch)], nice=False)
        .axis(ticks)
    )
    y = alt.Y("mean:Q").title(f"{measure.capitalize()} ({unit})").scale(zero=False)
    colour = alt.Color("arm:N", scale=arm_scale(arms)).legend(
        title=None, symbolType="circle", symbolOpacity=1
    )
    dash = (
        alt.StrokeDash("part:N")
        .scale(domain=[VALIDATION, TRAINING], range=[[1, 0], [5, 4]])
        .legend(
            title=None,
            symbolType="stroke",
            symbolStrokeWidth=2,
            symbolSize=400,
            columns=1,  # two columns do not fit a narrow window
        )
    )
    digits = ".2f" if measure == "accuracy" else ".3f"
    tooltip = [
        "arm",
        "part",
        "epoch",
        *(
            alt.Tooltip(f"{name}:Q", title=f"{name} ({unit})", format=digits)
            for name in ("mean", "min", "max")
        ),
        alt.Tooltip("count:Q", title="seeds"),
    ]
    chart = alt.Chart(table).encode(
        x, opacity=alt.when(emphasised).then(alt.value(1)).otherwise(alt.value(0.15))
    )
    band = (
        alt.Chart(table)
        .transform_filter(f"datum.part == '{VALIDATION}'")
        .mark_area(opacity=0.16)
        .encode(x, alt.Y("min:Q"), colour, alt.Y2("max:Q"))
    )
    layers = [
        band,
        chart.mark_line(strokeWidth=2, interpolate="linear").encode(y, colour, dash),
        chart.transform_filter(f"datum.part == '{VALIDATION}'")
        .mark_point(filled=True, size=34 if last_epoch <= _MOST_POINTS else 0)
        .encode(y, colour, tooltip=tooltip),
    ]
    finals = table[(table["part"] == VALIDATION) & (table["epoch"] == last_epoch)]
    told = "; ".join(
        f"{row['arm']} {row['mean']:{digits}}" for row in finals.to_dict(orient="records")
    )
    return Figure(
        name=f"convergence-{measure}",
        title=f"{measure.capitalize()} by epoch",
        subtitle=with_remark(
            f"{unit}, mean and range of {seeds_text(arms)}", data_remark(arm_data(arms))
        ),
        caption=(
            f"Validation {measure} after epoch {last_epoch} ({unit}): {told}. Solid lines: mean"
            " over seeds on validation images; bands: lowest to highest seed. Dashed lines:"
            " training images, averaged over the epoch with dropout active, so they are worse"
            " than at the end of the epoch."
        ),
        description=(
            f"Lines of {measure} ({unit}) against epoch, one colour per arm. Validation {measure}"
            f" after epoch {last_epoch}: {told}."
        ),
        drawing=alt.layer(*layers).add_params(emphasised).properties(width=640, height=340),
    )
