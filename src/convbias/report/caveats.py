"""What a reader must know before believing anything: too few seeds, drawn data, short training."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from convbias.figures import Arms, arm_data, data_remark
from convbias.findings.claims.base import FEW_EPOCHS
from convbias.findings.evaluation import Finding
from convbias.findings.results import ConditionRun
from convbias.spec.experiment import Experiment
from convbias.statistics import POWER, Contrast


@dataclass(frozen=True)
class Caveat:
    """A warning with what it rests on.

    Args:
        title: In a few words.
        sentences: What is the matter, with its numbers.
    """

    title: str
    sentences: tuple[str, ...]


def caveats(
    experiment: Experiment,
    arms: Arms,
    findings: Sequence[Finding],
    by_arm: Mapping[str, Mapping[int, ConditionRun]],
) -> list[Caveat]:
    """Everything that limits what the runs can show.

    Args:
        experiment: Whose runs.
        arms: Finished runs by arm.
        findings: From `evaluate`.
        by_arm: All runs by arm name and seed, diverged ones included.
    """
    found = [
        _data_caveat(arms),
        _seed_caveat(findings),
        _epoch_caveat(arms),
        _missing_caveat(experiment, arms),
        _diverged_caveat(by_arm),
    ]
    return [caveat for caveat in found if caveat is not None]


def _data_caveat(arms: Arms) -> Caveat | None:
    data = arm_data(arms)
    remark = data_remark(data)
    if remark is None:
        return None
    reason = (
        "The images are drawn by the program to try things out on. What is measured on them says"
        " nothing about Fashion-MNIST, and decides no claim about it."
        if data.dataset == "drawn"
        else "Training saw only a part of the images, so the numbers are not comparable with the"
        " published ones and decide no claim about them."
    )
    return Caveat(f"Not the whole of Fashion-MNIST: {remark}", (reason,))


def _seed_caveat(findings: Sequence[Finding]) -> Caveat | None:
    results = [(finding, finding.result) for finding in findings if finding.result is not None]
    if not results:
        return Caveat("No two arms share a seed", ("Nothing can be compared yet.",))
    fewest = min((result for _, result in results), key=lambda result: result.n)
    title = f"{_pairs(fewest.n)} cannot decide anything"
    if fewest.limit is None:
        return _resolution_caveat(results)
    sentences = []
    sentences.append(
        f"With {_pairs(fewest.n)} the smallest p-value that sign flips can reach is"
        f" {fewest.smallest_p_value:.3g}, and {fewest.smallest_adjusted_p_value:.3g} after"
        f" correction for {fewest.comparisons} contrasts: no difference, however large, can be"
        f" shown at {fewest.alpha:g}. That takes {_pairs(fewest.fewest_pairs)}."
    )
    findable = [
        f"{finding.planned.quantity.amount(size)} ({finding.planned.treatment} −"
        f" {finding.planned.baseline})"
        for finding, result in results
        if (size := result.smallest_findable(fewest.fewest_pairs)) is not None
    ]
    if findable:
        sentences.append(
            f"At the spread seen here, which so few pairs tell only roughly,"
            f" {_pairs(fewest.fewest_pairs)} would find with {100 * POWER:.0f} % probability"
            f" differences from these up: {', '.join(findable)}."
        )
    return Caveat(title, tuple(sentences))


def _resolution_caveat(results: Sequence[tuple[Finding, Contrast]]) -> Caveat | None:
    sentences = tuple(
        f"Between {finding.planned.treatment} and {finding.planned.baseline} a true difference"
        f" smaller than {finding.planned.quantity.amount(size)} would often be missed with"
        f" {_pairs(result.n)} ({100 * POWER:.0f} % power), but one of"
        f" {finding.planned.quantity.amount(result.margin)} would matter."
        for finding, result in results
        if (size := result.smallest_findable()) is not None
        and size > result.margin
        and result.verdict == "undecided"
    )
    return Caveat("Too few seeds for small differences", sentences) if sentences else None


def _epoch_caveat(arms: Arms) -> Caveat | None:
    runs = [run for of_arm in arms.values() for run in of_arm]
    epochs = min(len(run.epochs) for run in runs)
    if epochs >= FEW_EPOCHS:
        return None
    losses = [[epoch.validation_loss for epoch in run.epochs] for run in runs]
    still = sum(math.isclose(min(curve), curve[-1]) for curve in losses)
    sentence = (
        f"In {still} of {len(runs)} runs the validation loss was lowest in the last epoch, so"
        " training might have gone on improving; what is measured is who learns fast, not where"
        " each would end."
    )
    return Caveat(f"Short training: {epochs} epoch" + ("" if epochs == 1 else "s"), (sentence,))


def _missing_caveat(experiment: Experiment, arms: Arms) -> Caveat | None:
    missing = [name for name in experiment.names if name not in arms]
    counts = {arm: len(runs) for arm, runs in arms.items()}
    if missing:
        return Caveat(
            "The study is not complete", (f"No finished run is stored of {', '.join(missing)}.",)
        )
    if len(set(counts.values())) > 1:
        counted = ", ".join(f"{n} of {arm}" for arm, n in counts.items())
        return Caveat(
            "The arms have different numbers of runs",
            (f"Finished are {counted}. Contrasts use the seeds that both arms share.",),
        )
    return None


def _diverged_caveat(by_arm: Mapping[str, Mapping[int, ConditionRun]]) -> Caveat | None:
    keys = [
        f"{arm} with seed {seed}"
        for arm, runs in by_arm.items()
        for seed, run in runs.items()
        if run.status == "diverged"
    ]
    if not keys:
        return None
    return Caveat(
        f"{len(keys)} run{'' if len(keys) == 1 else 's'} diverged",
        (f"Left out of every mean, which may flatter the arm: {', '.join(keys)}.",),
    )


def _pairs(count: int) -> str:
    return f"{count:,} seed pair" + ("" if count == 1 else "s")
