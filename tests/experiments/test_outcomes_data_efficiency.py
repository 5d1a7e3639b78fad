"""Ratios of images against curves whose ratio is known by construction."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest

from convbias.experiments import outcome_of
from convbias.experiments.questions.data_efficiency.question import SUBSETS
from convbias.findings.results import Results
from factories import make_results


def results_of(factor: float = 3.0, seeds=(0, 1, 2)) -> Results:
    """Accuracy of the dense network rises with log n; the CNN's at n is the dense one's at k n."""

    def values(condition, seed):
        model, images = condition.split(" on ")
        size = int(images.removesuffix(" images").replace(",", ""))
        times = factor if model == "cnn-3x3" else 1
        return {"accuracy": 0.3 + 0.05 * math.log(times * size) + 0.002 * seed}

    return make_results("data-efficiency", values, seeds)


def kept(results: Results, wanted) -> Results:
    return replace(results, runs=tuple(run for run in results.runs if wanted(run)))


def size_of(run) -> int:
    return run.arm.data.training_images


def test_three_times_the_images():
    outcome = outcome_of(results_of(3.0))
    mean, bounds = outcome.statements
    # 3 n is inside the dense network's sizes up to n = 10,000; 30,000 and 54,000 are beyond.
    assert "dense needs 3 times as many (95 % interval" in mean.text
    assert "on 100, 300, 1,000, 3,000 and 10,000 images" in mean.text
    assert "2 further sizes" in mean.text
    assert mean.verdict == "holds"
    assert "more than 1.8 with 30,000 images" in bounds.text  # 54,000 / 30,000
    assert "54,000 images" not in bounds.text
    assert bounds.verdict == "holds"
    assert [figure.name for figure in outcome.figures] == [
        "data-efficiency-accuracy",
        "data-efficiency-ratio",
    ]
    assert "54,000 images: more than 1" in outcome.figures[1].caption


def test_the_other_way_round_it_does_not_hold():
    mean, bounds = outcome_of(results_of(0.2)).statements
    assert "dense needs 0.2 times as many" in mean.text
    assert mean.verdict == "does not hold"
    assert "less than 0.333 with 300 images" in bounds.text  # 100 / 300
    assert " 100 images" not in bounds.text
    assert bounds.verdict == "does not hold"


def test_equal_networks_are_undecided():
    [mean] = outcome_of(results_of(1.0)).statements
    assert "dense needs 1 times as many" in mean.text
    assert mean.verdict == "undecided"


def test_two_seeds_are_undecided():
    outcome = outcome_of(results_of(3.0, seeds=(0, 1)))
    assert {each.verdict for each in outcome.statements} == {"undecided"}


def test_missing_runs_leave_the_largest_complete_table():
    # Without seed 2 at 300: seven sizes of two seeds are 14 cells, six sizes of three are 18.
    results = kept(results_of(), lambda run: (size_of(run), run.seed) != (300, 2))
    text = outcome_of(results).statements[0].text
    assert "3 seeds" in text
    assert "on 100, 1,000, 3,000 and 10,000 images" in text
    # Without seed 2 at all but one size: seven of two seeds.
    results = kept(results_of(), lambda run: run.seed < 2 or size_of(run) == 300)
    assert "2 seeds" in outcome_of(results).statements[0].text


@pytest.mark.parametrize(
    "wanted",
    [
        lambda run: size_of(run) == SUBSETS[0],
        lambda run: run.condition.startswith("dense"),
        lambda run: run.condition == "cnn-3x3 on 300 images" and run.seed == 1,
        lambda run: (run.seed == 0) == run.condition.startswith("dense"),
    ],
)
def test_below_two_common_sizes_nothing_is_said(wanted):
    outcome = outcome_of(kept(results_of(), wanted))
    assert [each.verdict for each in outcome.statements] == ["not measured yet"]
    assert len(outcome.figures) == 1


def test_one_measured_size_is_reported_as_itself():
    # 100 and 300 at a ratio of 3: that of 100 is measured, that of 300 more than 1.
    [only] = outcome_of(kept(results_of(), lambda run: size_of(run) <= 300)).statements
    assert "as accurate as cnn-3x3 on 100, dense needs 3 times as many" in only.text
    assert only.verdict == "holds"


def test_beyond_every_size_there_are_bounds_alone():
    [bounds] = outcome_of(results_of(10_000.0)).statements
    assert "more than 540 with 100 images (95 % interval 540 to no bound)" in bounds.text
    assert bounds.verdict == "holds"


def test_controls():
    results = results_of()
    itself, steps = outcome_of(results).identities
    assert (itself.verdict, steps.verdict) == ("holds", "holds")
    assert "dense against itself, on the same runs: 1 times the images at 7 sizes" in itself.text
    assert "54,000 images" in steps.text
    first, *others = results.runs
    fewer = first.arm.recipe.model_copy(update={"images_per_epoch": 100})
    changed = first.model_copy(update={"arm": first.arm.model_copy(update={"recipe": fewer})})
    control = outcome_of(replace(results, runs=(changed, *others))).identities[1]
    assert control.verdict == "does not hold"
