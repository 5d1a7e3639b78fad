"""The stored runs of an experiment, with their measurements."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np
from pydantic import Field

from convbias.errors import ConvbiasError
from convbias.runs.record import Run
from convbias.runs.store import DamagedRunError, Store
from convbias.spec.arms import DataVariant
from convbias.spec.datasets import DatasetDescription, description_of
from convbias.spec.experiment import Experiment
from convbias.spec.preregistration import Preregistration, RegisteredContrast
from convbias.spec.study import PlannedRun, Study

Pictures = Mapping[str, np.ndarray]


class ConditionRun(Run, frozen=True):
    """A stored run as one condition of an experiment.

    Its arm is the condition's, and the values of the experiment's measures are among its own.
    """

    condition: str = Field(exclude=True, description="The condition's name; never stored.")
    fixed: Preregistration | None = Field(
        default=None, exclude=True, description="What was fixed before, where it is stored."
    )

    def misses(self, experiment: str, contrast: RegisteredContrast) -> bool:
        """Whether a contrast is not among those that were fixed before the run was trained.

        Args:
            experiment: The experiment's name.
            contrast: The contrast.

        Returns:
            False for a run that names no preregistration, of which nothing is known.
        """
        if self.preregistration is None:
            return False
        return self.fixed is None or not self.fixed.has(experiment, contrast)


@dataclass(frozen=True, eq=False)
class Results:
    """The stored runs of one experiment with everything that was measured on their networks.

    Args:
        experiment: the experiment, with the looks of the study.
        study: the study, restricted to this experiment and its scale.
        runs: In the order of the experiment's conditions, then of the study's seeds.
        pictures: Run key to picture name to float16 array.
        absent: Planned runs that are not stored or cannot be read, condition and seed.
        unmeasured: Keys of finished runs that lack one of the experiment's measures.
        damaged: Why stored runs cannot be read.
        measured_images: Measure to the numbers of test images that its measurements took,
            ascending; without measures that need no image.
    """

    experiment: Experiment
    study: Study
    runs: tuple[ConditionRun, ...]
    pictures: Mapping[str, Pictures]
    absent: tuple[tuple[str, PlannedRun], ...]
    unmeasured: tuple[str, ...]
    damaged: tuple[ConvbiasError, ...]
    measured_images: Mapping[str, tuple[int, ...]] = field(default_factory=dict)

    @property
    def described(self) -> DatasetDescription:
        """The data set of the study."""
        return description_of(self.study.dataset)

    @property
    def data(self) -> DataVariant | None:
        """The images that the arms share, apart from what conditions change; None on other data."""
        if not self.experiment.on_images:
            return None
        changed = {name for each in self.experiment.conditions for name in each.changes}
        images = None if "training_images" in changed else self.study.training_images
        return DataVariant(dataset=self.study.dataset, training_images=images)


def collect(study: Study, experiment: Experiment, store: Store) -> Results:
    """Read what is stored of one of a study's experiments; nothing is moved or changed.

    Args:
        study: The study.
        experiment: The experiment.
        store: Where its runs and measurements are.
    """
    alone = study.of_experiment(experiment.name)
    runs: list[ConditionRun] = []
    pictures: dict[str, Pictures] = {}
    absent: list[tuple[str, PlannedRun]] = []
    unmeasured: dict[str, None] = {}
    damaged: list[ConvbiasError] = []
    counts: dict[str, set[int]] = {}
    preregistrations = store.preregistrations()
    for condition, arm in alone.arms(experiment).items():
        for seed in alone.seeds_of(arm):
            run = None
            try:
                run = store.read(arm, seed)
            except DamagedRunError as error:
                damaged.append(error)
            if run is None:
                absent.append((condition, (arm, seed)))
                continue
            found = [store.read_measurement(run, measure) for measure in experiment.measures]
            if run.status == "finished" and None in found:
                unmeasured[run.key] = None
            present = [each for each in found if each is not None]
            values = {key: value for each in present for key, value in each.values.items()}
            pictures[run.key] = {
                key: picture for each in present for key, picture in each.pictures.items()
            }
            for each in present:
                of_run = each.image_counts(run.test.images) if run.test else {}
                for name, count in of_run.items():
                    counts.setdefault(name, set()).add(count)
            changes = {
                "condition": condition,
                "arm": arm,
                "measures": run.measures | values,
                "fixed": preregistrations.get(run.preregistration or ""),
            }
            runs.append(ConditionRun.model_validate(dict(run) | changes))
    return Results(
        experiment=replace(experiment, looks=study.looks) if study.looks else experiment,
        study=alone,
        runs=tuple(runs),
        pictures=pictures,
        absent=tuple(absent),
        unmeasured=tuple(unmeasured),
        damaged=tuple(damaged),
        measured_images={name: tuple(sorted(of_name)) for name, of_name in counts.items()},
    )
