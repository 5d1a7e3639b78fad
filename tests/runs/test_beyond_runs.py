"""Runs on other data than images: stored, checked, predicted; refused where images are needed."""

from __future__ import annotations

import pytest

from convbias.cli import main
from convbias.data.beyond.loading import check_available
from convbias.errors import AbsentDataError, InputError
from convbias.experiments import EXPERIMENTS
from convbias.runs.checks import check_store
from convbias.runs.choosing import best_runs, check_ordinary
from convbias.runs.cost import gigaflop_by_task
from convbias.runs.store import Store
from convbias.runs.worker import execute
from convbias.spec.beyond.arms import TaskArm
from convbias.spec.beyond.causal import CausalConvolution
from convbias.spec.beyond.graphs import GraphRecipe, NodeNetwork
from convbias.spec.beyond.sequences import MemoryTask, SequenceRecipe
from convbias.spec.beyond.tables import LogisticRegression, TableRecipe, TableTask
from convbias.spec.beyond.texts import CountRecipe, NGram, TextTask

WINE = TaskArm(
    task=TableTask(table="wine"),
    model=LogisticRegression(),
    recipe=TableRecipe(folds=2, candidates=(0.1, 1.0)),
)


def ignored(_: object) -> None:
    """Takes no note of progress."""


@pytest.fixture(scope="module")
def store(tmp_path_factory) -> Store:
    folder = tmp_path_factory.mktemp("runs")
    keys = execute(WINE, [3, 4], folder, ignored, None)
    assert keys == [f"{WINE.hash}-seed{seed}" for seed in (3, 4)]
    return Store(folder)


def test_a_run_on_a_table_is_stored_and_sound(store):
    first, second = store
    assert {first.seed, second.seed} == {3, 4}
    assert first.arm == WINE
    assert first.test.images == len(first.per_image.correct) == 178
    # 13 columns and a constant for each of three classes.
    assert first.measures["parameters"] == 42
    assert first.test.accuracy > 0.9
    assert first.per_image.correct.mean() == first.test.accuracy
    assert not check_store(store, lambda _: None).problems


def test_a_run_on_sequences_is_stored_and_sound(tmp_path):
    arm = TaskArm(
        task=MemoryTask(rule="copying", lag=2),
        model=CausalConvolution(width=2, layers=1),
        recipe=SequenceRecipe(steps=2, batch_size=2, learning_rate=0.01),
    )
    check_available(arm.task)
    execute(arm, [5], tmp_path, ignored, None)
    store = Store(tmp_path)
    [run] = store
    assert (run.seed, run.arm, run.test.images) == (5, arm, 2_000)
    assert run.measures["parameters"] == 11 * 2 + 7 * 2 + 3 * 9
    assert not check_store(store, lambda _: None).problems


def test_damage_is_found(store):
    run = next(iter(store))
    test = run.test.model_copy(update={"accuracy": 0.5})
    store.write(run.model_copy(update={"test": test}))
    [problem] = check_store(store, lambda _: None).problems.values()
    assert "its test accuracy is 0.5" in problem[0]
    store.write(run)


def test_what_needs_images_refuses_it(store):
    run = next(iter(store))
    for ask in (check_ordinary, lambda run: run.image_arm):
        with pytest.raises(InputError, match="not about images, but about wine"):
            ask(run)
    with pytest.raises(InputError, match="no finished run"):
        best_runs(store)


def test_it_is_listed(store, capsys):
    assert main(["runs", "list", "--runs", str(store.folder)]) == 0
    listed = capsys.readouterr().out
    assert "logistic" in listed
    assert "wine" in listed


def test_a_model_of_other_data_is_refused(tmp_path):
    arm = TaskArm(task=WINE.task, model=NodeNetwork(graph="unseen"), recipe=GraphRecipe())
    with pytest.raises(InputError, match="cannot be trained on a table"):
        execute(arm, [0], tmp_path, ignored, None)
    assert not list(Store(tmp_path).paths())


def test_every_task_has_a_stored_cost():
    for experiment in EXPERIMENTS.values():
        for condition in experiment.conditions:
            if not experiment.on_images:
                assert gigaflop_by_task()[condition.task.data][condition.model.family] > 0


def test_counts_of_a_text_are_stored_and_sound(tmp_path):
    arm = TaskArm(task=TextTask(), model=NGram(order=2), recipe=CountRecipe())
    try:
        check_available(arm.task)
    except AbsentDataError:
        pytest.skip("Tiny Shakespeare is not here, and there is no network")
    execute(arm, [0], tmp_path, ignored, None)
    [run] = Store(tmp_path)
    assert run.arm == arm
    # 434 blocks of 128 characters; pairs of characters leave about 2.5 nats.
    assert run.test.images == 434
    assert run.test.loss == pytest.approx(2.5, abs=0.1)
    assert not check_store(Store(tmp_path), lambda _: None).problems
