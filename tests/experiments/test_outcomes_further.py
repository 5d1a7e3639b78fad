"""What came out of kernel size, location, permutation and choices, against answers by hand."""

from __future__ import annotations

from dataclasses import replace

import pytest

from convbias.experiments import outcome_of
from convbias.experiments.outcome import Outcome
from convbias.experiments.questions.kernel_size.question import MATCHED_FILTERS, condition_name
from factories import make_results

TEN = range(10)


def kernel_size(accuracy_of_5x5: float, seeds: range = TEN) -> Outcome:
    """5x5 has this accuracy however it is matched, 3x3 has 86 % and every other size 80 %."""
    parameters = {"3x3": 28_426, "9x9 at equal parameters": 28_826}

    def values(condition: str, seed: int) -> dict[str, float]:
        known = {"3x3": 0.86} | dict.fromkeys(
            (condition_name(5, matching) for matching in MATCHED_FILTERS), accuracy_of_5x5
        )
        noise = seed % 3 / 1_000
        return {
            "accuracy": known.get(condition, 0.8) + noise,
            "parameters": parameters.get(condition, 28_426),
        }

    return outcome_of(make_results("kernel-size", values, seeds))


@pytest.mark.parametrize(
    ("accuracy", "verdict", "over_3x3"),
    [(0.9, "holds", "+4.00 over 3x3"), (0.84, "does not hold", "-2.00 over 3x3")],
)
def test_whether_5x5_is_the_best_size(accuracy: float, verdict: str, over_3x3: str) -> None:
    found = kernel_size(accuracy)
    assert [statement.verdict for statement in found.statements] == [verdict] * 3
    assert all(over_3x3 in statement.text for statement in found.statements)
    assert "10 seed pairs" in found.statements[0].text


def test_three_seeds_do_not_decide_which_size_is_best() -> None:
    assert {each.verdict for each in kernel_size(0.9, range(3)).statements} == {"undecided"}


def test_matched_networks_are_counted() -> None:
    parameters, multiply_adds = kernel_size(0.9, range(1)).identities
    # 28,826 / 28,426 = 1.0141; 49 * (784 * 13 + 196 * 13 * 27) / 3,838,464 = 1.0083.
    assert "1.41 % (9x9 at equal parameters)" in parameters.text
    assert "0.83 % (7x7 at equal multiply-adds)" in multiply_adds.text
    assert (parameters.verdict, multiply_adds.verdict) == ("holds", "holds")


def test_single_pixels_alone_have_no_lines() -> None:
    results = make_results("kernel-size", lambda *_: {"parameters": 28_426})
    kept = tuple(run for run in results.runs if run.condition == "1x1 at equal width")
    found = outcome_of(replace(results, runs=kept))
    assert [figure.name for figure in found.figures] == ["kernel-size-conditions"]


def test_a_size_without_runs_leaves_its_matching_open() -> None:
    results = make_results("kernel-size", lambda *_: {"parameters": 28_426})
    kept = tuple(run for run in results.runs if run.condition != "7x7 at equal width")
    found = outcome_of(replace(results, runs=kept))
    assert [each.verdict for each in found.statements].count("not measured yet") == 1


def location(on_patches: float, circular: float, gap: float, seeds: range = TEN) -> Outcome:
    at_home = {"cnn on patches": on_patches, "circular cnn on patches": circular}

    def values(condition: str, seed: int) -> dict[str, float]:
        home = at_home.get(condition, 0.9)
        lost = gap if condition == "cnn trained in both corners" else 0.5
        return {
            "accuracy_similar": home,
            "accuracy_dissimilar": home - lost,
            "location_gap": lost + (seed % 2) / 1_000,
        }

    return outcome_of(make_results("location", values, seeds))


def test_place_alone_can_be_learned() -> None:
    found = location(on_patches=1.0, circular=0.5, gap=0.0)
    [forgets] = found.statements
    assert forgets.verdict == "does not hold"
    assert "100.00 %" in forgets.text
    assert [each.verdict for each in found.identities] == ["holds"]
    assert found.controls[0].verdict == "holds"


def test_a_network_that_forgets_is_right_on_half_of_the_patches() -> None:
    assert location(0.5, 0.5, 0.0).statements[0].verdict == "holds"


def test_controls_of_the_corners_can_fail() -> None:
    found = location(1.0, 0.5001, 0.3)
    free, circular = found.controls[0], found.identities[0]
    assert free.verdict == "does not hold"
    assert "30.05 percentage points" in free.text
    assert circular.verdict == "does not hold"


def test_one_seed_does_not_decide_the_corners() -> None:
    found = location(1.0, 0.5, 0.0, range(1))
    assert found.statements[0].verdict == "undecided"
    assert found.controls[0].verdict == "undecided"
    assert found.identities[0].verdict == "holds"


@pytest.mark.parametrize("name", ["permutation", "choices", "kernel-size"])
def test_figures_tell_every_condition(name: str) -> None:
    results = make_results(name, lambda *_: {"accuracy": 0.75}, range(1))
    first = outcome_of(results).figures[0]
    assert first.name == f"{name}-accuracy"
    if name == "permutation":
        along = ", ".join(f"{block}: 75.00" for block in (1, 2, 4, 7, 14, 28))
        assert f"dense: {along}; cnn-3x3: {along}." in first.description
    if name == "choices":
        # Kernels of single pixels are told, not drawn, because they would squeeze all others.
        names = [each for each in results.experiment.names if each != "1x1"]
        assert all(f"{condition} 75.00 (n = 1)" in first.description for condition in names)
        assert "1x1 kernels see single pixels; their 75.00 %" in first.caption
    assert first.svg().startswith("<svg")


def test_parameters_are_counted_again_by_arithmetic() -> None:
    counted = {
        "as built": 28_426,
        "1x1": 11_786,  # 64 + 2,112 + 8,320 + 1,290
        "flatten": 421_642,  # 18,816 + 3,136 * 128 + 128 + 1,290
        "flatten (matched)": 28_396,
    }

    def values(condition: str, _: int) -> dict[str, float]:
        return {"parameters": counted[condition]} if condition in counted else {}

    [control] = outcome_of(make_results("choices", values, range(1))).identities
    assert control.verdict == "holds"
    assert "flatten 421,642," in control.text
    counted["1x1"] += 1
    [control] = outcome_of(make_results("choices", values, range(1))).identities
    assert control.verdict == "does not hold"
    assert "1x1 11,787 instead of 11,786" in control.text


@pytest.mark.parametrize(
    ("on_blocks", "spread", "verdict"),
    [(0.85, 0.001, "holds"), (0.84, 0.001, "does not hold"), (0.8485, 0.01, "undecided")],
)
def test_the_dense_network_must_not_care_about_shuffling(
    on_blocks: float, spread: float, verdict: str
) -> None:
    def values(condition: str, seed: int) -> dict[str, float]:
        whole = condition == "dense on whole images"
        noise = 0 if whole else ((7 * seed) % 10 - 4.5) / 5 * spread
        return {"accuracy": (0.85 if whole else on_blocks) + noise}

    control, _ = outcome_of(make_results("permutation", values, TEN)).controls
    assert control.verdict == verdict
    assert "10 seed pairs" in control.text


def test_corners_that_are_not_measured_have_no_figure() -> None:
    found = outcome_of(make_results("location", lambda *_: {"accuracy": 0.75}, range(1)))
    assert found.figures == ()
    assert {each.verdict for each in (*found.statements, *found.identities)} == {"not measured yet"}
    assert [figure.name for figure in location(1.0, 0.5, 0.0).figures] == [
        "location-accuracy",
        "location-gap",
    ]
