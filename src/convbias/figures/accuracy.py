"""Test accuracy by arm."""

from __future__ import annotations

from collections.abc import Mapping

import altair as alt
import pandas as pd

from convbias.figures.arms import Arms, arm_data, data_remark, seeds_text, with_remark
from convbias.figures.conditions import interval_lines
from convbias.figures.figure import AltairChart, Figure
from convbias.figures.theme import arm_scale
from convbias.findings.claims.published import published
from convbias.findings.evaluation import score
from convbias.spec.arms import DataVariant
from convbias.spec.quantities import TEST_ACCURACY
from convbias.statistics import Summary, summarise

_ROW = 74  # pixels per arm
_VERTICAL_BAR = "M0,-1.6V1.6"

_RUN, _MEAN, _PUBLISHED = "one run", "mean, 95 % interval", "published"


def accuracy_of_arms(arms: Arms) -> Figure:
    """Draw the test accuracy of every run, with each arm's mean, interval and published number.

    Args:
        arms: arm name to finished runs with test scores.

    Returns:
        The figure. An arm with a single run has no interval; published numbers are shown only
        for runs on all of Fashion-MNIST.
    """
    summaries = {
        arm: summarise([100 * score(run, TEST_ACCURACY) for run in runs])
        for arm, runs in arms.items()
    }
    comparable = arm_data(arms) == DataVariant()
    best = max(summaries, key=lambda arm: summaries[arm].mean)
    means = "; ".join(
        f"{arm} {summary.mean:.2f} (n = {summary.n})" for arm, summary in summaries.items()
    )
    return Figure(
        name="accuracy",
        title="Test accuracy by arm",
        subtitle=with_remark(
            f"mean of {seeds_text(arms)}, 95 % interval", data_remark(arm_data(arms))
        ),
        caption=(
            f"{best} has the highest mean, {summaries[best].mean:.2f} %. Dots: single runs."
            " Vertical bar: mean over seeds. Line: 95 % confidence interval of the mean (Student's"
            " t), not a prediction interval for a further run."
            + (" Diamonds: published numbers, each from one run." if comparable else "")
        ),
        description=f"Test accuracy in percent, one row per arm: {means}.",
        drawing=_chart(arms, summaries, with_published=comparable),
    )


def _chart(arms: Arms, summaries: Mapping[str, Summary], *, with_published: bool) -> AltairChart:
    x = alt.X("accuracy:Q").title("Test accuracy (%)").scale(zero=False)
    y = alt.Y("arm:N").title(None).sort(list(arms)).axis(domain=False, ticks=False)
    colour = alt.Color("arm:N", scale=arm_scale(arms)).legend(None)
    kinds = {_MEAN: _VERTICAL_BAR, _RUN: "circle"}
    if with_published:
        kinds[_PUBLISHED] = "diamond"
    shape = (
        alt.Shape("what:N")
        .scale(domain=list(kinds), range=list(kinds.values()))
        .legend(title=None, symbolStrokeWidth=2)
    )
    runs = alt.Chart(_runs_table(arms))
    table = _means_table(summaries)
    means = alt.Chart(table)
    layers: list[alt.Chart] = [
        runs.mark_point(yOffset=15, size=46, filled=True, opacity=0.85).encode(
            x, y, colour, shape, tooltip=["arm", "seed", _percent("accuracy", "accuracy (%)")]
        ),
        means.mark_point(size=130, strokeWidth=3.5, opacity=1).encode(
            x,
            y,
            colour,
            shape,
            tooltip=[
                "arm",
                alt.Tooltip("n:Q", title="runs"),
                _percent("accuracy", "mean (%)"),
                _percent("low", "interval from (%)"),
                _percent("high", "to (%)"),
            ],
        ),
        means.mark_text(dy=-19).encode(x, y, text=alt.Text("accuracy:Q", format=".2f")),
    ]
    layers += interval_lines(table, y, colour)
    if with_published:
        layers.append(
            alt.Chart(_published_table(arms))
            .mark_point(size=60, strokeWidth=1.6, style="published", filled=False, opacity=1)
            .encode(
                x, y, shape=shape, tooltip=["arm", "claim", _percent("accuracy", "published (%)")]
            )
        )
    return alt.layer(*layers).properties(width=640, height=_ROW * len(arms))


def _runs_table(arms: Arms) -> pd.DataFrame:
    return pd.DataFrame(
        {"arm": arm, "seed": run.seed, "accuracy": 100 * score(run, TEST_ACCURACY), "what": _RUN}
        for arm, runs in arms.items()
        for run in runs
    )


def _means_table(summaries: Mapping[str, Summary]) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "arm": arm,
            "accuracy": summary.mean,
            "low": summary.interval.low if summary.interval else None,
            "high": summary.interval.high if summary.interval else None,
            "n": summary.n,
            "what": _MEAN,
        }
        for arm, summary in summaries.items()
    )


def _published_table(arms: Arms) -> pd.DataFrame:
    return pd.DataFrame(
        [
            {"arm": arm, "accuracy": claim.published[0], "claim": claim.id, "what": _PUBLISHED}
            for arm in arms
            for claim in published(arm, "test_accuracy")
        ],
        columns=["arm", "accuracy", "claim", "what"],
    )


def _percent(field: str, title: str) -> alt.Tooltip:
    return alt.Tooltip(f"{field}:Q", title=title, format=".2f")
