"""Paired differences between arms, with intervals and the margin of equivalence."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import altair as alt
import pandas as pd

from convbias.figures.arms import data_remark, with_remark
from convbias.figures.figure import AltairChart, Figure
from convbias.findings.evaluation import Finding, score
from convbias.findings.results import ConditionRun
from convbias.spec.quantities import Quantity

_ROW = 80  # pixels per contrast

_OVER_BOTH = "95 % interval, seeds and images"
_OVER_SEEDS = "95 % interval, seeds"
_SEEDS_ALONE = "95 % interval, seeds alone"
_ONE_PAIR = "one seed pair"
# The second arm below the first, to leave more room for the differences.
_TWO_LINES = "[split(datum.label, ' − ')[0], '− ' + split(datum.label, ' − ')[1]]"


def contrasts(
    findings: Sequence[Finding], runs: Iterable[ConditionRun], quantity: Quantity
) -> Figure | None:
    """Draw the contrasts in one quantity, with intervals and single seed pairs.

    Args:
        findings: from `evaluate`.
        runs: the runs that they were evaluated on.
        quantity: the quantity.

    Returns:
        The figure; None where no contrast in the quantity has a seed pair.
    """
    shown = [finding for finding in findings if finding.planned.quantity == quantity]
    table = _contrast_table(shown)
    if table.empty:
        return None
    unit, noun, margin = quantity.long_unit, quantity.noun, quantity.margin
    data = next(finding.data for finding in shown if finding.data)
    told = "; ".join(table["contrast"] + " " + table["label"])
    return Figure(
        name=f"contrasts-{quantity.name.removeprefix('test_').replace('_', '-')}",
        title=f"Differences in {noun} between arms",
        subtitle=with_remark(
            f"{unit}, paired by seed; shaded: within the margin of equivalence", data_remark(data)
        ),
        caption=(
            f"{told}. {'Right' if quantity.higher_is_better else 'Left'} of the dashed line the"
            f" first arm is better. Shaded: differences of up to ±{quantity.amount(margin)}, which"
            " count as equivalent. Intervals are not corrected for multiple comparisons, verdicts"
            " are, by Holm's method."
        ),
        description=f"Seed-paired differences in {noun} ({unit}) with intervals: {told}.",
        drawing=_chart(
            table,
            _pair_table(shown, runs),
            margin=quantity.scale * margin,
            title=[f"Difference in {noun}", f"({unit})"],
            digits=quantity.digits,
        ),
    )


def _chart(
    table: pd.DataFrame, pairs: pd.DataFrame, *, margin: float, title: list[str], digits: int
) -> AltairChart:
    y = (
        alt.Y("contrast:N")
        .title(None)
        .sort(list(table["contrast"]))
        .axis(domain=False, ticks=False, labelExpr=_TWO_LINES)
    )
    # With fewer than three seed pairs there is no interval.
    known = table.dropna(subset=["low"])
    alone = table.dropna(subset=["low_over_seeds"])
    main = _OVER_BOTH if len(alone) else _OVER_SEEDS
    kinds = [main, *([_SEEDS_ALONE] if len(alone) else []), _ONE_PAIR]
    colour = (
        alt.Color("what:N")
        .scale(domain=kinds, range="category")
        .legend(title=None, columns=1, symbolType="circle")
    )

    def number(field: str, title: str) -> alt.Tooltip:
        return alt.Tooltip(f"{field}:Q", title=title, format=f"+.{digits}f")

    def drawn(rows: pd.DataFrame, what: str) -> alt.Chart:
        return alt.Chart(rows.assign(what=what)).encode(y, colour)

    layers = [
        alt.Chart(pd.DataFrame([{"low": -margin, "high": margin}]))
        .mark_rect(style="zone")
        .encode(alt.X("low:Q").title(title), alt.X2("high:Q")),
        alt.Chart(pd.DataFrame([{"zero": 0.0}]))
        .mark_rule(strokeDash=[4, 3], strokeWidth=1.5)
        .encode(alt.X("zero:Q")),
    ]
    if len(alone):
        layers.append(
            drawn(alone, _SEEDS_ALONE)
            .mark_rule(strokeWidth=2.5, yOffset=10)
            .encode(alt.X("low_over_seeds:Q"), alt.X2("high_over_seeds:Q"))
        )
    if len(known):
        layers.append(
            drawn(known, main).mark_rule(strokeWidth=3.5).encode(alt.X("low:Q"), alt.X2("high:Q"))
        )
    means = drawn(table, main).encode(alt.X("difference:Q"))
    layers += [
        means.mark_point(filled=True, size=90, opacity=1).encode(
            tooltip=[
                "contrast",
                alt.Tooltip("n:Q", title="seed pairs"),
                number("difference", "difference"),
                number("low", "from"),
                number("high", "to"),
                number("low_over_seeds", "from (seeds alone)"),
                number("high_over_seeds", "to (seeds alone)"),
            ]
        ),
        means.mark_text(dy=-18, style="halo").encode(text="label:N"),
        means.mark_text(dy=-18).encode(text="label:N"),
        drawn(pairs, _ONE_PAIR)
        .mark_point(filled=True, size=38, yOffset=22, opacity=0.9)
        .encode(
            alt.X("difference:Q"),
            tooltip=["contrast", "seed", number("difference", "difference")],
        ),
    ]
    return alt.layer(*layers).properties(width=640, height=_ROW * len(table))


def _contrast_table(findings: Sequence[Finding]) -> pd.DataFrame:
    rows = []
    for finding in findings:
        result = finding.contrast
        if result is None:
            continue
        interval = result.interval
        alone = result.seeds_interval if result.crossed_interval else None
        quantity = finding.planned.quantity
        scale = quantity.scale
        rows.append(
            {
                "contrast": _contrast_name(finding),
                "difference": scale * result.difference,
                "low": scale * interval.low if interval else None,
                "high": scale * interval.high if interval else None,
                "low_over_seeds": scale * alone.low if alone else None,
                "high_over_seeds": scale * alone.high if alone else None,
                "n": result.n,
                "label": f"{quantity.written(result.difference, '+')}: {result.verdict}",
            }
        )
    return pd.DataFrame(rows)


def _pair_table(findings: Sequence[Finding], runs: Iterable[ConditionRun]) -> pd.DataFrame:
    by_key = {run.key: run for run in runs}
    rows = []
    for finding in findings:
        # A finding lists the treatment's runs, then the baseline's, both in the order of seeds.
        keys, pairs = finding.runs, len(finding.seeds)
        for treatment, baseline in zip(keys[:pairs], keys[pairs:], strict=True):
            quantity = finding.planned.quantity
            difference = score(by_key[treatment], quantity) - score(by_key[baseline], quantity)
            rows.append(
                {
                    "contrast": _contrast_name(finding),
                    "seed": by_key[treatment].seed,
                    "difference": quantity.scale * difference,
                }
            )
    return pd.DataFrame(rows)


def _contrast_name(finding: Finding) -> str:
    return f"{finding.planned.treatment} − {finding.planned.baseline}"
