"""Published numbers of a single run, compared with the prediction interval of one more run.

The original trained each network once. Such a number is compared with a prediction interval for
one run, mean -+ t sd sqrt(1 + 1/n), widened by half a unit of its last printed digit; the interval
of our mean would be the wrong yardstick, as it shrinks to nothing with more seeds. A number

- outside the interval does not hold;
- inside it holds, provided the interval is narrower than the claim's tolerance: an interval so
  wide that nearly any number lies inside confirms none;
- is undecided otherwise, with fewer than three runs, and when it lies outside but our runs are not
  shown to have converged, or were overtrained: where better training ends is not shown then.

The original's recipe and number of epochs are not known. The verdict therefore speaks of the
number under our recipe, which the explanation names, and never of what was seen at the time.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial

from convbias.errors import InputError
from convbias.findings.claims.base import (
    Check,
    Claim,
    ClaimResult,
    Evidence,
    no_runs,
    shared_runs,
)
from convbias.findings.evaluation import score
from convbias.findings.learning_curves import arm_convergence, told
from convbias.findings.statement import FEWEST_SEEDS, Judgement
from convbias.runs.record import Run
from convbias.spec.quantities import TEST_ACCURACY, TEST_LOSS, Quantity
from convbias.statistics import Interval, prediction_interval, summarise

BYTES_PER_MEGABYTE = 1e6


def _single_run(
    claim: Claim,
    evidence: Evidence,
    *,
    arms: tuple[str, ...],
    number: Callable[..., float],
    quantity: Quantity = TEST_ACCURACY,
) -> ClaimResult:
    """Judge a published number of one run, or of one run of each arm.

    Args:
        claim: the claim.
        evidence: the evidence.
        arms: the arms whose runs are the arguments of `number`.
        number: gives the number of ours that is compared with the published one.
        quantity: what the arms must have converged in.
    """
    shared = shared_runs(evidence.runs, arms)
    if not shared:
        return no_runs(claim, evidence, arms)
    values = [number(*runs) for runs in shared]
    summary, interval = summarise(values), prediction_interval(values)
    spread = "" if summary.sd is None else f", sd {claim.written(summary.sd, digits=1)}"
    verdict, explanation = _judge(claim, len(values), interval)
    recipes = [run.arm.recipe for runs in shared for run in runs]
    if verdict == "does not hold" and (unfinished := _unfinished(arms, shared, quantity)):
        verdict = "undecided"
        explanation += f" But {unfinished}, so better training may end elsewhere."
    named = "; ".join(sorted({f"{recipe.name}, {recipe.epochs} epochs" for recipe in recipes}))
    return ClaimResult(
        claim,
        verdict,
        f"{explanation} Our recipe ({named}) replaces the original's, which is"
        f" unknown.{evidence.left_out(*arms)}",
        measured=f"{claim.written(summary.mean, digits=1)} (n = {summary.n}{spread})",
        value=summary.mean,
        interval=interval,
        n=summary.n,
        runs=tuple(run.key for runs in shared for run in runs),
    )


def _unfinished(arms: Sequence[str], shared: Sequence[Sequence[Run]], quantity: Quantity) -> str:
    """Which arms are not shown to have converged, in words; empty where all are."""
    found = {
        arm: arm_convergence(runs, quantity)
        for arm, runs in zip(arms, zip(*shared, strict=True), strict=True)
    }
    return ", and ".join(
        told(arm, each, quantity) for arm, each in found.items() if each.state != "converged"
    )


def _judge(claim: Claim, n: int, interval: Interval | None) -> tuple[Judgement, str]:
    if n < FEWEST_SEEDS or interval is None:
        return "undecided", f"With {n} of at least {FEWEST_SEEDS} runs nothing can be judged."
    ends = claim.written(*interval.ends, digits=1, between=" and ")
    found = f"One more run of ours would fall between {ends} with 95 % confidence"
    half_digit = claim.resolution / 2
    published = claim.published[0]
    if not interval.low - half_digit <= published <= interval.high + half_digit:
        return "does not hold", f"{found}, and the published number lies outside."
    half_width = (interval.high - interval.low) / 2
    if claim.tolerance is not None and half_width > claim.tolerance:
        return "undecided", (
            f"{found}; the published number lies inside, but the interval is too wide to confirm"
            f" it: more than ±{claim.written(claim.tolerance)}."
        )
    return "holds", f"{found}, and the published number lies inside."


def _file_size(claim: Claim, evidence: Evidence, *, arm: str) -> ClaimResult:
    """Judge a published size by the stored network's file, which training does not change."""
    runs = [
        run
        for run in evidence.runs.get(arm, {}).values()
        if {"network_file_bytes", "parameter_bytes"} <= run.measures.keys()
    ]
    if not runs:
        return no_runs(claim, evidence, (arm,))
    files = [run.measures["network_file_bytes"] / BYTES_PER_MEGABYTE for run in runs]
    size = max(files)
    parameters = runs[0].measures["parameter_bytes"] / BYTES_PER_MEGABYTE
    return ClaimResult(
        claim,
        "holds" if claim.matches(size) else "does not hold",
        f"The stored network's file takes {claim.written(size, digits=2)}, of which the parameters"
        f" are {claim.written(parameters, digits=2)}.",
        measured=claim.written(size, digits=2),
        value=size,
        n=len(runs),
        runs=tuple(run.key for run in runs),
    )


def _accuracy(run: Run) -> float:
    return 100 * score(run, TEST_ACCURACY)


def _loss(run: Run) -> float:
    return score(run, TEST_LOSS)


def _gain(treatment: Run, baseline: Run) -> float:
    return _accuracy(treatment) - _accuracy(baseline)


def _relative_loss(treatment: Run, baseline: Run) -> float:
    return 100 * (_loss(treatment) / _loss(baseline) - 1)


def gap(run: Run) -> float:
    """Training minus validation accuracy in percentage points, both without dropout."""
    if run.train is None or run.validation is None:
        raise InputError(
            f"the finished run {run.key} has no training or validation scores",
            "scores on training, validation and test images",
            "train the run again",
        )
    return 100 * (run.train.accuracy - run.validation.accuracy)


CHECKS: Mapping[str, Check] = {
    "baseline-accuracy": partial(_single_run, arms=("dense",), number=_accuracy),
    "baseline-loss": partial(_single_run, arms=("dense",), number=_loss, quantity=TEST_LOSS),
    "cnn-accuracy": partial(_single_run, arms=("cnn-3x3",), number=_accuracy),
    "cnn-loss": partial(_single_run, arms=("cnn-3x3",), number=_loss, quantity=TEST_LOSS),
    "cnn-accuracy-gain": partial(_single_run, arms=("cnn-3x3", "dense"), number=_gain),
    "cnn-loss-reduction": partial(
        _single_run, arms=("cnn-3x3", "dense"), number=_relative_loss, quantity=TEST_LOSS
    ),
    "kernel-accuracy-3x3": partial(_single_run, arms=("cnn-3x3",), number=_accuracy),
    "kernel-accuracy-5x5": partial(_single_run, arms=("cnn-5x5",), number=_accuracy),
    "kernel-accuracy-7x7": partial(_single_run, arms=("cnn-7x7",), number=_accuracy),
    "gap-baseline": partial(_single_run, arms=("dense",), number=gap),
    "gap-cnn": partial(_single_run, arms=("cnn-3x3",), number=gap),
    "memory-baseline": partial(_file_size, arm="dense"),
    "memory-cnn": partial(_file_size, arm="cnn-3x3"),
}
