"""Contrasts at several looks: by hand, and how often they err over all looks."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from scipy import stats
from tools.looks import simulation
from tools.looks.designs import chance_of_crossing
from tools.looks.studies import Spread, draw, p_values_of

from convbias.errors import InputError
from convbias.spec.looks import check_looks, latest_look, planned_looks
from convbias.statistics import (
    SequentialContrast,
    crossed_interval,
    holm_over,
    sequential_contrast,
)
from error_rates import binomial_bounds

DIFFERENCES = np.array([0.03, 0.03, 0.04, 0.03])  # mean 0.0325, standard deviation 0.005: t = 13


def compare(differences: np.ndarray, looks: tuple[int, ...], **more) -> SequentialContrast:
    return sequential_contrast(
        0.9 + differences, np.full(differences.size, 0.9), looks=looks, **{"margin": 0.002} | more
    )


def test_looks_double_until_the_last_one():
    assert planned_looks(4) == (4,)
    assert planned_looks(8) == (4, 8)
    assert planned_looks(9) == (4, 8, 9)
    assert planned_looks() == (4, 8, 16, 30)
    with pytest.raises(InputError):
        planned_looks(3)
    for wrong in ((3, 8), (8, 4), (4, 4)):
        with pytest.raises(InputError):
            check_looks(wrong)
    assert [latest_look(pairs, (4, 8)) for pairs in (3, 4, 7, 8, 30)] == [None, 4, 4, 8, 8]


@pytest.mark.parametrize("looks", [(4,), (4, 8), (4, 8, 16, 30)])
def test_each_look_has_its_share_of_the_errors(looks):
    found = compare(DIFFERENCES, looks)
    p_value = 2 * stats.t.sf(13, df=3)
    assert found.p_value == pytest.approx(len(looks) * p_value)
    half_width = stats.t.ppf(1 - 0.025 / len(looks), df=3) * 0.0025
    assert found.interval.ends == pytest.approx((0.0325 - half_width, 0.0325 + half_width))
    assert found.interval.confidence == 0.95
    # The distance from the margin of 0.0425 is 0.01, four standard errors.
    near = compare(DIFFERENCES, looks, margin=0.0425)
    assert near.equivalence_p_value == pytest.approx(len(looks) * stats.t.sf(4, df=3))


def test_holm_corrects_a_family_of_looked_at_contrasts():
    first, second = holm_over([compare(DIFFERENCES, (4, 8)), compare(DIFFERENCES[::-1], (4, 8))])
    assert first.adjusted_p_value == pytest.approx(2 * 2 * 2 * stats.t.sf(13, df=3))
    assert (first.verdict, second.comparisons) == ("better", 2)


def test_only_the_pairs_of_the_latest_look_count():
    more = np.append(DIFFERENCES, [-1.0, -1.0, -1.0])
    assert compare(more, (4, 8)) == compare(DIFFERENCES, (4, 8))


def test_before_the_first_look_there_is_no_verdict():
    found = compare(DIFFERENCES[:3], (4, 8), margin=10.0)
    assert (found.p_value, found.equivalence_p_value) == (1, 1)
    assert found.verdict == "undecided"
    assert "4 seed pairs" in found.limit
    assert found.fewest_pairs == 4
    assert compare(DIFFERENCES, (4, 8)).limit is None


def test_equal_differences_prove_no_more_than_their_signs():
    assert compare(np.full(4, 0.03), (4, 8)).p_value == pytest.approx(2 * 2 / 2**4)


def test_a_difference_needs_seeds_and_images():
    rng = np.random.default_rng(0)
    treatment, baseline = rng.random((2, 6, 50)) < np.array([0.9, 0.6])[:, None, None]
    scores = (treatment[:4], baseline[:4])
    of_seeds = (treatment.mean(axis=1), baseline.mean(axis=1))
    found = sequential_contrast(
        *of_seeds, looks=(4, 8), margin=0.002, of_images=(treatment, baseline)
    )
    alone = sequential_contrast(*of_seeds, looks=(4, 8), margin=0.002)
    over_both = crossed_interval(*scores, confidence=0.975)
    widths = [interval.high - interval.low for interval in (over_both, alone.interval)]
    assert found.interval.high - found.interval.low == pytest.approx(max(widths))
    assert found.p_value >= alone.p_value
    # Noise that all seeds share is noise of the images alone.
    shared = rng.random((1, 400)) < 0.02
    same = np.repeat(shared, 4, axis=0)
    slightly = sequential_contrast(
        same.mean(axis=1) + 1e-9 * np.arange(4),
        np.zeros(4),
        looks=(4,),
        margin=0.5,
        of_images=(same, np.zeros_like(same)),
    )
    assert slightly.p_value == pytest.approx(
        2 * stats.t.sf(shared.mean() / (shared.std(ddof=1) / 20), df=399), rel=1e-6
    )


def test_pairs_that_decide_are_the_first_that_do():
    rng = np.random.default_rng(1)
    noise = rng.normal(0, 0.01, 8)
    noise = 0.004 + (noise - noise.mean()) / noise.std(ddof=1) * 0.01
    found = compare(noise, (4, 8))
    assert found.verdict == "undecided"
    pairs = found.pairs_to_decide()

    def decided(count: int) -> bool:
        return 0.004 / (0.01 / np.sqrt(count)) > stats.t.ppf(1 - 0.05 / 2 / 2, df=count - 1)

    assert decided(pairs)
    assert not decided(pairs - 1)
    # A difference of two margins that the images leave uncertain cannot be decided by seeds.
    uncertain = sequential_contrast(
        *np.random.default_rng(2).normal(0.5, 0.001, (2, 4)) + np.array([[0.004], [0.0]]),
        looks=(4, 8),
        margin=0.002,
        of_images=(np.eye(4, 40) + 0.25, np.full((4, 40), 0.25)),
    )
    assert uncertain.image_error >= 0
    assert uncertain.pairs_to_decide() is None or uncertain.image_error < 0.002


def test_simulated_studies_are_judged_as_the_package_does():
    spread = simulation.NO_IMAGES
    drawn = draw(spread, 0.3, studies=20, pairs=8, rng=np.random.default_rng(3))
    simulated = p_values_of(drawn, spread, margin=0.2, rng=np.random.default_rng(4))
    for index, differences in enumerate(drawn):
        found = sequential_contrast(differences, np.zeros(8), looks=(8,), margin=0.2)
        assert simulated.both[index] == pytest.approx(found.p_value)
        assert simulated.equivalence[index] == pytest.approx(found.equivalence_p_value)


@pytest.mark.parametrize("images", [None, 0.2])
def test_a_difference_that_is_said_to_be_found_is(images):
    studies, pairs = 3_000, 8
    spread = Spread("made", 0.1, 0.1, images)
    sd = np.hypot(spread.seeds, spread.answers)
    noise = np.random.default_rng(5).normal(size=pairs)
    noise = sd * (noise - noise.mean()) / noise.std(ddof=1)
    found = dataclasses.replace(compare(noise, (pairs, 16)), image_error=images or 0.0)
    size = found.smallest_findable()
    drawn = draw(spread, size, studies, pairs, np.random.default_rng(6))
    p_values = p_values_of(drawn, spread, 0.01, np.random.default_rng(7)).both
    low, high = binomial_bounds(0.8, studies)
    # The prediction knows the spread between images, and takes the stricter of the two tests.
    assert low - 0.05 <= np.mean(2 * p_values < 0.05) <= high + 0.01


def test_errors_over_all_looks_are_as_rare_as_in_one_test():
    studies = 3_000
    _, high = binomial_bounds(0.05, studies)
    spreads = (simulation.NO_IMAGES, simulation.SEEDS_VARY, Spread("as published", 0.15, 0.15, 0.1))
    found = {
        (row["spread"], row["design"]): row for row in simulation.errors(spreads, studies=studies)
    }
    for spread in spreads:
        chosen = found[spread.name, "chosen"]
        assert chosen["difference"] <= high
        assert chosen["equivalence"] <= high
    # Whoever looks after every seed, and stops at a verdict, errs far more often.
    assert found[simulation.NO_IMAGES.name, "peeking"]["difference"] > 3 * high


def test_boundaries_are_those_of_published_tables():
    # Jennison and Turnbull (2000), tables 2.1 and 2.3: five looks, 5 %.
    every = [1, 2, 3, 4, 5]
    assert chance_of_crossing(np.full(5, 2.413), every) == pytest.approx(0.05, abs=2e-4)
    strict_at_first = 2.040 * np.sqrt(5 / np.array(every))
    assert chance_of_crossing(strict_at_first, every) == pytest.approx(0.05, abs=2e-4)
