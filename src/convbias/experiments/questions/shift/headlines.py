"""What the figures of `shift` show, in short."""

from __future__ import annotations

from collections.abc import Mapping

from convbias.experiments.canvas import largest_shift_of
from convbias.experiments.outcome import Outcome
from convbias.experiments.questions.shift.question import CONSISTENCY
from convbias.findings.headlines import mean_percent, supports
from convbias.findings.results import Results
from convbias.findings.statement import Statement, above, all_of
from convbias.findings.values import by_seed, minus
from convbias.statistics import Contrast


def headlines(
    results: Results, contrasts: Mapping[str, Contrast], outcome: Outcome
) -> dict[str, Statement]:
    """What a shift does to accuracy, to feature maps and to answers."""
    return {
        "accuracy": _accuracy(results),
        "equivariance": _maps(results, outcome),
        "consistency": _consistency(results, contrasts.get("cnn-more-consistent")),
    }


def _accuracy(results: Results) -> Statement:
    largest, kind = largest_shift_of(results.described), results.described.kind
    asked = f"The CNN recognises shifted {kind} better"
    dense, cnn = (_falls(results, name) for name in ("dense", "cnn"))
    less = minus(dense, cnn)
    if not less:
        return Statement(f"{asked}: not measured yet.", "not measured yet")
    return Statement(
        f"{asked}: over {largest} pixels it loses {mean_percent(cnn.values())} points of"
        f" accuracy, the dense network {mean_percent(dense.values())}.",
        above(less, 0.0),
    )


def _falls(results: Results, condition: str) -> dict[int, float]:
    """Seed to the accuracy that is lost by the largest shift."""
    near, far = (
        by_seed(results, condition, f"accuracy_at_shift_{pixels}")
        for pixels in (0, largest_shift_of(results.described))
    )
    return {seed: near[seed] - far[seed] for seed in near if seed in far}


def _maps(results: Results, outcome: Outcome) -> Statement:
    pooled, framed = (
        mean_percent(by_seed(results, "cnn", name).values(), 0)
        for name in ("equivariance_error_pool_1", "framed_equivariance_error_conv_1")
    )
    thing = results.described.thing
    return Statement(
        f"Feature maps move as the {thing} does: the first does exactly, away from the frame; after"
        f" pooling the error is {pooled} % of the map, near the frame {framed} %.",
        all_of([each.verdict for each in outcome.statements[:3]]),
    )


def _consistency(results: Results, contrast: Contrast | None) -> Statement:
    dense, cnn, exact = (
        mean_percent(by_seed(results, name, CONSISTENCY.name).values())
        for name in ("dense", "cnn", "circular polyphase cnn")
    )
    return Statement(
        f"The CNN keeps its answer more often: for {cnn} % of pairs of shifts, the dense network"
        f" for {dense} %, a CNN with polyphase sampling for {exact} %.",
        supports(contrast),
    )
