"""The ladders' outcome against shares and verdicts worked out by hand."""

from __future__ import annotations

from dataclasses import replace

import pytest

from convbias.experiments import outcome_of
from convbias.experiments.outcome import Outcome
from convbias.experiments.questions.sharing.question import CHANNEL_MATCHED, PARAMETER_MATCHED
from convbias.findings.results import Results
from factories import make_results

SHARING_MOST = (0.80, 0.79, 0.88, 0.90)  # of a gap of 0.10: -10, 90 and 20 %
LOCALITY_MOST = (0.80, 0.88, 0.89, 0.90)  # 80, 10 and 10 %
AMBIGUOUS = (0.80, 0.80, 0.85, 0.90)  # 0, 50 and 50 %


def results_of(
    channel=SHARING_MOST, parameter=SHARING_MOST, seeds=(0, 1, 2, 3), error=1e-7, parameters=None
) -> Results:
    """Accuracies of every rung, one thousandth up and down from seed to seed."""
    accuracies = dict(zip(PARAMETER_MATCHED, parameter, strict=True))
    accuracies |= dict(zip(CHANNEL_MATCHED, channel, strict=True))

    def values(condition, seed):
        found = {"parameters": (parameters or {}).get(condition, 109_386)}
        wobble = 0.001 * ((seed + CHANNEL_MATCHED.index(condition.removesuffix(" (matched)"))) % 2)
        if condition != "dense":
            found["embedding_error_dense"] = error
            if "local" not in condition:
                found["embedding_error_local"] = error / 2
        return {"accuracy": accuracies[condition] + wobble, **found}

    return make_results("sharing", values, seeds)


def without(results: Results, condition: str) -> Results:
    return replace(results, runs=tuple(r for r in results.runs if r.condition != condition))


def verdicts(outcome: Outcome) -> list[str]:
    return [statement.verdict for statement in outcome.statements]


def test_shares_add_up_and_the_largest_step_is_named():
    outcome = outcome_of(results_of(parameter=LOCALITY_MOST))
    channel, parameter = outcome.statements
    assert channel.verdict == "holds"
    # The wobble is +0.001 in half of the runs of every rung, so it cancels in all means.
    assert "rises, +10.00 percentage points" in channel.text
    for part in ("locality -10 % (", "sharing 90 % (", "averaging 20 % ("):
        assert part in channel.text
    assert "The step of locality alone costs 1.00 percentage points" in channel.text
    assert "+10.00 percentage points (95 % interval" in channel.text  # 9 - (-1)
    assert "+7.00 percentage points (95 % interval" in channel.text  # 9 - 2
    assert parameter.verdict == "does not hold"
    for part in ("locality 80 % (", "sharing 10 % (", "averaging 10 % ("):
        assert part in parameter.text
    assert [figure.name for figure in outcome.figures] == ["sharing-accuracy", "sharing-shares"]


def test_equal_steps_and_few_seeds_are_undecided():
    assert verdicts(outcome_of(results_of(AMBIGUOUS)))[0] == "undecided"
    few = outcome_of(results_of(seeds=(0, 1)))
    assert verdicts(few) == ["undecided", "undecided"]
    assert "takes 3 seeds" in few.statements[0].text
    assert len(few.figures) == 1


def test_a_top_below_the_bottom_has_no_gap_to_share():
    falling, rising = tuple(reversed(SHARING_MOST)), (0.90, 0.89, 0.93, 0.95)
    outcome = outcome_of(results_of(falling, rising))
    text = outcome.statements[0].text
    assert "does not rise, -10.00 percentage points" in text
    assert "no gap to share out" in text
    assert "sharing -9.00 percentage points" in text
    assert "share is negative" not in text
    assert outcome.statements[0].verdict == "does not hold"
    assert "parameter-matched" in outcome.figures[1].caption
    assert "channel-matched" not in outcome.figures[1].caption


def test_what_is_missing_is_not_measured_yet():
    results = without(results_of(), "local + flatten")
    outcome = outcome_of(results)
    assert verdicts(outcome) == ["not measured yet", "holds"]
    alone = replace(results, runs=results.runs[:1])
    assert verdicts(outcome_of(alone)) == ["not measured yet"] * 2
    assert [each.verdict for each in outcome_of(alone).identities] == ["not measured yet"] * 2
    outcome_of(replace(results, runs=results.runs[-1:]))


@pytest.mark.parametrize(("error", "verdict"), [(1e-7, "holds"), (2e-4, "does not hold")])
def test_embeddings_must_be_exact(error, verdict):
    control = outcome_of(results_of(error=error)).identities[0]
    assert control.verdict == verdict
    assert "24 of 24" in control.text


def test_one_network_without_embedding_is_missed():
    results = results_of()
    *others, last = results.runs
    unmeasured = last.model_copy(update={"measures": {}})
    control = outcome_of(replace(results, runs=(*others, unmeasured))).identities[0]
    assert control.verdict == "not measured yet"
    assert "23 of 24" in control.text


def test_matched_networks_stay_within_two_per_cent():
    near = outcome_of(results_of(parameters={"local + flatten (matched)": 111_500}))
    assert near.identities[1].verdict == "holds"
    assert "local + flatten (matched) 111,500 (+1.9 %)" in near.identities[1].text
    far = outcome_of(results_of(parameters={"local + flatten (matched)": 112_000}))
    assert far.identities[1].verdict == "does not hold"
    # Networks with as many channels may be as large as they are.
    larger = outcome_of(results_of(parameters={"local + flatten": 10**6}))
    assert larger.identities[1].verdict == "holds"
