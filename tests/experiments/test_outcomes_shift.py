"""The experiment on shifts, from results made by hand."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from convbias.experiments import EXPERIMENTS, outcome_of
from convbias.figures import DARK
from convbias.figures.conditions import means_over_seeds
from convbias.findings.statement import absent
from convbias.report.sections import experiment_section
from factories import make_results

ACCURACY = 0.9
LOSS_PER_PIXEL = {"dense": 0.1, "cnn": 0.01}


def values(condition: str, seed: int) -> dict[str, float]:
    """Falls by so much per pixel; seeds lie one percentage point, or 0.01, apart."""
    apart = 0.01 * (seed - 1)
    found = {
        f"accuracy_at_shift_{distance}": ACCURACY
        + apart
        - LOSS_PER_PIXEL.get(condition, 0) * distance
        for distance in range(7)
    }
    found |= {
        "shift_consistency": 0.8 + apart,
        "one_pixel_flip_probability": 0.25 + apart,
        "lie_derivative_probabilities_rows": 0.0001,
        "lie_derivative_probabilities_columns": 0.0007,
    }
    if condition.startswith("dense"):
        return found
    layers = ("conv_1", "conv_2") if "strides" in condition else ("conv_1", "pool_1", "conv_2")
    found |= {f"equivariance_error_{layer}": 0.3 + apart for layer in layers}
    if "strides" not in condition:
        found["equivariance_error_conv_1"] = 2e-7
    return found | {
        "stillness_conv_1": 0.7 + apart / 2,
        "stillness_pool_1": 0.6 + apart,
        "stillness_conv_2": 0.5 + apart,
        "stillness_pool_2": 0.4 + apart,
        "framed_equivariance_error_conv_1": 0.02 + apart / 10,
        "stride_one_circular_consistency": 1.0,
    }


def with_value(name: str, value: float, condition: str = "cnn"):
    return lambda each, seed: (
        values(each, seed) | ({name: value + 0.001 * seed} if each == condition else {})
    )


def statements(results):
    names = ("before", "after", "framed", "less changed", "flips", "slopes")
    return dict(zip(names, outcome_of(results).statements, strict=True))


def test_statements_by_hand():
    said = statements(make_results("shift", values))
    verdicts = {name: statement.verdict for name, statement in said.items()}
    assert verdicts == {
        "before": "holds",
        "after": "does not hold",
        "framed": "undecided",  # neither exact nor as large as what counts
        "less changed": "holds",
        "flips": "does not hold",
        "slopes": "does not hold",
    }
    # Five of the six convolutional conditions have no stride.
    assert "at most 2e-07 of the map, in 15 runs" in said["before"].text
    # 0.29, 0.30, 0.31: t(2, 0.975) = 4.303, times 0.01 / sqrt(3) is 0.025.
    assert "0.30 (95 % interval 0.28 to 0.32, 3 seeds) of the map" in said["after"].text
    assert "not moved at all, it would be 0.60" in said["after"].text
    assert "0.020 (95 % interval 0.018 to 0.022, 3 seeds)" in said["framed"].text
    assert (
        "0.70 (95 % interval 0.69 to 0.71, 3 seeds) of itself after the 1st convolution and by 0.60"
        in said["less changed"].text
    )
    assert said["flips"].text.count(" 25.00 (22.52 to 27.48)") == 8
    # The root of the mean of 1 and 7, 2, in hundredths.
    assert "dense 2.00 (" in said["slopes"].text


def test_where_maps_change_more_behind_a_pooling_it_adds_no_invariance():
    said = statements(make_results("shift", with_value("stillness_pool_2", 0.6)))
    assert said["less changed"].verdict == "does not hold"  # although behind the first they do less
    said = statements(make_results("shift", with_value("stillness_pool_2", 0.5)))
    assert said["less changed"].verdict == "undecided"


def test_the_frame_is_explained_where_pixels_are_standardised():
    results = make_results("shift", values)
    assert "standardises" not in statements(results)["framed"].text
    standardised = tuple(
        run.model_copy(
            update={
                "arm": run.arm.model_copy(
                    update={"recipe": run.arm.recipe.model_copy(update={"standardised": True})}
                )
            }
        )
        for run in results.runs
    )
    said = statements(replace(results, runs=standardised))["framed"].text
    assert "black is not the padding's zero" in said


def test_what_would_turn_a_verdict():
    assert (
        statements(make_results("shift", with_value("equivariance_error_conv_1", 0.001)))[
            "before"
        ].verdict
        == "does not hold"
    )
    exact = lambda each, seed: values(each, seed) | {"equivariance_error_pool_1": 1e-7}  # noqa: E731
    assert statements(make_results("shift", exact))["after"].verdict == "holds"
    framed = with_value("framed_equivariance_error_conv_1", 0.2)
    assert statements(make_results("shift", framed))["framed"].verdict == "does not hold"
    silent = lambda each, seed: values(each, seed) | {"one_pixel_flip_probability": 0.0}  # noqa: E731
    assert statements(make_results("shift", silent))["flips"].verdict == "holds"


@pytest.mark.parametrize(
    ("found", "verdict"),
    [
        ([0.0], "holds"),
        ([0.3, 0.3], "undecided"),
        ([0.3, 0.3, 0.3], "does not hold"),
        ([0.1, 0.1, 0.4], "undecided"),  # the mean's interval reaches below zero
        ([0.0, 0.0, 0.3], "undecided"),
    ],
)
def test_absence_is_judged_over_seeds(found, verdict):
    assert absent(found, none=0, matters=0.05) == verdict


def test_one_seed_decides_only_what_is_exact():
    verdicts = {
        name: statement.verdict
        for name, statement in statements(make_results("shift", values, seeds=(0,))).items()
    }
    assert verdicts.pop("before") == "holds"
    assert set(verdicts.values()) == {"undecided"}


@pytest.mark.parametrize(("consistency", "verdict"), [(1.0, "holds"), (0.999, "does not hold")])
def test_the_control_is_exact_or_fails(consistency, verdict):
    def found(condition, seed):
        changed = {"stride_one_circular_consistency": consistency} if seed == 1 else {}
        return values(condition, seed) | (changed if condition == "circular cnn" else {})

    (control,) = outcome_of(make_results("shift", found)).identities
    assert control.verdict == verdict
    assert f"in {18 if consistency == 1 else 17} of 18 runs" in control.text


def test_figures_show_every_condition_and_say_what_is_seen():
    accuracy, equivariance, consistency = outcome_of(make_results("shift", values)).figures
    assert [each.name for each in (accuracy, equivariance, consistency)] == [
        "shift-accuracy",
        "shift-equivariance",
        "shift-consistency",
    ]
    assert "dense from 90.0 to 30.0 % and cnn from 90.0 to 84.0 %" in accuracy.caption
    assert "0: 90.0, 1: 80.0, 2: 70.0" in accuracy.description
    assert all(name in accuracy.description for name in EXPERIMENTS["shift"].names)
    # A convolution with a stride is drawn where the others pool.
    strided = "cnn with strides: 1st pooling: 0.300, 2nd pooling: 0.300"
    assert strided in equivariance.description
    assert "dense" not in equivariance.description
    for figure in (accuracy, equivariance, consistency):
        assert "<svg" in figure.svg(DARK)


def test_means_and_intervals_along_a_curve_by_hand():
    rows = [("dense", "0", seed, value) for seed, value in enumerate((1.0, 2.0, 3.0))]
    table = pd.DataFrame(
        [*rows, ("dense", "1", 0, 7.0)], columns=["condition", "step", "seed", "value"]
    )
    first, second = means_over_seeds(table, ("condition", "step")).to_dict("records")
    assert (first["mean"], first["n"]) == (2, 3)
    # Student’s t for 2 degrees of freedom, 4.303, over the root of three.
    assert (first["low"], first["high"]) == pytest.approx((2 - 2.4841, 2 + 2.4841), abs=1e-4)
    assert (second["mean"], second["n"]) == (7, 1)
    assert np.isnan(second["low"])


def test_a_condition_looks_the_same_in_both_curves():
    looks = []
    for figure in outcome_of(make_results("shift", values)).figures[:2]:
        points = figure.specification()["layer"][-1]["encoding"]
        scales = [points[channel]["scale"] for channel in ("color", "shape")]
        looks.append([dict(zip(each["domain"], each["range"], strict=True)) for each in scales])
    (colours, shapes), (fewer_colours, fewer_shapes) = looks
    assert len(set(colours.values())) == len(colours) == 8
    assert fewer_colours.items() < colours.items()
    assert fewer_shapes.items() < shapes.items()


def test_one_seed_has_no_intervals():
    for seeds, layers in (((0, 1, 2), 4), ((0,), 3)):  # intervals, lines, runs, means
        figure = outcome_of(make_results("shift", values, seeds)).figures[0]
        assert len(figure.specification()["layer"]) == layers


def test_nothing_measured_is_said_and_not_drawn():
    for results in (
        make_results("shift", lambda _condition, _seed: {}),
        make_results("shift", lambda _condition, _seed: {}, seeds=(0,)),
    ):
        found = outcome_of(results)
        assert {
            each.verdict for each in (*found.statements, *found.identities, *found.controls)
        } == {"not measured yet"}
        assert found.figures == ()


def test_conditions_without_a_run_are_left_out():
    results = make_results("shift", values)
    some = tuple(run for run in results.runs if run.condition in ("dense", "circular cnn"))
    found = outcome_of(replace(results, runs=some))
    assert len(found.figures) == 3
    assert "circular cnn" in found.figures[0].description
    assert "polyphase" not in found.figures[0].description
    before, after, *_ = found.statements
    assert (before.verdict, after.verdict) == ("holds", "not measured yet")


def test_one_seed_of_every_condition_makes_a_section_without_intervals():
    made = experiment_section(make_results("shift", values, seeds=(0,)))
    assert made is not None
    assert {row.interval for row in made.conditions} == {"–"}
