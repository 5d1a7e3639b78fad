"""The outcome of `shape`: shape bias, the stimuli, and the controls."""

from __future__ import annotations

import numpy as np

from convbias.experiments.outcome import Outcome
from convbias.experiments.questions.shape.question import (
    CNN,
    SHAPE_BIAS,
    SILHOUETTES,
    TEXTURES,
)
from convbias.figures import Figure, ImageGrid, Tile, data_remark, with_remark
from convbias.figures.conditions import FigureText, rows_of_conditions
from convbias.findings.results import ConditionRun, Results
from convbias.findings.statement import Statement, above
from convbias.findings.values import measured
from convbias.findings.wording import mean_of
from convbias.spec.formatting import counted, percent

EVEN = 0.5  # shape bias of a network that names silhouette and texture equally often
ALLOWED_LOSS = 0.01  # of accuracy, by cutting silhouettes out
PICTURE = "shape_examples"


def outcome(results: Results) -> Outcome:
    """Whether the CNN goes by the silhouette, the stimuli, and the controls.

    Args:
        results: the stored runs of the experiment `shape`.
    """
    runs = [run for run in results.runs if run.status == "finished"]
    return Outcome(
        statements=(_by_shape(runs),),
        identities=(_identity(runs),),
        controls=(_cut_out(results.described.kind, runs),),
        figures=_figures(results, runs),
    )


def _by_shape(runs: list[ConditionRun]) -> Statement:
    claim = f"“{CNN.name} goes by the silhouette more often than by the texture”"
    biases = measured(runs, SHAPE_BIAS.name, CNN.name)
    if not biases:
        return Statement(f"{claim}.", "not measured yet")
    return Statement(
        f"{claim}: where it names one of the two, it names the silhouette in"
        f" {mean_of(biases, 100, 1, '%')}; 50 % would be no preference.",
        above(biases, EVEN, margin=SHAPE_BIAS.margin),
    )


def _identity(runs: list[ConditionRun]) -> Statement:
    asked = "Identity: silhouettes filled with black all get one answer"
    counts = measured(runs, "answers_to_black")
    if not counts:
        return Statement(f"{asked}.", "not measured yet")
    one = counts.count(1.0)
    return Statement(
        f"{asked}: so it is in {one} of {counted(len(counts), 'run')}.",
        "holds" if one == len(counts) else "does not hold",
    )


def _cut_out(kind: str, runs: list[ConditionRun]) -> Statement:
    asked = (
        f"Cutting {kind} out costs every network less than {SILHOUETTES.amount(ALLOWED_LOSS)}"
        " of accuracy"
    )
    losses = [
        run.measures["accuracy_whole"] - run.measures["accuracy_cut_out"]
        for run in runs
        if "accuracy_cut_out" in run.measures
    ]
    if not losses:
        return Statement(f"{asked}.", "not measured yet")
    return Statement(
        f"{asked}: at most {SILHOUETTES.written(max(losses), '+')} in"
        f" {counted(len(losses), 'run')}.",
        "holds" if max(losses) < ALLOWED_LOSS else "does not hold",
    )


def _figures(results: Results, runs: list[ConditionRun]) -> tuple[Figure, ...]:
    words = {
        SHAPE_BIAS: FigureText(
            "bias",
            "Shape bias: how often the silhouette is named, and not the texture",
            "Share of the answers that name either the silhouette's class or the texture's; other"
            " answers do not count. 50 %: no preference.",
        ),
        SILHOUETTES: FigureText(
            "silhouettes",
            "Accuracy on silhouettes in one grey",
            f"Chance is {percent(results.described.chance, 0)}.",
        ),
        TEXTURES: FigureText(
            "textures",
            "Accuracy on textures without silhouette",
            f"Chance is {percent(results.described.chance, 0)}.",
        ),
    }
    shown = [
        rows_of_conditions(results, quantity, text)
        for quantity, text in words.items()
        if measured(runs, quantity.name)
    ]
    return (*shown[:1], *_examples(results), *shown[1:])


def _examples(results: Results) -> tuple[Figure, ...]:
    """The first stimuli of the first run that stored them; empty where none did."""
    found = (
        (run.seed, results.pictures[run.key][PICTURE])
        for run in results.runs
        if PICTURE in results.pictures.get(run.key, {})
    )
    seed, examples = next(found, (None, None))
    if examples is None:
        return ()
    thing = results.described.thing
    kinds = (thing, "silhouette", f"other {thing}", "its texture", "hybrid")
    rows = tuple(
        (name, tuple(Tile(image.astype(np.uint8), (), name) for image in images))
        for name, images in zip(kinds, examples, strict=True)
    )
    return (
        Figure(
            name="shape-stimuli",
            title=f"A {thing}'s silhouette filled with another {thing}'s texture",
            subtitle=with_remark(f"seed {seed}", data_remark(results.data)),
            caption=(
                "From top to bottom: a test image, its silhouette, an image of another class, its"
                " texture (6 x 6 pixels from inside, repeated), and the silhouette filled with it."
            ),
            description=(
                f"Images of {results.described.kind}, their silhouettes, other textures, and"
                " hybrids."
            ),
            drawing=ImageGrid(rows),
        ),
    )
