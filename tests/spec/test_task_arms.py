"""Arms on other data than images have names of their own."""

from __future__ import annotations

from pydantic import TypeAdapter

from convbias.spec.arms import Arm, DataVariant, Dense
from convbias.spec.beyond.arms import AnyArm, TaskArm
from convbias.spec.beyond.causal import CausalConvolution
from convbias.spec.beyond.graphs import GraphRecipe, GraphTask, NodeNetwork
from convbias.spec.beyond.sequences import MemoryTask, ScannedImageTask, SequenceRecipe
from convbias.spec.beyond.tables import RowConvolution, RowDense, TableRecipe, TableTask
from convbias.spec.names import arm_names
from convbias.spec.recipes import classic

RECIPE = TableRecipe(candidates=(0.01,), steps=9)
TABLES = [
    TaskArm(task=TableTask(table="wine"), model=RowConvolution(), recipe=RECIPE),
    TaskArm(
        task=TableTask(table="wine", columns="shuffled"), model=RowConvolution(), recipe=RECIPE
    ),
    TaskArm(task=TableTask(table="loans"), model=RowConvolution(), recipe=RECIPE),
    TaskArm(task=TableTask(table="wine"), model=RowDense(widths=(3,)), recipe=RECIPE),
    TaskArm(
        task=TableTask(table="wine"),
        model=RowConvolution(),
        recipe=RECIPE.model_copy(update={"steps": 8}),
    ),
]
GRAPH = TaskArm(task=GraphTask(), model=NodeNetwork(graph="unseen"), recipe=GraphRecipe())
SEQUENCES = [
    TaskArm(
        task=task,
        model=CausalConvolution(width=4, layers=2),
        recipe=SequenceRecipe(steps=9, batch_size=2, learning_rate=0.01),
    )
    for task in (
        MemoryTask(rule="adding", lag=10),
        MemoryTask(rule="copying", lag=10),
        MemoryTask(rule="adding", lag=30),
        ScannedImageTask(),
        ScannedImageTask(order="permuted"),
    )
]
IMAGES = Arm(data=DataVariant(), model=Dense(), recipe=classic(1))
EVERY: list[AnyArm] = [*TABLES, GRAPH, *SEQUENCES, IMAGES]


def test_every_difference_makes_another_name():
    assert len({arm.hash for arm in EVERY}) == len(EVERY)


def test_what_is_written_is_read_as_what_it_was():
    anything = TypeAdapter(AnyArm)
    for arm in EVERY:
        read = anything.validate_json(arm.model_dump_json())
        assert read == arm
        assert type(read) is type(arm)


def test_names_tell_arms_apart_by_what_differs():
    names = arm_names(TABLES)
    assert len(set(names.values())) == len(TABLES)
    assert names[TABLES[2].hash] == "convolution (loans)"
    assert "columns shuffled" in names[TABLES[1].hash]


def test_names_of_sequences():
    names = arm_names(SEQUENCES)
    assert len(set(names.values())) == len(SEQUENCES)
    assert names[SEQUENCES[1].hash] == "convolution seeing 5 (copying)"
