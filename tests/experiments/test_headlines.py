"""The short findings of figures: their length, their numbers and their verdicts."""

from __future__ import annotations

import re
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from convbias.experiments import EXPERIMENTS, headlines_of, outcome_of
from convbias.experiments.outcome import Outcome
from convbias.experiments.studies import load_study
from convbias.figures import ImageGrid
from convbias.findings.evaluation import evaluate, evaluated
from convbias.findings.headlines import MOST_WORDS, gain, refutes, supports
from convbias.findings.results import Results, collect
from convbias.findings.statement import Statement
from convbias.report.answer import Answer, by_verdict, original_headlines
from convbias.runs.store import Store
from convbias.statistics import Contrast, paired_contrast

PUBLISHED = Path(__file__).parents[2] / "results" / "full" / "runs"
FURTHER = [name for name in EXPERIMENTS if name != "original"]


@cache
def published(name: str) -> Results:
    study = load_study("full")
    if name not in study.experiments:
        pytest.skip(f"{name} is not published")
    return collect(study, EXPERIMENTS[name], Store(PUBLISHED))


def short(results: Results) -> tuple[Outcome, dict[str, Statement]]:
    contrasts = evaluated(evaluate(results.experiment, results.runs))
    outcome = outcome_of(results)
    return outcome, headlines_of(results, contrasts, outcome)


@pytest.mark.parametrize("name", FURTHER)
def test_every_figure_has_a_finding_that_is_short(name: str) -> None:
    results = published(name)
    if not results.runs:  # not published yet, so there is nothing to say
        assert short(results)[1] == {}
        return
    outcome, found = short(results)
    # Images of stimuli illustrate; they find nothing.
    finding = [each for each in outcome.figures if not isinstance(each.drawing, ImageGrid)]
    assert list(found) == [figure.name for figure in finding]
    for headline in found.values():
        assert len(headline.text.split()) <= MOST_WORDS
        assert headline.text.endswith(".")
        assert "not measured" not in headline.text
        assert headline.verdict != "not measured yet"


@pytest.mark.parametrize("name", FURTHER)
def test_half_a_study_decides_nothing(name: str) -> None:
    results = published(name)
    if not results.runs:  # not published yet, so there is nothing to say
        assert short(results)[1] == {}
        return
    first = results.runs[0]
    alone = replace(results, runs=(first,))
    outcome, found = short(alone)
    assert {figure.name for figure in outcome.figures} >= set(found)
    for headline in found.values():
        assert len(headline.text.split()) <= MOST_WORDS
        assert headline.verdict in ("not measured yet", "undecided")


def contrast(difference: float, spread: float = 0.0001) -> Contrast:
    noise = spread * np.array([-1, 0, 1] * 4)
    return paired_contrast(0.8 + difference + noise, np.full(12, 0.8), margin=0.002)


@pytest.mark.parametrize(
    ("found", "for_it", "against_it", "written"),
    [
        (contrast(0.0123), "holds", "does not hold", "+1.23"),
        (contrast(-0.0123), "does not hold", "holds", "-1.23"),
        (contrast(0.0001), "does not hold", "does not hold", "+0.01"),
        (contrast(0.01, spread=0.5), "undecided", "undecided", "+1.00 (undecided)"),
        (
            replace(contrast(0.0123), shifts=(-0.02,)),
            "depends",
            "depends",
            "+1.23 (depends on the learning rate)",
        ),
        (None, "not measured yet", "not measured yet", "not measured"),
    ],
)
def test_verdicts_and_numbers_of_contrasts(
    found: Contrast | None, for_it: str, against_it: str, written: str
) -> None:
    assert (supports(found), refutes(found), gain(found)) == (for_it, against_it, written)


def test_the_recipe_decides_who_is_ahead() -> None:
    _, found = short(published("recipe"))
    [headline] = found.values()
    # The contrasts were chosen after test results of these seeds had been seen.
    assert headline.verdict == "undecided"
    assert "(exploratory)" in headline.text
    leads = [
        100 * (np.mean(_accuracies(f"{recipe}cnn-3x3")) - np.mean(_accuracies(f"{recipe}dense")))
        for recipe in ("", "classic ")
    ]
    numbers = [float(number) for number in re.findall(r"[+-][0-9.]+", headline.text)]
    assert numbers == pytest.approx(leads, abs=0.0051)


def _accuracies(condition: str) -> list[float]:
    runs = [run for run in published("recipe").runs if run.condition == condition]
    return [run.test.accuracy for run in runs if run.test]


def test_findings_of_the_original_comparison_are_short_without_any_run() -> None:
    from convbias.findings.claims import ClaimResult, claims

    judged = [ClaimResult(claim, "not measured yet", "nothing") for claim in claims()]
    for headline in original_headlines({}, [], judged).values():
        assert len(headline.text.split()) <= MOST_WORDS
        assert headline.verdict in ("not measured yet", "undecided")


def test_findings_are_sorted_by_their_verdicts() -> None:
    verdicts = ("undecided", "holds", "depends", "does not hold", "holds")
    answers = [Answer(Statement(str(place), verdict), "") for place, verdict in enumerate(verdicts)]
    assert [
        (title, [each.finding.text for each in of_group]) for title, of_group in by_verdict(answers)
    ] == [
        ("What holds", ["1", "4"]),
        ("What depends", ["2"]),
        ("What does not hold", ["3"]),
        ("What is undecided", ["0"]),
    ]
