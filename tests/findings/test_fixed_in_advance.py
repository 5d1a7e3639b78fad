"""A contrast decides something only with runs that were trained after it had been fixed."""

from __future__ import annotations

from dataclasses import replace

import pytest

from convbias.errors import InputError
from convbias.experiments import EXPERIMENTS, ORIGINAL
from convbias.experiments.studies import load_study
from convbias.findings.evaluation import Finding, evaluate
from convbias.findings.multiplicity import over_study
from convbias.findings.results import ConditionRun
from convbias.spec.experiment import Experiment
from convbias.spec.preregistration import (
    Preregistration,
    RegisteredContrast,
    preregister,
    registered_contrast,
)
from factories import make_arm, make_runs

DENSE = [0.870, 0.872, 0.868, 0.873, 0.869, 0.871, 0.874, 0.870]
CNN = [0.900, 0.905, 0.899, 0.907, 0.898, 0.903, 0.907, 0.900]
ACCURACY = ORIGINAL.contrasts[0]


def fixed(*contrasts: RegisteredContrast) -> Preregistration:
    """What was fixed of the original comparison: some contrasts of its, and nothing else."""
    study = load_study("smoke").of_experiment("original")
    whole = preregister(study, {"original": ORIGINAL}, "0.0.0 (abc)", "2026-01-01T00:00:00+00:00")
    changed = whole.experiments["original"].model_copy(update={"contrasts": contrasts})
    return whole.model_copy(update={"experiments": {"original": changed}})


OF_ACCURACY = registered_contrast(ACCURACY, make_arm("cnn-3x3"), make_arm("dense"))
EARLY, LATE = fixed(), fixed(OF_ACCURACY)


def trained_under(
    arm: str, values: list[float], preregistrations: list[Preregistration | None]
) -> list[ConditionRun]:
    return [
        run.model_copy(update={"preregistration": each.hash if each else None, "fixed": each})
        for run, each in zip(make_runs(arm, values), preregistrations, strict=True)
    ]


def found(dense: list[Preregistration | None], cnn: list[Preregistration | None]) -> Finding:
    runs = [*trained_under("dense", DENSE, dense), *trained_under("cnn-3x3", CNN, cnn)]
    return evaluate(ORIGINAL, runs)[0]


@pytest.mark.parametrize("late", ["both", "dense", "cnn", "unknown"])
def test_a_contrast_fixed_before_either_arm_was_trained_is_judged(late: str) -> None:
    dense = [LATE if late in ("both", "dense") else EARLY] * 8
    cnn = [LATE if late in ("both", "cnn") else EARLY] * 8
    finding = found([None] * 8, [None] * 8) if late == "unknown" else found(dense, cnn)
    assert finding.contrast
    assert finding.contrast.verdict == "better"
    assert finding.seen_before == ()


def test_a_contrast_added_after_both_arms_were_trained_is_exploratory() -> None:
    finding = found([EARLY] * 8, [EARLY] * 8)
    assert finding.contrast
    assert finding.contrast.verdict == "exploratory"
    assert finding.contrast.n == 8
    assert "added after these runs had been trained" in finding.remarks[0]


def test_new_seeds_decide_it_and_the_earlier_ones_are_left_out() -> None:
    plans = [EARLY, EARLY, *[LATE] * 6]
    finding = found(plans, plans)
    assert finding.contrast
    assert finding.seeds == (2, 3, 4, 5, 6, 7)
    assert finding.seen_before == (0, 1)
    assert finding.unpaired == ()
    mean = sum(CNN[2:]) / 6 - sum(DENSE[2:]) / 6
    assert finding.contrast.difference == pytest.approx(mean)
    assert finding.contrast.verdict == "better"
    assert finding.remarks[-1].endswith("excluded: seeds 0, 1.")


def test_a_preregistration_that_is_not_stored_fixes_nothing() -> None:
    runs = [
        run.model_copy(update={"fixed": None})
        for arm, values in (("dense", DENSE), ("cnn-3x3", CNN))
        for run in trained_under(arm, values, [LATE] * 8)
    ]
    contrast = evaluate(ORIGINAL, runs)[0].contrast
    assert contrast
    assert contrast.exploratory


@pytest.mark.parametrize(
    "changes",
    [
        {"margin": 0.1},
        {"quantity": "test_loss"},
        {"treatment": make_arm("cnn-3x3", epochs=11).hash},
        {"baseline": make_arm("cnn-5x5").hash},
    ],
)
def test_another_margin_quantity_or_arm_is_another_contrast(changes: dict[str, object]) -> None:
    other = fixed(OF_ACCURACY.model_copy(update=changes))
    contrast = found([other] * 8, [other] * 8).contrast
    assert contrast
    assert contrast.exploratory


def test_exploratory_contrasts_are_in_no_correction() -> None:
    finding = found([EARLY] * 8, [EARLY] * 8)
    runs = [
        run
        for arm, values in (("dense", DENSE), ("cnn-3x3", CNN))
        for run in trained_under(arm, values, [EARLY] * 8)
    ]
    only_loss = fixed(registered_contrast(ORIGINAL.contrasts[1], runs[8].arm, runs[0].arm))
    known = [
        run.model_copy(update={"fixed": only_loss, "preregistration": only_loss.hash})
        for run in runs
    ]
    accuracy, loss, *_ = evaluate(ORIGINAL, known)
    assert accuracy.contrast
    assert accuracy.contrast.exploratory
    assert accuracy.contrast.adjusted_p_value == accuracy.contrast.p_value
    assert loss.contrast
    assert loss.contrast.comparisons == 1
    rows = over_study({"original": [finding, replace(loss, contrast=loss.contrast)]})
    assert [row.finding.planned.name for row in rows] == [loss.planned.name]


def test_the_hash_covers_what_is_fixed_and_neither_time_nor_commit() -> None:
    study = load_study("smoke")
    first = preregister(study, EXPERIMENTS, "1", "2026-01-01T00:00:00+00:00")
    later = preregister(study, EXPERIMENTS, "2", "2027-01-01T00:00:00+00:00")
    assert first.hash == later.hash
    others = [
        preregister(study.with_seeds((5, 6)), EXPERIMENTS, "1", ""),
        preregister(study.model_copy(update={"epochs": 3}), EXPERIMENTS, "1", ""),
        preregister(study.model_copy(update={"looks": (4, 8)}), EXPERIMENTS, "1", ""),
        preregister(study, {"original": without_last_contrast(ORIGINAL)}, "1", ""),
    ]
    assert len({first.hash, *(each.hash for each in others)}) == 1 + len(others)
    assert Preregistration.model_validate_json(first.model_dump_json()).hash == first.hash


def without_last_contrast(experiment: Experiment) -> Experiment:
    return replace(experiment, contrasts=experiment.contrasts[:-1])


def test_experiments_without_learning_rates_hinder_no_other() -> None:
    # The recipe `tuned` has rates for the four networks of the original comparison only.
    study = load_study("first")
    fixed_by_it = preregister(study, EXPERIMENTS, "1", "").experiments
    assert {"original", "recipe"} <= fixed_by_it.keys()
    assert "choices" not in fixed_by_it
    impossible = study.model_copy(update={"experiments": ("original", "choices")})
    with pytest.raises(InputError):
        preregister(impossible, EXPERIMENTS, "1", "")


def test_experiments_that_are_not_run_have_no_seeds() -> None:
    fixed = preregister(load_study("smoke").with_seeds((5, 6)), EXPERIMENTS, "1", "").experiments
    seeds = {name: each.seeds for name, each in fixed.items()}
    assert seeds.pop("original") == (5, 6)
    assert set(seeds.values()) == {()}


def test_every_contrast_of_every_experiment_is_fixed() -> None:
    study = load_study("full")
    whole = preregister(study, EXPERIMENTS, "1", "")
    for name, experiment in EXPERIMENTS.items():
        arms = study.arms(experiment)
        for planned in experiment.contrasts:
            contrast = registered_contrast(planned, arms[planned.treatment], arms[planned.baseline])
            assert whole.has(name, contrast)
            assert not whole.has("another", contrast)
