"""Every experiment has two conditions that must differ, and says when they do not."""

from __future__ import annotations

import pytest

from convbias.experiments import EXPERIMENTS, outcome_of
from convbias.spec.quantities import TEST_ACCURACY, TEST_LOSS
from factories import make_results

WITH_CONTROL = {
    name: each.positive_control for name, each in EXPERIMENTS.items() if each.positive_control
}


def test_few_experiments_have_controls_of_another_kind() -> None:
    # The report compares every arm of the original comparison with itself, with and without a
    # difference that is added; `corruption` compares strengths within each network; those on other
    # data have a planned contrast or a published number that must come out.
    others = {"original", "corruption", "tables", "graphs", "sequences", "language"}
    assert EXPERIMENTS.keys() - WITH_CONTROL.keys() <= others


@pytest.mark.parametrize("name", WITH_CONTROL)
@pytest.mark.parametrize(
    ("ahead", "verdict"), [(0.2, "holds"), (-0.2, "does not hold"), (0.0, "does not hold")]
)
def test_it_holds_only_where_the_better_condition_is_better(
    name: str, ahead: float, verdict: str
) -> None:
    control = WITH_CONTROL[name]
    assert control
    # In the unit of the quantity, many times its margin where the two differ.
    step = 100 * ahead * control.quantity.margin

    def values(condition: str, seed: int) -> dict[str, float]:
        value = 0.5 + 0.001 * control.quantity.margin * (seed % 3)
        value += step * (condition == control.treatment)
        in_score = control.quantity in (TEST_ACCURACY, TEST_LOSS)
        return {"accuracy": value} if in_score else {control.quantity.name: value}

    found = outcome_of(make_results(name, values, range(10))).controls[-1]
    assert found.verdict == verdict
    assert control.because in found.text
    assert "10 seed pairs" in found.text


@pytest.mark.parametrize("name", WITH_CONTROL)
def test_nothing_is_said_of_conditions_without_runs(name: str) -> None:
    results = make_results(name, lambda *_: {}, range(1))
    control = WITH_CONTROL[name]
    assert control
    if control.quantity not in (TEST_ACCURACY, TEST_LOSS):
        assert outcome_of(results).controls[-1].verdict == "not measured yet"
