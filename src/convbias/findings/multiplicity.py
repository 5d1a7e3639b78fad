"""All contrasts of a study in one table, with both corrections for their number."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from convbias.findings.evaluation import Finding
from convbias.statistics import Contrast, benjamini_hochberg_over


@dataclass(frozen=True)
class StudyContrast:
    """A contrast among all contrasts of a study.

    Args:
        experiment: name of its experiment.
        finding: the contrast, corrected within the experiment (Holm).
        over_study: the same contrast with Benjamini and Hochberg's correction over all distinct
            contrasts of the study.
        same_as: Experiment and name of an earlier contrast of the same runs, which is counted in
            place of this one; None for the first.
    """

    experiment: str
    finding: Finding
    over_study: Contrast
    same_as: tuple[str, str] | None


def over_study(findings: Mapping[str, Sequence[Finding]]) -> list[StudyContrast]:
    """Correct the contrasts of all experiments of a study together.

    Two contrasts of the same runs in the same quantity are one, whichever arm comes first.

    Args:
        findings: experiment to its findings, from `evaluate`.

    Returns:
        One row per contrast that has a seed pair and is not exploratory, in the given order.
    """
    rows = [
        (experiment, finding, finding.contrast)
        for experiment, of_experiment in findings.items()
        for finding in of_experiment
        if finding.contrast and not finding.contrast.exploratory
    ]
    first: dict[object, int] = {}
    for index, (_, finding, _) in enumerate(rows):
        first.setdefault(_identity(finding), index)
    distinct = list(first.values())
    corrected = benjamini_hochberg_over([rows[index][2] for index in distinct])
    by_index = dict(zip(distinct, corrected, strict=True))
    found = []
    for index, (experiment, finding, contrast) in enumerate(rows):
        earlier = first[_identity(finding)]
        shared = by_index[earlier]
        other = None if earlier == index else (rows[earlier][0], rows[earlier][1].planned.name)
        found.append(
            StudyContrast(
                experiment=experiment,
                finding=finding,
                # Its own difference, which may have the other sign.
                over_study=replace(
                    contrast,
                    adjusted_p_value=shared.adjusted_p_value,
                    adjusted_equivalence_p_value=shared.adjusted_equivalence_p_value,
                    smallest_adjusted_p_value=shared.smallest_adjusted_p_value,
                    comparisons=shared.comparisons,
                ),
                same_as=other,
            )
        )
    return found


def _identity(finding: Finding) -> object:
    pairs = len(finding.seeds)
    arms = frozenset((finding.runs[:pairs], finding.runs[pairs:]))
    return arms, finding.planned.quantity
