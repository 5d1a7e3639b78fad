"""Contrasts at neighbouring learning rates: what moves, by how much, and what it decides."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from convbias.experiments.tuning import write_rates
from convbias.findings.evaluation import Finding, evaluate
from convbias.findings.results import ConditionRun
from convbias.runs.record import Run
from convbias.spec.arms import Arm, Convolutional, DataVariant, Dense, Model
from convbias.spec.experiment import Condition, Experiment, PlannedContrast
from convbias.spec.quantities import TEST_ACCURACY, TEST_LOSS, Quantity, share
from convbias.spec.rates import SearchedSetting, TriedRate, own_rates_path, setting_of
from convbias.spec.recipes import classic, scheduled
from convbias.statistics import paired_contrast
from factories import make_run

DATA = DataVariant(dataset="drawn")
ELSEWHERE = share("accuracy_dissimilar", "accuracy elsewhere", margin=0.01)


def tried(rate: float, accuracies: list[float], diverged: int = 0) -> TriedRate:
    return TriedRate(
        learning_rate=rate,
        seeds=tuple(range(len(accuracies))),
        diverged=diverged,
        validation_accuracy=tuple(accuracies),
        validation_loss=tuple(1 - value for value in accuracies if value),
        train_validation_gap=tuple(0.01 for value in accuracies if value),
    )


@pytest.fixture
def rates(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Searches of both networks; at the only neighbour of the dense one's rate a run diverged."""
    monkeypatch.setattr("platformdirs.user_config_dir", lambda _: str(tmp_path))
    rows: dict[Model, list[TriedRate]] = {
        Convolutional(): [
            tried(0.008, [0.81, 0.82, 0.80]),
            # Of five seeds three are shared, whose mean is 0.85, not 0.86.
            tried(0.016, [0.84, 0.85, 0.86, 0.87, 0.88]),
            tried(0.032, [0.83, 0.83, 0.86]),
        ],
        Dense(): [tried(0.016, [0.80, 0.80, 0.80]), tried(0.032, [0.5, 0.0, 0.5], diverged=1)],
    }
    found = [
        SearchedSetting(
            setting=setting_of(Arm(data=DATA, model=model, recipe=scheduled(2, 0.016))),
            learning_rate=0.016,
            search=tuple(of_model),
        )
        for model, of_model in rows.items()
    ]
    write_rates(found, own_rates_path())


def found(
    quantity: Quantity = TEST_ACCURACY,
    dense_rate: float = 0.016,
    difference: float = 0.05,
    dense_recipe: str = "tuned",
) -> Finding:
    experiment = Experiment(
        name="rates",
        title="",
        question="",
        conditions=(Condition("cnn", Convolutional()), Condition("dense", Dense())),
        contrasts=(PlannedContrast("cnn-over-dense", "", "cnn", "dense", quantity),),
        control="",
    )
    recipe = scheduled(2, dense_rate) if dense_recipe == "tuned" else classic(2)
    runs: list[ConditionRun] = []
    for seed in range(10):
        for name, model, value, of_arm in (
            ("cnn", Convolutional(), 0.8 + difference, scheduled(2, 0.016)),
            ("dense", Dense(), 0.8, recipe),
        ):
            run: Run = make_run(
                Arm(data=DATA, model=model, recipe=of_arm),
                seed,
                accuracy=value + 0.001 * (seed % 3),
                loss=1 - value,
                measures={ELSEWHERE.name: value, "train_validation_gap": 0.02},
            )
            runs.append(ConditionRun(**dict(run) | {"condition": name}))
    [finding] = evaluate(experiment, runs)
    return finding


@pytest.mark.usefixtures("rates")
def test_the_treatment_moves_by_the_change_on_the_seeds_that_both_rates_share() -> None:
    finding = found()
    assert finding.rate_steps is not None
    by_rate = {step.rate: step for step in finding.rate_steps}
    assert set(by_rate) == {0.008, 0.032}
    assert by_rate[0.008].seeds == 3
    assert by_rate[0.008].shift == pytest.approx(0.81 - 0.85)
    assert by_rate[0.032].shift == pytest.approx(0.84 - 0.85)
    assert finding.contrast is not None
    assert finding.contrast.shifts == pytest.approx((-0.04, -0.01))


@pytest.mark.usefixtures("rates")
def test_a_loss_moves_by_the_change_of_the_loss() -> None:
    finding = found(TEST_LOSS)
    assert finding.rate_steps is not None
    assert {step.rate: step.shift for step in finding.rate_steps} == {
        0.008: pytest.approx(0.04),
        0.032: pytest.approx(0.01),
    }


@pytest.mark.usefixtures("rates")
@pytest.mark.parametrize(
    ("difference", "verdict"), [(0.1, "better"), (0.03, "depends on the learning rate")]
)
def test_a_difference_that_a_step_would_turn_depends_on_the_rate(
    difference: float, verdict: str
) -> None:
    finding = found(difference=difference)
    assert finding.contrast is not None
    assert finding.contrast.verdict == verdict
    assert ("depends on the learning rate" in finding.sentence) == (verdict != "better")
    if verdict != "better":  # from 3.00 - 4.00 to 3.00 - 1.00 points
        assert "would be between -1.00 and +2.00" in finding.sentence


@pytest.mark.usefixtures("rates")
def test_nothing_is_known_where_a_rate_was_not_searched_or_the_score_is_another() -> None:
    assert found(dense_rate=0.02).rate_steps is None
    assert found(ELSEWHERE).rate_steps is None
    unknown = found(dense_rate=0.02).contrast
    assert unknown is not None
    assert (unknown.shifts, unknown.verdict) == ((), "better")


@pytest.mark.usefixtures("rates")
def test_a_fixed_recipe_takes_no_step() -> None:
    steps = found(dense_recipe="classic").rate_steps
    assert steps is not None
    assert {step.of_treatment for step in steps} == {True}


def test_a_baseline_s_change_moves_the_difference_the_other_way() -> None:
    from convbias.findings.rate_sensitivity import RateStep

    assert RateStep(of_treatment=True, rate=0.1, seeds=3, change=0.2).shift == 0.2
    assert RateStep(of_treatment=False, rate=0.1, seeds=3, change=0.2).shift == -0.2


@pytest.mark.parametrize(
    ("shift", "verdict"),
    [
        (0.0, "worse"),
        (0.005, "worse"),
        (0.02, "depends on the learning rate"),
        (-0.5, "worse"),
    ],
)
def test_a_disadvantage_holds_as_long_as_its_interval_stays_below_zero(
    shift: float, verdict: str
) -> None:
    differences = np.array([-0.011, -0.010, -0.009] * 4)  # Student's interval is -0.0106 to -0.0094
    contrast = paired_contrast(0.9 + differences, np.full(12, 0.9), margin=0.002)
    assert replace(contrast, shifts=(shift, 0.0)).verdict == verdict


@pytest.mark.parametrize(
    ("shift", "verdict"), [(0.0015, "equivalent"), (-0.0025, "depends on the learning rate")]
)
def test_equivalence_holds_as_long_as_the_difference_stays_within_the_margin(
    shift: float, verdict: str
) -> None:
    differences = np.array([-0.0002, 0.0, 0.0002] * 4)
    contrast = paired_contrast(0.9 + differences, np.full(12, 0.9), margin=0.002)
    assert contrast.verdict == "equivalent"
    assert replace(contrast, shifts=(shift,)).verdict == verdict
