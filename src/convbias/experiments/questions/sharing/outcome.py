"""The outcome of `sharing`: the steps from the dense network to the CNN."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from convbias.experiments.outcome import Outcome
from convbias.experiments.questions.sharing.question import (
    CHANNEL_MATCHED,
    PARAMETER_MATCHED,
    STEPS,
    WITHIN,
)
from convbias.figures.steps import accuracy_by_step, gap_shares_by_step
from convbias.findings.evaluation import runs_by_arm, score
from convbias.findings.results import Results
from convbias.findings.statement import FEWEST_SEEDS, Judgement, Statement
from convbias.findings.wording import where
from convbias.spec.quantities import TEST_ACCURACY
from convbias.statistics import Share, Summary, mean_interval, shares_of_gap, summarise

LADDERS = {"channel-matched": CHANNEL_MATCHED, "parameter-matched": PARAMETER_MATCHED}
LARGEST_ERROR = 1e-4  # of a probability; float32 leaves some 1e-7

_ERRORS = ("embedding_error_local", "embedding_error_dense")


def outcome(results: Results) -> Outcome:
    """Each step's share of the gap, with as many channels and with as many parameters.

    Args:
        results: the stored runs of the experiment `sharing`.
    """
    shared = set.intersection(*map(set, LADDERS.values()))
    own = set(results.experiment.names) - shared
    ladders = {ladder: rungs for ladder, rungs in LADDERS.items() if own.intersection(rungs)}
    scores = {
        ladder: found
        for ladder, rungs in ladders.items()
        if (found := _scores(results, rungs)) is not None
    }
    # In percentage points, which the sentences of a share speak in.
    shares = {
        ladder: shares_of_gap(TEST_ACCURACY.scale * found) for ladder, found in scores.items()
    }
    bounded = {
        ladder: of_steps
        for ladder, of_steps in shares.items()
        if _is_gain(of_steps[0]) and of_steps[0].interval is not None
    }
    figures = [accuracy_by_step(results, TEST_ACCURACY, ladders)]
    if bounded:
        figures.append(gap_shares_by_step(results, STEPS, bounded))
    return Outcome(
        statements=tuple(
            _statement(results, ladder, shares[ladder], scores[ladder])
            if ladder in scores
            else _not_yet(ladder, rungs)
            for ladder, rungs in ladders.items()
        ),
        identities=(
            _embeddings(results),
            *((_parameters(results),) if "parameter-matched" in ladders else ()),
        ),
        controls=(),
        figures=tuple(figures),
    )


def _scores(results: Results, rungs: Sequence[str]) -> np.ndarray | None:
    """Accuracies (rungs, seeds) of the seeds that every rung finished; None where there is none."""
    arms = runs_by_arm(run for run in results.runs if run.status == "finished")
    of_rungs = [arms.get(rung, {}) for rung in rungs]
    seeds = sorted(set.intersection(*(set(of_rung) for of_rung in of_rungs)))
    if not seeds:
        return None
    return np.array(
        [[score(of_rung[seed], TEST_ACCURACY) for seed in seeds] for of_rung in of_rungs]
    )


def _not_yet(ladder: str, rungs: Sequence[str]) -> Statement:
    return Statement(
        f"{_asked(ladder)}: no seed was finished by all of {', '.join(rungs)}.", "not measured yet"
    )


def _asked(ladder: str) -> str:
    return f"“Weight sharing buys most”, {ladder}"


def _is_gain(share: Share) -> bool:
    return share.share is not None and share.gap.mean > 0


def _statement(
    results: Results, ladder: str, shares: Sequence[Share], scores: np.ndarray
) -> Statement:
    steps = np.diff(scores, axis=0)
    bottom, *_, top = LADDERS[ladder]
    gap = summarise(scores[-1] - scores[0])
    risen = "rises" if gap.mean > 0 else "does not rise"
    opening = (
        f"{where(results.data)}{_asked(ladder)}: from {bottom} to {top} test accuracy {risen},"
        f" {_amount(gap)}, {gap.n} seed{'' if gap.n == 1 else 's'}"
    )
    if _is_gain(shares[0]):
        told = [f"{step} {_share(share)}" for step, share in zip(STEPS, shares, strict=True)]
        parts = [f"{opening}; of this gap {_listed(told)}."]
        if shares[0].limit is not None:
            parts.append(shares[0].limit)
        parts += [
            _loss(name, summarise(step))
            for name, step in zip(STEPS, steps, strict=True)
            if step.mean() < 0
        ]
    else:
        told = [
            f"{name} {_amount(summarise(step))}" for name, step in zip(STEPS, steps, strict=True)
        ]
        parts = [f"{opening}, so there is no gap to share out; step by step: {_listed(told)}."]
    sharing, others = steps[1], {STEPS[0]: steps[0], STEPS[2]: steps[2]}
    ahead = [
        f"{_amount(summarise(sharing - step))} against {name}" for name, step in others.items()
    ]
    parts.append(f"Sharing's lead is {_listed(ahead)}.")
    leads = [sharing, *(sharing - step for step in others.values())]
    return Statement(" ".join(parts), _judged(leads))


def _judged(leads: Sequence[np.ndarray]) -> Judgement:
    """Whether all of several quantities are above zero.

    That all are takes no correction: every single one has to be shown. That one is below is shown
    by whichever is, so there the confidence is divided among them.
    """
    if len(leads[0]) < FEWEST_SEEDS:
        return "undecided"
    own = [mean_interval(lead) for lead in leads]
    wide = [mean_interval(lead, 1 - 0.05 / len(leads)) for lead in leads]
    if all(interval is not None and interval.low > 0 for interval in own):
        return "holds"
    if any(interval is not None and interval.high < 0 for interval in wide):
        return "does not hold"
    return "undecided"


def _amount(summary: Summary) -> str:
    """A difference of accuracies with its interval."""
    amount = TEST_ACCURACY.amount(summary.mean, "+")
    if summary.interval is None:
        return amount
    low, high = (TEST_ACCURACY.written(end, "+") for end in summary.interval.ends)
    return f"{amount} (95 % interval {low} to {high})"


def _share(share: Share) -> str:
    """A share of a gap in percent, with its interval."""
    percent = [
        f"{100 * value:z.0f}"
        for value in (share.share, *(share.interval.ends if share.interval else ()))
        if value is not None
    ]
    return f"{percent[0]} %" + (f" ({' to '.join(percent[1:])})" if percent[1:] else "")


def _loss(step: str, summary: Summary) -> str:
    shown = summary.interval is not None and summary.interval.high < 0
    amount = TEST_ACCURACY.amount(-summary.mean)
    if shown:
        return f"The step of {step} alone costs {amount}: its share is negative."
    return (
        f"The step of {step} alone lost {amount}, so its share is negative, but that loss cannot be"
        " told from zero."
    )


def _listed(parts: Sequence[str]) -> str:
    return f"{', '.join(parts[:-1])} and {parts[-1]}"


def _embeddings(results: Results) -> Statement:
    embedded = [
        run for run in results.runs if run.status == "finished" and run.arm.model.family != "dense"
    ]
    found = {
        name: [run.measures[name] for run in embedded if name in run.measures] for name in _ERRORS
    }
    measured = sum(_ERRORS[1] in run.measures for run in embedded)
    if not measured:
        return Statement("No network was copied into dense layers yet.", "not measured yet")
    local, dense = (max(values, default=None) for values in found.values())
    first = (
        ""
        if local is None
        else f"copied into locally connected layers they change by at most {local:.1g}, and "
    )
    text = (
        f"Of {measured} of {len(embedded)} trained networks the probabilities were compared:"
        f" {first}copied into dense layers by at most {dense:.1g}; {LARGEST_ERROR:g} is allowed."
    )
    if max(value for values in found.values() for value in values) > LARGEST_ERROR:
        return Statement(text, "does not hold")
    return Statement(text, "holds" if measured == len(embedded) else "not measured yet")


def _parameters(results: Results) -> Statement:
    counts = {
        run.condition: run.measures["parameters"]
        for run in results.runs
        if run.condition in PARAMETER_MATCHED and "parameters" in run.measures
    }
    dense = counts.pop(PARAMETER_MATCHED[0], None)
    if dense is None or not counts:
        return Statement(
            "The parameters of matched networks were not counted yet.", "not measured yet"
        )
    told = [
        f"{name} {count:,.0f} ({100 * (count / dense - 1):+z.1f} %)"
        for name, count in counts.items()
    ]
    text = f"Parameters beside the dense network's {dense:,.0f}: {', '.join(told)}."
    if any(abs(count / dense - 1) > WITHIN for count in counts.values()):
        return Statement(text, "does not hold")
    missing = len(counts) < len(PARAMETER_MATCHED) - 1
    return Statement(text, "not measured yet" if missing else "holds")
