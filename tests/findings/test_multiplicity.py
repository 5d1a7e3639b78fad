"""Holm within an experiment, Benjamini and Hochberg over the study, duplicates counted once."""

from __future__ import annotations

import pytest
from scipy import stats

from convbias.experiments import ORIGINAL
from convbias.findings.evaluation import Finding, evaluate
from convbias.findings.multiplicity import over_study
from convbias.spec.experiment import Experiment, PlannedContrast, conditions_of
from convbias.spec.quantities import TEST_ACCURACY
from factories import make_runs

DENSE = [0.88 + 0.001 * seed for seed in range(8)]
CNN = [0.90 + 0.0015 * seed for seed in range(8)]
LARGER = [0.9012 + 0.0012 * seed for seed in range(8)]
RUNS = [*make_runs("dense", DENSE), *make_runs("cnn-3x3", CNN), *make_runs("cnn-5x5", LARGER)]


def experiment(*pairs: tuple[str, str]) -> list[Finding]:
    made = Experiment(
        name="made",
        title="",
        question="",
        conditions=conditions_of(ORIGINAL.models),
        contrasts=tuple(
            PlannedContrast(f"{first}-over-{second}", "?", first, second, TEST_ACCURACY)
            for first, second in pairs
        ),
        control="",
    )
    return evaluate(made, RUNS)


def test_over_the_study_p_values_are_those_of_benjamini_and_hochberg():
    findings = {
        "one": experiment(("cnn-3x3", "dense"), ("cnn-5x5", "cnn-3x3")),
        "other": experiment(("cnn-5x5", "dense")),
    }
    rows = over_study(findings)
    assert [(row.experiment, row.finding.planned.name) for row in rows] == [
        ("one", "cnn-3x3-over-dense"),
        ("one", "cnn-5x5-over-cnn-3x3"),
        ("other", "cnn-5x5-over-dense"),
    ]
    alone = [row.finding.contrast.p_value for row in rows]
    assert [row.over_study.adjusted_p_value for row in rows] == pytest.approx(
        stats.false_discovery_control(alone)
    )
    assert {row.over_study.comparisons for row in rows} == {3}
    assert {row.same_as for row in rows} == {None}
    # Within the experiments nothing changes.
    assert rows[2].finding.contrast.adjusted_p_value == alone[2]


def test_the_same_runs_count_once_whichever_arm_comes_first():
    findings = {
        "one": experiment(("cnn-3x3", "dense"), ("cnn-5x5", "cnn-3x3")),
        "other": experiment(("dense", "cnn-3x3")),
    }
    *first, duplicate = over_study(findings)
    assert duplicate.same_as == ("one", "cnn-3x3-over-dense")
    assert {row.over_study.comparisons for row in (*first, duplicate)} == {2}
    original = first[0].over_study
    assert duplicate.over_study.adjusted_p_value == original.adjusted_p_value
    assert duplicate.over_study.difference == pytest.approx(-original.difference)
    assert (original.verdict, duplicate.over_study.verdict) == ("better", "worse")


def test_without_a_pair_there_is_no_row():
    findings = {"one": experiment(("cnn-7x7", "dense"), ("cnn-3x3", "dense"))}
    assert [row.finding.planned.name for row in over_study(findings)] == ["cnn-3x3-over-dense"]
