"""What comes out of `corruption` on made-up runs."""

from __future__ import annotations

import pytest

from convbias.experiments import EXPERIMENTS, outcome_of
from convbias.findings.results import Results
from convbias.measures.corruption import CORRUPTIONS
from convbias.report import experiment_section
from factories import make_results

SEEDS = tuple(range(10))


def results(
    more_to_noise: float = 0.3, more_to_fine: float = 0.2, zero: float = 0.0, step: float = 0.1
) -> Results:
    """The CNN loses so much more than the dense network, which loses `step` by each strength."""

    def values(condition: str, seed: int) -> dict[str, float]:
        is_cnn = condition == "cnn-3x3"
        clean = 0.9 + 0.002 * seed
        found = {"accuracy_clean": clean, "accuracy_at_strength_0": clean - zero}
        for each in CORRUPTIONS:
            for rank, strength in enumerate(each.strengths):
                found[f"accuracy_{each.name}_{strength:g}"] = clean - step * (rank + 1)
            found[f"lost_to_{each.name}"] = 0.25 + 0.002 * seed
        found["lost_to_noise"] += more_to_noise * is_cnn
        found["lost_to_fine_over_coarse_noise"] = 0.002 * seed + more_to_fine * is_cnn
        found["fine_gradient_share"] = 0.5
        return found

    return make_results("corruption", values, SEEDS)


@pytest.mark.parametrize(
    ("more_to_noise", "more_to_fine", "verdict"),
    [(0.3, 0.2, "holds"), (0.3, -0.2, "does not hold"), (-0.3, 0.2, "does not hold")],
)
def test_the_explanation_needs_both(more_to_noise, more_to_fine, verdict):
    [why] = outcome_of(results(more_to_noise, more_to_fine)).statements
    assert why.verdict == verdict
    assert f"{100 * abs(more_to_noise):.1f} percentage points" in why.text
    assert f"{100 * abs(more_to_fine):.1f} percentage points" in why.text


def test_few_seeds_decide_no_explanation():
    few = make_results("corruption", lambda *_: {}, (0, 1))
    assert experiment_section(few) is None  # nothing is measured
    [why] = outcome_of(few).statements
    assert why.verdict == "not measured yet"


def test_controls_can_fail():
    found = outcome_of(results())
    identity, positive = *found.identities, *found.controls
    assert identity.verdict == positive.verdict == "holds"
    assert f"{len(SEEDS) * len(EXPERIMENTS['corruption'].conditions)} of" in identity.text
    found = outcome_of(results(zero=1e-4, step=0.003))
    identity, positive = *found.identities, *found.controls
    # 0.3 points by each of four strengths are 0.9 from the first to the last.
    assert identity.verdict == positive.verdict == "does not hold"


def test_the_figure_has_every_strength_of_every_kind():
    figure, _ = outcome_of(results()).figures
    for each in CORRUPTIONS:
        listed = ", ".join(f"{strength:g}" for strength in each.strengths)
        assert listed in figure.caption
    # dense: 0.9 + 0.002 * 4.5 on average, minus 0.1 and more.
    assert "noise 0: 90.9, 8: 80.9, 16: 70.9, 32: 60.9, 64: 50.9" in figure.description
    assert "</svg>" in figure.svg()


def test_the_short_findings_have_the_means_of_both_networks():
    section = experiment_section(results(more_to_noise=0.3, more_to_fine=-0.2))
    assert section is not None
    noise, bands = section.headlines.values()
    # The means of 0.25 + 0.002 * seed and of 0.002 * seed over ten seeds.
    assert noise.text.endswith("55.9 and 25.9 percentage points on average.")
    assert "costs it -19.1 percentage points, the dense network 0.9" in bands.text
    assert (noise.verdict, bands.verdict) == ("holds", "does not hold")
