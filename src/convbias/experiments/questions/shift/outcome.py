"""The outcome of `shift`: accuracy, feature maps and answers of shifted images."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
import pandas as pd

from convbias.experiments.canvas import canvas_of, largest_shift_of
from convbias.experiments.outcome import Outcome
from convbias.experiments.questions.shift.question import CONSISTENCY
from convbias.figures import Figure
from convbias.figures.conditions import FigureText, rows_of_conditions
from convbias.figures.curves import Axes, curves
from convbias.findings.results import ConditionRun, Results
from convbias.findings.statement import Statement, above, absent, all_of
from convbias.findings.values import by_seed, measured, minus
from convbias.findings.wording import mean_of, spreads
from convbias.spec.arms import Convolutional

EXACT = 1e-5  # rounding to single precision may leave this much of a zero error
NOTICEABLE = 0.05  # of the size of the feature maps
_THRESHOLDS = (
    f"It holds up to {EXACT:g}, and does not hold if the whole interval is above {NOTICEABLE:g}."
)

# By which the statements are judged: of the pooled and of the framed map, two of pooling, and one
# each of steps and slopes.
_INTERVALS = 6

_STUDY = "cnn"  # the original study's network
_LAYERS = {
    "conv_1": "1st convolution",
    "pool_1": "1st pooling",
    "conv_2": "2nd convolution",
    "pool_2": "2nd pooling",
}
_STRIDED_LAYERS = {"conv_1": "1st pooling", "conv_2": "2nd pooling"}


def outcome(results: Results) -> Outcome:
    """Accuracy by shift, whether feature maps and answers follow, and the exact control.

    Args:
        results: the stored runs of the experiment `shift`.
    """
    runs = [run for run in results.runs if run.status == "finished"]
    figures = (
        _accuracy(results, runs),
        _errors(results, runs),
        _consistency(results, runs),
    )
    return Outcome(
        statements=(
            _before_pooling(results, runs),
            _after_pooling(results, runs),
            _with_a_frame(results, runs),
            _less_changed(results),
            _one_pixel(results, runs),
            _beginning_to_move(results, runs),
        ),
        identities=(_consistent(runs),),
        controls=(),
        figures=tuple(figure for figure in figures if figure is not None),
    )


def _strided(run: ConditionRun) -> bool:
    return isinstance(run.arm.model, Convolutional) and run.arm.model.downsampling == "stride"


def _moves(results: Results) -> str:
    # The original study's words, which are about its own images.
    what = "A shoe" if results.study.dataset == "fashion-mnist" else "An image"
    return f"“{what} moved by one pixel moves the feature map by one pixel”"


def _before_pooling(results: Results, runs: Sequence[ConditionRun]) -> Statement:
    place = f"{_moves(results)}, after the first convolution and away from the frame"
    unstrided = [run for run in runs if not _strided(run)]
    errors = measured(unstrided, "equivariance_error_conv_1")
    if not errors:
        return Statement(f"{place}.", "not measured yet")
    exact = max(errors) < EXACT
    return Statement(
        f"{place}: the moved image's map and the image's moved map differ by at most"
        f" {max(errors):.1g} of the map, in {len(errors)} run{'s' if len(errors) > 1 else ''} of"
        " networks whose first convolution has no stride. Rounding alone may leave"
        f" {EXACT:g}.",
        "holds" if exact else "does not hold",
        claim="equivariance-shift",
    )


def _after_pooling(results: Results, runs: Sequence[ConditionRun]) -> Statement:
    place = (
        f"{_moves(results)}, after the first max-pooling of {_STUDY}, where it should move by half"
        " a pixel of the smaller map"
    )
    errors = measured(runs, "equivariance_error_pool_1", _STUDY)
    still = measured(runs, "stillness_pool_1", _STUDY)
    if not errors or not still:
        return Statement(f"{place}.", "not measured yet")
    return Statement(
        f"{place}: the error is {mean_of(errors, 1, 2)} of the map. Had the map not moved at all,"
        f" it would be {np.mean(still):.2f}. {_THRESHOLDS}",
        absent(errors, EXACT, NOTICEABLE, _INTERVALS),
        claim="equivariance-shift",
    )


def _with_a_frame(results: Results, runs: Sequence[ConditionRun]) -> Statement:
    place = (
        f"{_moves(results)}, after the first convolution of {_STUDY} with the zero padding that it"
        " was trained with"
    )
    errors = measured(runs, "framed_equivariance_error_conv_1", _STUDY)
    if not errors:
        return Statement(f"{place}.", "not measured yet")
    of_study = [run for run in runs if run.condition == _STUDY]
    seen = (
        " To a network that standardises its pixels black is not the padding's zero, so it sees the"
        " frame."
        if all(run.image_arm.recipe.standardised for run in of_study)
        else ""
    )
    return Statement(
        f"{place}: the error is {mean_of(errors, 1, 3)} of the map, with"
        f" {largest_shift_of(results.described)} black pixels between {results.described.thing} and"
        f" frame.{seen} {_THRESHOLDS}",
        absent(errors, EXACT, NOTICEABLE, _INTERVALS),
        claim="equivariance-shift",
    )


def _less_changed(results: Results) -> Statement:
    claim = f"“Pooling adds invariance to small shifts” in the feature maps of {_STUDY}"
    told, falls = [], []
    for convolution, pooling in (("conv_1", "pool_1"), ("conv_2", "pool_2")):
        before, after = (
            by_seed(results, _STUDY, f"stillness_{layer}") for layer in (convolution, pooling)
        )
        fall = minus(before, after)
        if not fall:
            return Statement(f"{claim}.", "not measured yet", claim="equivariance-pooling")
        told.append(
            f"by {mean_of(before.values(), 1, 2)} of itself after the {_LAYERS[convolution]} and by"
            f" {np.mean(list(after.values())):.2f} after the pooling behind it"
        )
        falls.append(above(fall, 0, margin=NOTICEABLE, comparisons=_INTERVALS))
    return Statement(
        f"{claim}: when the {results.described.thing} moves by one pixel, the map changes"
        f" {', and '.join(told)}.",
        all_of(falls),
        claim="equivariance-pooling",
    )


def _one_pixel(results: Results, runs: Sequence[ConditionRun]) -> Statement:
    name = "one_pixel_flip_probability"
    flips = {each: measured(runs, name, each) for each in results.experiment.names}
    thing = results.described.thing
    claim = f"“The answer of {_STUDY} does not depend on the {thing}'s position”"
    if not any(flips.values()):
        return Statement(f"{claim}.", "not measured yet")
    percent = {each: [100 * value for value in values] for each, values in flips.items()}
    return Statement(
        f"{claim}: a step of one pixel changes the answer with a probability, in percent, of"
        f" {spreads(percent, 2)}.",
        absent(flips[_STUDY], 0, CONSISTENCY.margin, _INTERVALS)
        if flips.get(_STUDY)
        else "not measured yet",
    )


def _beginning_to_move(results: Results, runs: Sequence[ConditionRun]) -> Statement:
    claim = f"“The answer of {_STUDY} does not change with a shift of less than a pixel”"
    slopes = {
        each: [100 * slope for run in runs if run.condition == each for slope in _slope(run)]
        for each in results.experiment.names
    }
    if not any(slopes.values()):
        return Statement(f"{claim}.", "not measured yet")
    return Statement(
        f"{claim}: for an infinitesimal shift, the classes’ probabilities change, in percentage"
        f" points per pixel (root mean square of the Lie derivative), by {spreads(slopes, 2)}.",
        absent(slopes[_STUDY], 0, CONSISTENCY.scale * CONSISTENCY.margin, _INTERVALS)
        if slopes.get(_STUDY)
        else "not measured yet",
    )


def _slope(run: ConditionRun) -> list[float]:
    """Root mean square of the probabilities' Lie derivatives; nothing where it is not measured."""
    names = [f"lie_derivative_probabilities_{axis}" for axis in ("rows", "columns")]
    if any(name not in run.measures for name in names):
        return []
    return [float(np.sqrt(np.mean([run.measures[name] for name in names])))]


def _consistent(runs: Sequence[ConditionRun]) -> Statement:
    what = (
        "The same weights behind circular padding and without subsampling never change their answer"
    )
    consistencies = measured(runs, "stride_one_circular_consistency")
    if not consistencies:
        return Statement(f"{what}.", "not measured yet")
    exactly = sum(value == 1 for value in consistencies)
    of_runs = f"{len(consistencies)} run" + ("s" if len(consistencies) > 1 else "")
    return Statement(
        f"{what}: their consistency is exactly 1 in {exactly} of {of_runs}; the lowest is"
        f" {min(consistencies):.6g}.",
        "holds" if exactly == len(consistencies) else "does not hold",
    )


def _accuracy(results: Results, runs: Sequence[ConditionRun]) -> Figure | None:
    largest = largest_shift_of(results.described)
    steps = [str(distance) for distance in range(largest + 1)]
    table = _table(
        (run, step, 100 * run.measures[f"accuracy_at_shift_{step}"])
        for run in runs
        for step in steps
        if f"accuracy_at_shift_{step}" in run.measures
    )
    if table.empty:
        return None
    ends = table.groupby(["condition", "step"], sort=False)["value"].mean()
    reading = (
        "The same test images, moved along the axes and diagonals of a canvas of"
        f" {canvas_of(results.described)} pixels."
    )
    falls = " and ".join(
        f"{each} from {ends[each, steps[0]]:.1f} to {ends[each, steps[-1]]:.1f} %"
        for each in ("dense", _STUDY)
        if (each, steps[0]) in ends and (each, steps[-1]) in ends
    )
    if falls:
        reading += f" Over {largest} pixels, accuracy goes for {falls}."
    words = FigureText("accuracy", "Accuracy against the distance of the shift", reading)
    axes = Axes("Distance of the shift (pixels)", steps, "Accuracy (%)", "%", 1)
    return curves(results, table, words, axes)


def _errors(results: Results, runs: Sequence[ConditionRun]) -> Figure | None:
    table = _table(
        (run, step, run.measures[f"equivariance_error_{layer}"])
        for run in runs
        for layer, step in (_STRIDED_LAYERS if _strided(run) else _LAYERS).items()
        if f"equivariance_error_{layer}" in run.measures
    )
    if table.empty:
        return None
    still = measured(runs, "stillness_pool_1", _STUDY)
    words = FigureText(
        name="equivariance",
        title="Equivariance error of feature maps under a shift of one pixel",
        reading=(
            "0: the map moves exactly as the image does."
            + (
                f" A map of {_STUDY} that did not move at all would have"
                f" {np.mean(still):.2f} after its first pooling."
                if still
                else ""
            )
            + " Padding is circular, so that no frame counts. A convolution with a stride stands"
            " where a pooling would, because it drops pixels as well."
        ),
    )
    error = "relative root mean square"
    axes = Axes("Layer", list(_LAYERS.values()), "Equivariance error (share of map)", error, 3)
    return curves(results, table, words, axes)


def _consistency(results: Results, runs: Sequence[ConditionRun]) -> Figure | None:
    if not measured(runs, CONSISTENCY.name):
        return None
    words = FigureText(
        name="consistency",
        title="How often two shifts of an image get the same answer",
        reading=(
            f"All pairs of {8 * largest_shift_of(results.described) + 1} positions of each image,"
            " whether the answer is right or wrong: a network that always says the same has 100 %."
        ),
    )
    return rows_of_conditions(results, CONSISTENCY, words)


def _table(rows: Iterable[tuple[ConditionRun, str, float]]) -> pd.DataFrame:
    return pd.DataFrame(
        [(run.condition, step, run.seed, value) for run, step, value in rows],
        columns=["condition", "step", "seed", "value"],
    )
