"""What a study had fixed before its runs were trained: arms, seeds, contrasts and margins.

A contrast counts as fixed in advance for a run only if the preregistration under which the run was
trained has it, with the same arms, quantity and margin. Contrasts that were added later are
exploratory, and need new seeds (Nosek et al. 2018, doi:10.1073/pnas.1708274114).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from contextlib import suppress

from pydantic import Field

from convbias.errors import InputError
from convbias.spec.beyond.arms import AnyArm
from convbias.spec.description import Description
from convbias.spec.experiment import Experiment, PlannedContrast
from convbias.spec.numerics import NUMERICS_VERSION
from convbias.spec.study import Study

HASH_LENGTH = 12  # hexadecimal digits, as of arms


class RegisteredContrast(Description, frozen=True):
    """A contrast as it was fixed; another arm, quantity or margin makes it another contrast."""

    name: str
    treatment: str = Field(description="`Arm.hash` of the arm that may be better.")
    baseline: str = Field(description="`Arm.hash` of the arm that it is compared with.")
    quantity: str
    higher_is_better: bool
    margin: float


class RegisteredArm(Description, frozen=True):
    """An arm of an experiment; its hash covers images, network and recipe."""

    arm: str = Field(description="`Arm.hash`.")
    learning_rate: float | None = Field(description="None where every run searches its own.")


class RegisteredExperiment(Description, frozen=True):
    """An experiment as it was fixed."""

    seeds: tuple[int, ...] = Field(description="Planned ones; none where only others run.")
    conditions: dict[str, RegisteredArm]
    contrasts: tuple[RegisteredContrast, ...]


class Preregistration(Description, frozen=True):
    """What a study had fixed before its runs were trained.

    Args:
        study: the study's name.
        numerics_version: `NUMERICS_VERSION` of the code.
        experiments: name to what was fixed.
        code_version: version and commit of the code.
        registered_at: UTC, ISO 8601.
        note: how it came about, where it was not written by the study itself.
        looks: numbers of seed pairs at which verdicts were planned; none: once, on all seeds.
    """

    study: str
    numerics_version: int
    experiments: dict[str, RegisteredExperiment]
    code_version: str
    registered_at: str
    note: str = ""
    looks: tuple[int, ...] = ()

    @property
    def hash(self) -> str:
        """Hash of what was fixed; time, commit and note are not part of it."""
        parts = {"study", "numerics_version", "experiments"} | ({"looks"} if self.looks else set())
        fixed = self.model_dump(mode="json", include=parts)
        text = json.dumps(fixed, sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()[:HASH_LENGTH]

    def has(self, experiment: str, contrast: RegisteredContrast) -> bool:
        """Whether a contrast was fixed as one of an experiment's.

        Args:
            experiment: the experiment's name.
            contrast: the contrast, as `registered_contrast` describes it.
        """
        found = self.experiments.get(experiment)
        return found is not None and contrast in found.contrasts


def preregister(
    study: Study, experiments: Mapping[str, Experiment], code_version: str, registered_at: str
) -> Preregistration:
    """Write down what is fixed before a study trains.

    Args:
        study: the study.
        experiments: name to experiment. All are fixed, not only those that the study runs now:
            others may later compare the same runs, and have no seeds so far. Those of whose
            networks the study's recipe has no learning rate cannot be run at its scale, and are
            left out.
        code_version: version and commit of the code.
        registered_at: UTC, ISO 8601.

    Raises:
        InputError: An experiment of the study itself cannot be run.
    """
    registered: dict[str, RegisteredExperiment] = {}
    for name, each in sorted(experiments.items()):
        hindered = () if name in study.experiments else (InputError,)
        with suppress(*hindered):
            registered[name] = _registered(each, study)
    return Preregistration(
        study=study.name,
        numerics_version=NUMERICS_VERSION,
        experiments=registered,
        code_version=code_version,
        registered_at=registered_at,
        looks=study.looks,
    )


def registered_contrast(
    planned: PlannedContrast, treatment: AnyArm, baseline: AnyArm
) -> RegisteredContrast:
    """Describe a contrast of two arms in the form that preregistrations have.

    Args:
        planned: the contrast.
        treatment: the arm that may be better.
        baseline: the arm that it is compared with.
    """
    return RegisteredContrast(
        name=planned.name,
        treatment=treatment.hash,
        baseline=baseline.hash,
        quantity=planned.quantity.name,
        higher_is_better=planned.quantity.higher_is_better,
        margin=planned.quantity.margin,
    )


def _registered(experiment: Experiment, study: Study) -> RegisteredExperiment:
    arms, alone = study.arms(experiment), study.of_experiment(experiment.name)
    return RegisteredExperiment(
        seeds=alone.seeds if experiment.name in study.experiments else (),
        conditions={
            name: RegisteredArm(
                arm=arm.hash, learning_rate=getattr(arm.recipe, "learning_rate", None)
            )
            for name, arm in arms.items()
        },
        contrasts=tuple(
            registered_contrast(planned, arms[planned.treatment], arms[planned.baseline])
            for planned in experiment.contrasts
            if planned.treatment in arms and planned.baseline in arms
        ),
    )
