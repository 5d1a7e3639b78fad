"""The page that compares data sets: verdicts and counts of made-up studies."""

from __future__ import annotations

import pytest
from tools.across_page import Studied, carries_over, compared

from convbias.spec.datasets import DatasetName
from factories import make_results


def studied(title: str, dataset: DatasetName, ahead: float, seeds: int = 10) -> Studied:
    """The original comparison, in which the 3x3 CNN is ahead, and the larger kernels are its like.

    The lead wavers from seed to seed, so that few seeds decide nothing.
    """

    def values(condition: str, seed: int) -> dict[str, float]:
        lead = ahead + (0.01 if seed % 2 else -0.01) / 5
        return {"accuracy": 0.8 if condition == "dense" else 0.8 + lead, "loss": 0.3}

    return Studied(title, (make_results("original", values, range(seeds), dataset=dataset),))


@pytest.fixture(scope="module")
def blocks() -> dict[str, str]:
    return compared(
        [
            studied("Fashion-MNIST, longer", "fashion-mnist", 0.03),
            studied("Fashion-MNIST", "fashion-mnist", 0.02),
            studied("MNIST", "mnist", -0.02),
            studied("few", "digits", 0.02, seeds=3),
        ]
    )


def test_a_question_has_each_data_sets_verdict_and_difference(blocks: dict[str, str]) -> None:
    first = next(row for row in blocks["contrasts"].splitlines() if "3x3 CNN classify more" in row)
    question, longer, fashion, mnist, few, over = (cell.strip() for cell in first.split("|")[1:-1])
    assert question.endswith("(percentage points)")
    assert longer.startswith("better: +3.0")
    assert fashion.startswith("better: +2.0")
    assert mnist.startswith("worse: -2.0")
    assert few.startswith("undecided: +")
    assert over == "MNIST: no; few: undecided"


def test_verdicts_are_counted_against_those_of_equal_length(blocks: dict[str, str]) -> None:
    """The three contrasts beside the lead are of equal scores on every data set."""
    assert blocks["summary"].splitlines() == [
        "- MNIST: of 4 verdicts on Fashion-MNIST, the same in 3, different in 1, undecided in 0.",
        "- few: of 4 verdicts on Fashion-MNIST, the same in 0, different in 0, undecided in 4.",
    ]


def test_an_experiment_that_only_the_published_study_has_is_left_out() -> None:
    alone = make_results("sharing", lambda _condition, _seed: {}, range(3))
    longer = studied("Fashion-MNIST, longer", "fashion-mnist", 0.03)
    both = Studied(longer.title, (*longer.experiments, alone))
    shorter = studied("Fashion-MNIST", "fashion-mnist", 0.02)
    text = compared([both, shorter])["contrasts"]
    assert text.count("###") == 1
    assert alone.experiment.title not in text


@pytest.mark.parametrize("known", ["better", "worse", "equivalent", "undecided", "exploratory"])
def test_only_decided_verdicts_carry_over(known: str) -> None:
    assert carries_over(known, known) == (
        "yes" if known in ("better", "worse", "equivalent") else "undecided"
    )
