"""The search for learning rates: each setting of a study, on validation images, by one rule.

A setting is a network on certain images for a certain length, see `convbias.spec.rates.Setting`.
All settings are searched alike:

1. Five rates, each twice the one before, with three seeds each.
2. As long as the best rate is the lowest or the highest, one more beyond it.
3. Five seeds instead of three for the best rate and for all that are not clearly worse: whose mean
   accuracy is less than two standard errors of the difference below.

The rate with the highest mean validation accuracy is taken.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from statistics import fmean, variance

from convbias.errors import RunError
from convbias.experiments.studies import experiments_of
from convbias.runs.atomic import write_atomically
from convbias.runs.engines.base import Engine
from convbias.runs.missing import stored_runs, train_missing
from convbias.runs.observer import Observer
from convbias.runs.record import Run
from convbias.runs.store import Store
from convbias.runs.sweep import longest_first
from convbias.spec.arms import Arm
from convbias.spec.rates import SearchedSetting, Setting, TriedRate, setting_of, written
from convbias.spec.recipes import scheduled
from convbias.spec.study import PlannedRun, Study

FIRST_RATES = (0.004, 0.008, 0.016, 0.032, 0.064)
LOWEST, HIGHEST = 0.0005, 0.512
# Far from the seeds of any study, so that no study's split or weights were searched on.
SEEDS = (100_000, 100_001, 100_002)
MORE_SEEDS = (100_003, 100_004)
STANDARD_ERRORS = 2

Scores = Mapping[float, Mapping[int, float]]  # learning rate to seed to validation accuracy
Observed = Callable[[Sequence[PlannedRun]], AbstractContextManager[Observer]]


def settings_of(study: Study) -> dict[Setting, str]:
    """The settings of a study's arms on images, except of those with a fixed recipe.

    Args:
        study: The study.

    Returns:
        Setting to the first condition that has it, as `experiment: condition`.
    """
    settings: dict[Setting, str] = {}
    for name, experiment in experiments_of(study).items():
        for condition, arm in study.arms(experiment).items():
            if isinstance(arm, Arm) and arm.recipe.name != "classic":
                settings.setdefault(setting_of(arm), f"{name}: {condition}")
    return settings


def search_arm(setting: Setting, rate: float) -> Arm:
    """The arm that tries a rate, which is scored on validation images only.

    Args:
        setting: The setting.
        rate: The peak learning rate.
    """
    recipe = scheduled(setting.epochs, rate).model_copy(
        update={"optimiser": setting.optimiser, "images_per_epoch": setting.images_per_epoch}
    )
    data = setting.data.model_copy(update={"scored_on": "validation"})
    return Arm(data=data, model=setting.model, recipe=recipe)


def next_trials(scores: Scores) -> list[tuple[float, int]]:
    """The rates and seeds that a search has to try next; none when it has ended.

    Args:
        scores: Validation accuracies of what was tried; 0 where a run diverged.

    Example:
        >>> len(next_trials({}))  # five rates, three seeds
        15
    """
    rates = list(FIRST_RATES)
    seeds = dict.fromkeys(rates, SEEDS)
    while True:
        missing = [
            (rate, seed)
            for rate in rates
            for seed in seeds[rate]
            if seed not in scores.get(rate, {})
        ]
        if missing:
            return missing
        tried = {rate: [scores[rate][seed] for seed in seeds[rate]] for rate in rates}
        best = max(rates, key=lambda rate: fmean(tried[rate]))
        beyond = best / 2 if best == rates[0] else best * 2
        if best in (rates[0], rates[-1]) and LOWEST <= beyond <= HIGHEST:
            rates = sorted([*rates, beyond])
            seeds[beyond] = SEEDS
            continue
        close = [rate for rate in rates if rate != best and _close(tried[best], tried[rate])]
        more = [rate for rate in (best, *close) if close and seeds[rate] == SEEDS]
        if not more:
            return []
        seeds |= dict.fromkeys(more, SEEDS + MORE_SEEDS)


def _close(best: Sequence[float], other: Sequence[float]) -> bool:
    error = math.sqrt(variance(best) / len(best) + variance(other) / len(other))
    return fmean(best) - fmean(other) < STANDARD_ERRORS * error


def next_runs(settings: Iterable[Setting], store: Store) -> list[PlannedRun]:
    """The runs that searches lack, as far as the stored ones tell; none when all have ended.

    Args:
        settings: What is searched for.
        store: Holds the searches' runs.
    """
    return [
        (search_arm(setting, rate), seed)
        for setting in settings
        for rate, seed in next_trials(_scores(_tried(setting, store)))
    ]


def _tried(setting: Setting, store: Store) -> dict[float, list[Run]]:
    """Stored runs of every rate that the search may have tried, rates ascending."""
    tried: dict[float, list[Run]] = {}
    rate = LOWEST
    while rate <= HIGHEST:
        arm = search_arm(setting, rate)
        runs = stored_runs([(arm, seed) for seed in SEEDS + MORE_SEEDS], store).runs
        if runs:
            tried[rate] = list(runs)
        rate *= 2
    return tried


def _scores(tried: Mapping[float, Sequence[Run]]) -> Scores:
    return {
        rate: {run.seed: run.validation.accuracy if run.validation else 0.0 for run in runs}
        for rate, runs in tried.items()
    }


def search(
    settings: Sequence[Setting],
    store: Store,
    jobs: int | None = None,
    observed: Observed | None = None,
    engine: Engine | None = None,
) -> list[SearchedSetting]:
    """Train what searches lack, round by round, until all have ended.

    Args:
        settings: What is searched for.
        store: Where the searches' runs are and go.
        jobs: Number of processes; one per core by default.
        observed: Makes the observer of a round from its runs.
        engine: Where they are trained; in processes of this machine by default.

    Returns:
        What was found, in the settings' order.

    Raises:
        RunError: A run failed, so that the settings were not searched alike; or every run of a
            setting diverged.
    """
    while planned := longest_first(next_runs(settings, store)):
        if observed is None:
            failures = train_missing(planned, store, jobs, engine=engine).failures
        else:
            with observed(planned) as observer:
                failures = train_missing(planned, store, jobs, observer, engine=engine).failures
        if failures:
            raise RunError(
                f"{len(failures)} of {len(planned)} runs of the search failed",
                "every run of the search",
                "fix what the messages above name, then run the same command again",
            )
    return [searched(setting, store) for setting in settings]


def searched(setting: Setting, store: Store) -> SearchedSetting:
    """What a search that has ended has found.

    Args:
        setting: What was searched for.
        store: Holds the search's runs.

    Raises:
        RunError: Every run of the setting diverged.
    """
    rows: list[TriedRate] = []
    for rate, runs in _tried(setting, store).items():
        scored = [(run.train, run.validation) for run in runs if run.train and run.validation]
        rows.append(
            TriedRate(
                learning_rate=rate,
                seeds=tuple(run.seed for run in runs),
                diverged=len(runs) - len(scored),
                validation_accuracy=tuple(_scores({rate: runs})[rate].values()),
                validation_loss=tuple(round(found.loss, 6) for _, found in scored),
                train_validation_gap=tuple(
                    round(train.accuracy - found.accuracy, 6) for train, found in scored
                ),
            )
        )
    best = max(rows, key=lambda row: row.accuracy)
    if best.accuracy == 0.0:
        raise RunError(
            f"every run of {setting.model.name} diverged", fix="search lower learning rates"
        )
    return SearchedSetting(setting=setting, learning_rate=best.learning_rate, search=tuple(rows))


def write_rates(searched: Iterable[SearchedSetting], path: Path) -> None:
    """Store what was found, with all that was tried, as TOML.

    Args:
        searched: What was found.
        path: The file, such as `own_rates_path()`; settings that are in it and were not searched
            anew must be among `searched`, or they are lost.
    """
    write_atomically(path, lambda file: file.write_text(written(searched), encoding="utf-8"))
