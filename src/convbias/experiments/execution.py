"""Plan, train and measure a study."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from convbias.experiments.studies import (
    adapted_experiments,
    experiments_of,
    planned_runs,
    training_order,
)
from convbias.findings.results import collect
from convbias.runs.cost import (
    measuring_costs,
    predicted_measurement_seconds,
    predicted_seconds,
)
from convbias.runs.engines.base import Engine
from convbias.runs.engines.local import Local
from convbias.runs.environment import code_version
from convbias.runs.failures import store_failure
from convbias.runs.measure_networks import (
    FailedMeasurement,
    PlannedMeasurement,
    measure_all,
    missing_measurements,
)
from convbias.runs.missing import StoredRuns, stored_runs, train_missing
from convbias.runs.observer import MeasuringPlan, Observer
from convbias.runs.store import Store
from convbias.runs.sweep import SweepResult
from convbias.spec.beyond.arms import AnyArm
from convbias.spec.preregistration import preregister
from convbias.spec.study import Study


@dataclass(frozen=True)
class ArmPlan:
    """The planned runs of one arm.

    Args:
        arm: the arm.
        conditions: the conditions that it is, experiment and condition.
        stored: seeds of its stored runs.
        missing: seeds of the runs to train.
    """

    arm: AnyArm
    conditions: tuple[tuple[str, str], ...]
    stored: tuple[int, ...]
    missing: tuple[int, ...]


@dataclass(frozen=True)
class StudyPlan:
    """What a study would train and measure.

    Args:
        arms: each arm once, in the study's order.
        stored: the stored, absent and damaged runs.
        measurements: the measurements to take, of stored networks and of those to be trained.
    """

    arms: tuple[ArmPlan, ...]
    stored: StoredRuns
    measurements: tuple[PlannedMeasurement, ...]

    def training_seconds(self, jobs: int | None = None) -> float:
        """Predict how long training takes on this machine's processor.

        Args:
            jobs: number of processes; one per core by default.
        """
        return predicted_seconds(self.stored.absent, jobs)

    def measuring_seconds(self, jobs: int | None = None) -> float:
        """Predict how long measuring takes on this machine's processor.

        Args:
            jobs: number of processes; one per core by default.
        """
        return predicted_measurement_seconds(self.measurements, jobs)


def plan_study(study: Study, store: Store) -> StudyPlan:
    """Determine what a study would train and measure; nothing is written.

    Args:
        study: the study.
        store: where its runs are.

    Example:
        >>> from convbias.experiments.studies import load_study
        >>> plan = plan_study(load_study("smoke"), Store("no/such/folder"))
        >>> len(plan.stored.runs), len(plan.stored.absent)
        (0, 8)
    """
    planned = planned_runs(study)
    stored = stored_runs(training_order(study), store)
    conditions: dict[str, list[tuple[str, str]]] = {}
    measurements: dict[PlannedMeasurement, None] = {}
    for name, experiment in experiments_of(study).items():
        arms = study.arms(experiment)
        for condition, arm in arms.items():
            conditions.setdefault(arm.hash, []).append((name, condition))
        measures = experiment.measures
        hashes = {arm.hash for arm in arms.values()}
        trained = [run for run in stored.runs if run.arm_hash in hashes]
        measurements |= dict.fromkeys(missing_measurements(trained, measures, store).planned)
        measurements |= dict.fromkeys(
            (arm, seed, measure)
            for arm, seed in stored.absent
            if arm.hash in hashes
            for measure in measures
        )
    missing = set(stored.absent)
    seeds: dict[AnyArm, list[int]] = {}
    for arm, seed in planned:
        seeds.setdefault(arm, []).append(seed)
    return StudyPlan(
        arms=tuple(
            ArmPlan(
                arm=arm,
                conditions=tuple(conditions[arm.hash]),
                stored=tuple(seed for seed in of_arm if (arm, seed) not in missing),
                missing=tuple(seed for seed in of_arm if (arm, seed) in missing),
            )
            for arm, of_arm in seeds.items()
        ),
        stored=stored,
        measurements=tuple(measurements),
    )


@dataclass(frozen=True)
class Measuring:
    """What measuring a study's networks led to.

    Args:
        taken: number of measurements that were taken now.
        failures: measurements that ended with an error; they are not stored.
        without_network: experiment to the keys of runs that cannot be measured, because their
            networks are not stored.
    """

    taken: int
    failures: tuple[FailedMeasurement, ...]
    without_network: Mapping[str, tuple[str, ...]]


def measure_study(
    study: Study,
    store: Store,
    jobs: int | None = None,
    observer: Observer | None = None,
    engine: Engine | None = None,
) -> Measuring:
    """Take every measurement of a study's finished runs that is not stored.

    Interrupting it loses only the measurements in progress.

    Args:
        study: the study; its experiments name the measures.
        store: where runs and networks are, and where measurements go.
        jobs: most processes at the same time; one per core by default.
        observer: receives the events.
        engine: where networks are measured; in processes of this machine by default.

    Raises:
        DataError: The images are missing or damaged.
        StorageError: The store's folder is not writable or the disk is full.

    Example:
        >>> from convbias.experiments.studies import load_study
        >>> measure_study(load_study("smoke"), Store("no/such/folder")).taken
        0
    """
    observer = observer or Observer()
    engine = engine or Local()
    wanted: dict[PlannedMeasurement, None] = {}
    without_network: dict[str, tuple[str, ...]] = {}
    for name, experiment in experiments_of(study).items():
        results = collect(study, experiment, store)
        found = missing_measurements(results.runs, results.experiment.measures, store)
        wanted |= dict.fromkeys(found.planned)
        if found.without_network:
            without_network[name] = found.without_network
    planned = tuple(wanted)
    processes = engine.processes(len(planned), jobs) if planned else 0
    seconds = tuple(measuring_costs(planned)) if planned else ()
    observer.measuring_starts(MeasuringPlan(planned, without_network, processes, seconds))
    failures = measure_all(planned, store, jobs, observer.measured, engine, observer.waits)
    for failure in failures:
        store_failure(failure, store)
    observer.measuring_finished(failures)
    return Measuring(len(planned) - len(failures), failures, without_network)


@dataclass(frozen=True)
class Execution:
    """What training and measuring a study led to.

    Args:
        training: what was trained, what failed and what was moved away.
        measuring: what was measured and what failed.
    """

    training: SweepResult
    measuring: Measuring

    @property
    def complete(self) -> bool:
        """Whether no run and no measurement failed."""
        return not self.training.failures and not self.measuring.failures


def run_study(
    study: Study,
    store: Store,
    jobs: int | None = None,
    observer: Observer | None = None,
    engine: Engine | None = None,
) -> Execution:
    """Train the runs that a study lacks, then take the measurements that it lacks.

    What is fixed before the first of them is trained is stored beside the runs, see
    `convbias.spec.preregistration`.
    `convbias.report.pipeline.write_study_report` reports on the result. Interrupting loses only
    what is in progress; calling this again continues.

    Args:
        study: the study.
        store: where finished runs and measurements are, and where new ones go.
        jobs: most processes at the same time; by default one per core, or a few that share an
            accelerator.
        observer: receives the events.
        engine: where runs are trained and measured; in processes of this machine by default.

    Raises:
        DataError: The images are missing or damaged, and cannot be downloaded.
        StorageError: The store's folder is not writable or the disk is full.
        RunError: Processes died repeatedly.

    Example:
        >>> from convbias.experiments.studies import load_study
        >>> run_study(load_study("smoke"), Store("runs")).complete  # doctest: +SKIP
        True
    """
    now = datetime.now(UTC).isoformat(timespec="seconds")
    fixed = preregister(study, adapted_experiments(study.dataset), code_version(), now)
    training = train_missing(training_order(study), store, jobs, observer, fixed, engine)
    return Execution(training, measure_study(study, store, jobs, observer, engine))
