"""What comes out of `shape` on made-up runs."""

from __future__ import annotations

import numpy as np
import pytest

from convbias.experiments import outcome_of
from convbias.findings.results import Results
from convbias.report import experiment_section
from factories import make_results

SEEDS = (0, 1, 2, 3)


def results(
    bias: float = 0.7, pointwise: float = 0.3, answers: int = 1, cut: float = 0.002
) -> Results:
    def values(condition: str, seed: int) -> dict[str, float]:
        return {
            "shape_bias": bias + 0.002 * seed,
            "silhouette_accuracy": (pointwise if condition == "cnn-1x1" else 0.5) + 0.002 * seed,
            "texture_accuracy": 0.2 + 0.002 * seed,
            "answers_to_black": answers,
            "accuracy_whole": 0.9,
            "accuracy_cut_out": 0.9 - cut,
        }

    stimuli = np.full((5, 4, 28, 28), 9, dtype=np.float16)
    return make_results("shape", values, SEEDS, lambda *_: {"shape_examples": stimuli})


@pytest.mark.parametrize(("bias", "verdict"), [(0.7, "holds"), (0.3, "does not hold")])
def test_the_cnn_prefers_what_it_names_more_often(bias, verdict):
    [preference] = outcome_of(results(bias)).statements
    assert preference.verdict == verdict
    assert f"{100 * bias + 0.3:.1f} %" in preference.text


def test_controls_can_fail():
    def verdicts(of: Results) -> list[str]:
        found = outcome_of(of)
        return [each.verdict for each in (*found.identities, *found.controls)]

    # Three seeds are too few for the sign-flip test of the positive control.
    assert verdicts(results()) == ["holds", "holds", "undecided"]
    failed = results(pointwise=0.5, answers=2, cut=0.02)
    assert verdicts(failed) == ["does not hold", "does not hold", "undecided"]
    absent = make_results("shape", lambda *_: {}, SEEDS)
    assert set(verdicts(absent)) == {"not measured yet"}


def test_figures_show_the_bias_first_and_the_stimuli():
    names = [figure.name for figure in outcome_of(results()).figures]
    assert names == ["shape-bias", "shape-stimuli", "shape-silhouettes", "shape-textures"]
    stimuli = outcome_of(results()).figures[1]
    assert "</svg>" in stimuli.svg()
    assert not outcome_of(make_results("shape", lambda *_: {}, SEEDS)).figures


def test_the_short_findings_have_the_means_of_both_networks():
    section = experiment_section(results(bias=0.3))
    assert section is not None
    bias, silhouettes, textures = section.headlines.values()
    assert "in 30.3 % of the answers that name either, the dense network in 30.3 %" in bias.text
    assert bias.verdict == "does not hold"
    assert silhouettes.text.endswith("50.3 and 50.3 %.")
    # Both networks have the same values, so the difference is exactly 0.
    assert silhouettes.verdict == textures.verdict == "undecided"
