"""Ratio of the training images that two networks need for equal accuracy."""

from __future__ import annotations

import altair as alt
import numpy as np
import pandas as pd

from convbias.figures.arms import with_remark
from convbias.figures.figure import Figure
from convbias.findings.results import Results
from convbias.spec.datasets import description_of
from convbias.statistics import ImagesRatio, RatioAtSize

_KINDS = ("measured", "at least", "at most")
_SHAPES = ("circle", "triangle-right", "triangle-left")
_TICKS = (0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100, 200, 500)
_ROW = 46  # pixels per size
_ROOM = 2.0  # unbounded intervals end at this factor beyond the outermost number


def ratios_by_size(results: Results, ratio: ImagesRatio, treatment: str, baseline: str) -> Figure:
    """Draw the ratio at every training set size of the treatment; bounds are marked as such.

    Args:
        results: results of an experiment.
        ratio: the estimated ratios.
        treatment: the network that the sizes belong to.
        baseline: the network that needs `ratio` times as many images.
    """
    rows = [_row(at) for at in ratio.at_sizes]
    table = pd.DataFrame(rows)
    drawn = table[["ratio", "low", "high"]].to_numpy(dtype=float).ravel()
    numbers = [1.0, *drawn[np.isfinite(drawn) & (drawn > 0)].tolist()]
    bottom, top = min(numbers) / _ROOM, max(numbers) * _ROOM
    table["from"] = table["low"].clip(lower=bottom)
    table["to"] = table["high"].clip(upper=top)
    sizes = [f"{at.size:,}" for at in ratio.at_sizes]
    table["images"] = sizes
    y = alt.Y("images:N").title(f"Training images of {treatment}").sort(sizes)
    y = y.axis(domain=False, ticks=False)
    scale = alt.Scale(type="log", domain=[bottom, top], nice=False)
    ticks = [tick for tick in _TICKS if bottom <= tick <= top]
    x = alt.X("ratio:Q").title(f"Training images, {baseline} / {treatment}").scale(scale)
    x = x.axis(values=ticks, format="~g", labelOverlap=True)
    kinds = [kind for kind in _KINDS if kind in set(table["kind"])]
    shapes = [_SHAPES[_KINDS.index(kind)] for kind in kinds]
    shape = alt.Shape("kind:N").scale(domain=kinds, range=shapes).legend(title=None)
    colour = alt.Color("kind:N").scale(domain=kinds, range="category").legend(title=None)
    one = alt.Chart(pd.DataFrame([{"one": 1.0}]))
    layers: list[alt.Chart] = [
        one.mark_rule(strokeDash=[4, 3], strokeWidth=1.5).encode(alt.X("one:Q").scale(scale))
    ]
    spread = table.dropna(subset=["from", "to"])
    if len(spread):
        layers.append(
            alt.Chart(spread)
            .mark_rule(strokeWidth=2.5)
            .encode(alt.X("from:Q").scale(scale), alt.X2("to:Q"), y, colour)
        )
    marks = alt.Chart(table)
    tooltips = ["images", "kind", "label", "interval"]
    layers += [
        marks.mark_point(filled=True, size=110, opacity=1).encode(
            x, y, shape, colour, tooltip=tooltips
        ),
        marks.mark_text(dy=-15, style="halo").encode(x, y, text="label:N"),
        marks.mark_text(dy=-15).encode(x, y, text="label:N"),
    ]
    told = "; ".join(f"{row['size']:,} images: {row['label']}" for row in rows)
    return Figure(
        name=f"{results.experiment.name}-ratio",
        title=f"Ratio of training images at equal accuracy, {baseline} / {treatment}",
        subtitle=with_remark("ratio, 95 % interval", description_of(results.study.dataset).remark),
        caption=(
            f"Right of the dashed line {baseline} needs more images. Triangles are bounds: nothing"
            " is extrapolated beyond the largest or below the smallest training set, and an"
            " interval without a bound there extends to the edge of the chart. Intervals are over"
            f" seeds (percentile bootstrap). {told}."
        ),
        description=f"Ratio of training images at equal accuracy by size: {told}.",
        drawing=alt.layer(*layers).properties(width=640, height=_ROW * len(rows)),
    )


def _row(at: RatioAtSize) -> dict[str, float | str | None]:
    if at.ratio is not None:
        kind, where = "measured", at.ratio
    elif at.low > 0:
        kind, where = "at least", at.low
    else:
        kind, where = "at most", at.high
    low, high = at.interval.ends if at.interval else (None, None)
    return {
        "size": at.size,
        "ratio": where,
        "low": low,
        "high": high,
        "kind": kind,
        "label": str(at),
        "interval": "" if low is None else f"{low:.3g} to {high:.3g}",
    }
