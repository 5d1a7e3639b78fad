"""The outcome of `receptive-field`: theoretical and effective receptive fields."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pandas as pd

from convbias.experiments.outcome import Outcome
from convbias.experiments.questions.receptive_field.question import (
    HALF_SIDE,
    KERNEL_SIZES,
    theoretical_side,
)
from convbias.figures.conditions import FigureText
from convbias.figures.curves import Axes, curves
from convbias.figures.figure import Figure
from convbias.figures.influence import InfluenceMap, influence_sheet
from convbias.findings.results import Results
from convbias.findings.statement import Statement, above, all_of
from convbias.findings.values import by_seed, minus
from convbias.findings.wording import mean_of

SHARES = (99, 50, 30, 20)  # per cent

# The fast convolution rounds by up to a millionth of the whole map.
ROUNDING = 1e-5

# By which the statements are judged: steps from one kernel size to the next, and what training
# changes with each.
_INTERVALS = (len(KERNEL_SIZES) - 1) + len(KERNEL_SIZES)

# What is measured before training has this in front of its name.
STAGES = {"after training": "", "before training": "untrained_"}


def outcome(results: Results) -> Outcome:
    """How much of its field a unit uses, after training and before.

    Args:
        results: the stored runs of the experiment `receptive-field`.
    """
    measured = {
        size: halves
        for size in KERNEL_SIZES
        if (halves := by_seed(results, _condition(size), "effective_field_50"))
    }
    return Outcome(
        statements=(
            _larger_kernels(results),
            *(_training_widens(results, size) for size in measured),
        ),
        identities=_identities(results, tuple(measured)),
        controls=(),
        figures=_figures(results, tuple(measured)),
    )


def _condition(size: int) -> str:
    return f"cnn-{size}x{size}"


def _kernels(size: int) -> str:
    return f"{size}x{size} kernels"


def _larger_kernels(results: Results) -> Statement:
    sides = {
        size: by_seed(results, _condition(size), "effective_field_50") for size in KERNEL_SIZES
    }
    seeds = sorted(set.intersection(*(set(of_size) for of_size in sides.values())))
    asked = "Larger kernels use their field"
    if not seeds:
        return Statement(f"{asked}: no seed is measured with all kernel sizes.", "not measured yet")
    growing = sum(
        all(
            sides[smaller][seed] < sides[larger][seed] for smaller, larger in pairwise(KERNEL_SIZES)
        )
        for seed in seeds
    )
    told = ", ".join(
        f"{mean_of((sides[size][seed] for seed in seeds), 1, 2, 'pixels')} with {_kernels(size)}"
        for size in KERNEL_SIZES
    )
    before = {
        size: by_seed(results, _condition(size), "untrained_effective_field_50")
        for size in KERNEL_SIZES
    }
    already = ""
    if all(before.values()):
        means = " / ".join(f"{np.mean(list(before[size].values())):.2f}" for size in KERNEL_SIZES)
        already = (
            f" Before training it is {means} pixels, so it grows with the kernel from the start."
        )
        if not all(np.diff([np.mean(list(of_size.values())) for of_size in before.values()]) > 0):
            already = f" Before training it is {means} pixels."
    return Statement(
        f"{asked}: the square that holds half of the influence has a side of {told}; it grows with"
        f" the kernel in {growing} of {len(seeds)} seed{'' if len(seeds) == 1 else 's'}.{already}",
        all_of(
            [
                above(
                    minus(sides[larger], sides[smaller]),
                    0,
                    margin=HALF_SIDE.margin,
                    comparisons=_INTERVALS,
                )
                for smaller, larger in pairwise(KERNEL_SIZES)
            ]
        ),
    )


def _training_widens(results: Results, size: int) -> Statement:
    condition = _condition(size)
    after = by_seed(results, condition, "effective_share_50")
    before = by_seed(results, condition, "untrained_effective_share_50")
    sides = by_seed(results, condition, "theoretical_field")
    changes = minus(after, before)
    margin = HALF_SIDE.margin / theoretical_side(size)
    asked = f"Training widens the part of the field that {_kernels(size)} use"
    if not changes:
        return Statement(f"{asked}: no network is measured before and after.", "not measured yet")
    return Statement(
        f"{asked}: half of the influence lies within {mean_of(after.values(), 100, 1, '%')} of the"
        f" theoretical side of {next(iter(sides.values())):g} pixels after training and"
        f" {mean_of(before.values(), 100, 1, '%')} before; the change by seed is"
        f" {mean_of(changes, 100, 1, 'percentage points', '+')}. Less than {HALF_SIDE.margin:g}"
        f" pixels ({100 * margin:.1f} percentage points) does not matter.",
        above(
            changes,
            0,
            margin=margin,
            comparisons=_INTERVALS,
        ),
    )


def _identities(results: Results, sizes: tuple[int, ...]) -> tuple[Statement, ...]:
    outside = [
        value
        for size in sizes
        for prefix in STAGES.values()
        for value in by_seed(results, _condition(size), f"{prefix}influence_outside").values()
    ]
    if not outside:
        return (Statement("No field is measured yet.", "not measured yet"),)
    found = {
        size: sorted(set(by_seed(results, _condition(size), "theoretical_field").values()))
        for size in sizes
    }
    told = ", ".join(
        f"{' or '.join(f'{side:g}' for side in sides)} pixels with {_kernels(size)}"
        for size, sides in found.items()
    )
    right = all(sides == [theoretical_side(size)] for size, sides in found.items())
    most = f"at most {max(outside):.1g} of it" if max(outside) else "none of it"
    return (
        Statement(
            f"Apart from rounding, no influence lies outside the theoretical square: {most}, in"
            f" {len(outside)} networks, trained and untrained.",
            "holds" if max(outside) < ROUNDING else "does not hold",
        ),
        Statement(
            f"The theoretical sides are those computed by hand: {told}.",
            "holds" if right else "does not hold",
        ),
    )


def _figures(results: Results, sizes: tuple[int, ...]) -> tuple[Figure, ...]:
    figures = []
    maps = {
        stage: {size: found for size in sizes if (found := _mean_map(results, size, prefix))}
        for stage, prefix in STAGES.items()
    }
    drawn = [size for size in sizes if all(size in of_stage for of_stage in maps.values())]
    if drawn:
        words = FigureText(
            "maps",
            "Influence of each pixel on a unit of the last feature maps",
            "After training: "
            + "; ".join(
                f"with {_kernels(size)}, half of the influence lies within"
                f" {maps['after training'][size].half:.1f} of"
                f" {maps['after training'][size].theoretical:g} pixels"
                for size in drawn
            )
            + ".",
        )
        rows = [
            (stage, [of_stage[size] for size in drawn])
            for stage, of_stage in reversed(maps.items())
        ]
        figures.append(influence_sheet(results, words, [_kernels(size) for size in drawn], rows))
    if sizes:
        figures.append(_sides(results, sizes))
    return tuple(figures)


def _mean_map(results: Results, size: int, prefix: str) -> InfluenceMap | None:
    sides = by_seed(results, _condition(size), f"{prefix}effective_field_50")
    maps = [
        results.pictures[run.key][f"{prefix}influence"].astype(np.float64)
        for run in results.runs
        if run.condition == _condition(size)
        and run.seed in sides
        and f"{prefix}influence" in results.pictures.get(run.key, {})
    ]
    if not maps:
        return None
    return InfluenceMap(
        image=np.mean(maps, axis=0),
        half=float(np.mean(list(sides.values()))),
        theoretical=theoretical_side(size),
        seeds=len(maps),
    )


def _sides(results: Results, sizes: tuple[int, ...]) -> Figure:
    lines = {"theoretical": "theoretical_field"} | {
        f"{share} %": f"effective_field_{share}" for share in SHARES
    }
    table = pd.DataFrame(
        {"condition": line, "step": f"{size}x{size}", "seed": seed, "value": value}
        for line, name in lines.items()
        for size in sizes
        for seed, value in by_seed(results, _condition(size), name).items()
    )
    words = FigureText(
        "sides",
        "Effective and theoretical receptive field",
        "The upper line is the theoretical field of a unit; the others are the sides of the central"
        " squares that hold the given share of the influence after training.",
    )
    axes = Axes(
        along="Kernel (pixels)",
        steps=[f"{size}x{size}" for size in sizes],
        upwards="Side of the square (pixels)",
        unit="pixels",
        digits=1,
    )
    return curves(results, table, words, axes)
