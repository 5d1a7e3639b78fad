"""Nested cross-validation of a model of a table: tuned on rows outside each fold, scored on it."""

from __future__ import annotations

import time

import numpy as np

from convbias.data.beyond.tables import load_table
from convbias.data.splits import folds, split
from convbias.networks.beyond.estimators import Estimators
from convbias.networks.beyond.result import TaskResult
from convbias.networks.beyond.rows import Fit, RowNetworks
from convbias.networks.scores import PerImage, Scores
from convbias.spec.beyond.tables import (
    BoostedTrees,
    LogisticRegression,
    TableModel,
    TableRecipe,
    TableTask,
)
from convbias.spec.streams import Stream, generator

HELD_OUT = 4  # a quarter of the rows outside a fold chooses among the candidates


def cross_validate(
    task: TableTask, model: TableModel, recipe: TableRecipe, seed: int
) -> TaskResult:
    """Tell every row of a table by a model that was neither trained nor tuned on it.

    Args:
        task: Which table, and the order of its columns.
        model: The model.
        recipe: How it is tuned and trained.
        seed: Draws the folds, the order of shuffled columns, initial weights and batches.

    Returns:
        Scores over all rows. `parameters` counts those of one model; `tuned_at_the_edge` is the
        share of folds that chose the lowest or the highest candidate.
    """
    started = time.perf_counter()
    table = load_table(task.table)
    values = columns_of(task, seed, table.values)
    learner = (
        Estimators(model, seed, values, table.labels)
        if isinstance(model, LogisticRegression | BoostedTrees)
        else RowNetworks(model, recipe, seed, values, table.labels)
    )
    rows = np.arange(len(table.labels))
    tested = folds(table.labels, seed, recipe.folds)
    outside = [np.setdiff1d(rows, fold) for fold in tested]
    parts = [split(table.labels[each], seed, len(each) // HELD_OUT) for each in outside]
    candidates = recipe.candidates
    tried, first = learner.log_probabilities(
        [
            Fit(outside[fold][training], value, fold)
            for fold, (training, _) in enumerate(parts)
            for value in candidates
        ]
    )
    losses = _losses(tried, table.labels)  # (folds * candidates, rows)
    chosen = [
        int(np.argmin(of_fold[:, outside[fold][held_out]].mean(axis=1)))
        for fold, ((_, held_out), of_fold) in enumerate(
            zip(parts, np.split(losses, len(tested)), strict=True)
        )
    ]
    final, second = learner.log_probabilities(
        [Fit(outside[fold], candidates[chosen[fold]], fold) for fold in range(len(tested))]
    )
    told = np.empty(final.shape[1:], dtype=np.float32)
    for fold, of_fold in zip(tested, final, strict=True):
        told[fold] = of_fold[fold]
    loss = _losses(told[np.newaxis], table.labels)[0]
    correct = told.argmax(axis=1) == table.labels
    ends = (0, len(candidates) - 1)
    measures = {"tuned_at_the_edge": sum(each in ends for each in chosen) / len(chosen)}
    if learner.parameters is not None:
        measures["parameters"] = learner.parameters
    return TaskResult(
        test=Scores(
            images=len(loss),
            loss=float(loss.astype(np.float64).mean()),
            accuracy=float(correct.mean()),
        ),
        per_item=PerImage(correct=correct, loss=loss),
        checksum=table.checksum,
        measures=measures,
        training_seconds=time.perf_counter() - started - first - second,
        compile_seconds=first + second,
    )


def columns_of(task: TableTask, seed: int, values: np.ndarray) -> np.ndarray:
    """A table's columns in the order that a task asks for.

    Args:
        task: The task.
        seed: Draws the order of shuffled columns.
        values: float32 (rows, columns).
    """
    if task.columns == "as stored":
        return values
    return values[:, generator(seed, Stream.COLUMN_ORDERS).permutation(values.shape[1])]


def _losses(log_probabilities: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Cross-entropy in nats: (models, rows, classes), (rows,) -> (models, rows)."""
    return -log_probabilities[:, np.arange(len(labels)), labels.astype(int)]
