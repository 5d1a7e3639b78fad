"""What convolution buys on a person's own images: the first section of a report on them."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean

from convbias.findings.evaluation import Finding
from convbias.findings.results import ConditionRun
from convbias.findings.statement import Statement
from convbias.report.sections import ExperimentSection
from convbias.report.tables import ContrastRow, contrast_rows
from convbias.spec.arms import Arm, DataVariant
from convbias.spec.formatting import MISSING, percent

NEARLY_BEST = 0.005  # of the best validation accuracy

# What is asked, the experiment, and its contrast, or the first of several that was run.
CONTRASTS: tuple[tuple[str, str, tuple[str, ...]], ...] = (
    (
        "Convolution: the 3x3 CNN instead of the dense network",
        "original",
        ("cnn-over-dense-accuracy",),
    ),
    (
        "Locality: units that see only their neighbourhood",
        "sharing",
        ("locality-parameter-matched", "locality-channel-matched"),
    ),
    (
        "Weight sharing: one kernel for all positions",
        "sharing",
        ("sharing-parameter-matched", "sharing-channel-matched"),
    ),
    (
        "Averaging over positions instead of flattening",
        "sharing",
        ("averaging-parameter-matched", "averaging-channel-matched"),
    ),
    (
        "Depth: two layers instead of one of equal field and size",
        "hierarchy",
        ("depth-at-equal-field",),
    ),
    (
        "Kernel size: 5x5 instead of 3x3, at equal width",
        "original",
        ("5x5-over-3x3-accuracy",),
    ),
    (
        "Kernel size: 5x5 instead of 7x7, at equal width",
        "original",
        ("5x5-over-7x7-accuracy",),
    ),
    (
        "Kernel size: 5x5 instead of 3x3, at equal parameters",
        "kernel-size",
        ("5x5-over-3x3-at-equal-parameters",),
    ),
    (
        "Shuffled pixels: what they cost the CNN",
        "permutation",
        ("cnn-loses-by-shuffling-pixels",),
    ),
    (
        "Shifts: how much more often the CNN keeps its answer",
        "shift",
        ("cnn-more-consistent",),
    ),
    (
        "Noise: accuracy that it costs the CNN, more than the dense network",
        "corruption",
        ("cnn-over-dense-under-noise",),
    ),
)


@dataclass(frozen=True)
class Bought:
    """What one property buys.

    Args:
        what: the property.
        difference: with its unit; a dash where it was not measured.
        interval: over seeds and test images; a dash where there is none.
        verdict: of the contrast, or "not measured yet".
        anchor: the part of the report that shows it; empty where there is none.
    """

    what: str
    difference: str
    interval: str
    verdict: str
    anchor: str


@dataclass(frozen=True)
class Advice:
    """The smallest network that is nearly as accurate as the best, on validation images.

    Args:
        name: its condition.
        parameters: how many it has.
        accuracy: its mean validation accuracy.
        best: the highest mean of all networks.
        best_name: whose that is.
        candidates: how many networks were compared.
        seeds: how many runs it has.
        command: exports its run with the highest validation accuracy.
    """

    name: str
    parameters: int
    accuracy: float
    best: float
    best_name: str
    candidates: int
    seeds: int
    command: str

    @property
    def sentence(self) -> str:
        """The advice in words."""
        compared = (
            "which is also the most accurate"
            if self.name == self.best_name
            else f"against {percent(self.best, 1)} of the best, {self.best_name}"
        )
        return (
            f"Of {self.candidates} networks, {self.name} is the smallest within"
            f" {100 * NEARLY_BEST:g} percentage points of the best: {self.parameters:,} parameters,"
            f" and {percent(self.accuracy, 1)} of the validation images right, {compared}"
            f" ({self.seeds} seed{'' if self.seeds == 1 else 's'})."
        )


@dataclass(frozen=True)
class OwnAnswer:
    """What a study says about a person's own images.

    Args:
        bought: one row for each property, measured or not.
        saved: how many images convolution saves, which is no difference.
        advice: which network to take; None where no run has validation scores.
    """

    bought: tuple[Bought, ...]
    saved: Statement
    advice: Advice | None


def own_answer(
    findings: Iterable[Finding], sections: Iterable[ExperimentSection], runs: Sequence[ConditionRun]
) -> OwnAnswer:
    """What convolution buys, by what a study of a person's own images measured.

    Args:
        findings: the contrasts of the original comparison.
        sections: the other experiments.
        runs: of all experiments.
    """
    by_experiment = {each.results.experiment.name: each for each in sections}
    rows = {("original", row.finding.planned.name): row for row in contrast_rows(findings)}
    rows |= {
        (name, row.finding.planned.name): row
        for name, section in by_experiment.items()
        for row in section.contrasts
    }
    return OwnAnswer(
        bought=tuple(
            _bought(what, experiment, names, rows) for what, experiment, names in CONTRASTS
        ),
        saved=_saved(by_experiment.get("data-efficiency")),
        advice=advice(runs),
    )


def _bought(
    what: str,
    experiment: str,
    names: Sequence[str],
    rows: Mapping[tuple[str, str], ContrastRow],
) -> Bought:
    for name in names:
        row = rows.get((experiment, name))
        if row is not None and row.finding.contrast is not None:
            anchor = "contrasts" if experiment == "original" else f"experiment-{experiment}"
            unit = row.finding.planned.quantity.unit
            return Bought(what, f"{row.difference} {unit}", row.interval, row.verdict, anchor)
    return Bought(what, MISSING, MISSING, "not measured yet", "")


def _saved(section: ExperimentSection | None) -> Statement:
    if section is None:
        return Statement(
            "How many images convolution saves was not measured: data-efficiency was not run.",
            "not measured yet",
        )
    return section.outcome.statements[0]


def advice(runs: Iterable[ConditionRun]) -> Advice | None:
    """The smallest network within half a percentage point of the best, by validation accuracy.

    Test images have no part in the choice. Networks that were trained on changed images, such as
    shuffled ones, or on fewer images than others, are no candidates.

    Args:
        runs: of one study; those of other data are ignored.

    Returns:
        None where no network has validation scores and a number of parameters.
    """
    arms: dict[str, dict[int, ConditionRun]] = {}
    for run in runs:
        if isinstance(run.arm, Arm) and run.validation is not None and "parameters" in run.measures:
            arms.setdefault(run.arm_hash, {}).setdefault(run.seed, run)
    images = [run.image_arm.data for of_arm in arms.values() for run in of_arm.values()]
    whole = [each for each in images if each == DataVariant(dataset=each.dataset)]
    wanted = whole[0] if whole else max(images, key=_plain_images, default=None)
    candidates = {
        key: list(of_arm.values())
        for key, of_arm in arms.items()
        if next(iter(of_arm.values())).image_arm.data == wanted
    }
    if not candidates:
        return None
    means = {
        key: fmean(run.validation.accuracy for run in of_arm if run.validation)
        for key, of_arm in candidates.items()
    }
    best = max(means, key=means.__getitem__)
    near = [key for key, mean in means.items() if mean >= means[best] - NEARLY_BEST]
    chosen = min(near, key=lambda key: (candidates[key][0].measures["parameters"], -means[key]))
    of_arm = candidates[chosen]
    exported = max(of_arm, key=lambda run: run.validation.accuracy if run.validation else 0.0)
    return Advice(
        name=_name(exported),
        parameters=round(exported.measures["parameters"]),
        accuracy=means[chosen],
        best=means[best],
        best_name=_name(candidates[best][0]),
        candidates=len(candidates),
        seeds=len(of_arm),
        command=shlex.join(["convbias", "export", exported.key]),
    )


def _plain_images(data: DataVariant) -> int:
    """Training images of a variant that changes nothing else; -1 for others."""
    return -1 if data.changes else data.training_images or 0


def _name(run: ConditionRun) -> str:
    return (
        f"{run.image_arm.model.name} ({run.image_arm.recipe.name}, {run.image_arm.recipe.epochs}"
        + (" epoch)" if run.image_arm.recipe.epochs == 1 else " epochs)")
    )
