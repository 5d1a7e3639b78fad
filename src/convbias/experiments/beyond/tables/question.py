"""Tables: does convolution suit columns whose order is arbitrary?"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from convbias.spec.beyond.arms import TaskCondition
from convbias.spec.beyond.tables import (
    BoostedTrees,
    LogisticRegression,
    RowConvolution,
    RowDense,
    TableModel,
    TableName,
    TableRecipe,
    TableTask,
)
from convbias.spec.experiment import Experiment, PlannedContrast
from convbias.spec.quantities import TEST_ACCURACY, share

# Of a table of 178 rows, a hundredth is less than two rows.
ROWS_RIGHT = share("test_accuracy", "accuracy", margin=0.01, items="rows")
# Digits are images, so the margin is that of images.
DIGITS_RIGHT = replace(ROWS_RIGHT, margin=TEST_ACCURACY.margin)

TITLES: dict[TableName, str] = {
    "breast-cancer": "breast cancer",
    "wine": "wine",
    "loans": "loans",
    "digits": "digits",
}
TABLES: tuple[TableName, ...] = ("breast-cancer", "wine", "loans")

# Three candidates each, a factor of 4 apart for what is a learning rate.
LEARNING_RATES = (0.0025, 0.01, 0.04)
TREE_RATES = (0.05, 0.2, 0.8)
PENALTIES = (0.01, 1.0, 100.0)

FOLDS = 5
DIGITS_FOLDS = 2  # enough for a control, and the digits cost most

# As the image experiments' CNN: after the average nothing tells where a column was.
AVERAGED = RowConvolution(head="average")

STEPS: dict[TableName, int] = {"breast-cancer": 200, "wine": 200, "loans": 800, "digits": 250}
# With two layers of these widths a dense network has as many parameters as the convolution.
WIDTHS: dict[TableName, int] = {"breast-cancer": 15, "wine": 16, "loans": 14}


def condition_name(model: str, table: TableName, *, shuffled: bool = False) -> str:
    """Name of a condition."""
    return f"{model} on {TITLES[table]}" + (", shuffled" if shuffled else "")


def _condition(
    model: TableModel, name: str, table: TableName, *, shuffled: bool = False, folds: int = FOLDS
) -> TaskCondition:
    candidates = LEARNING_RATES
    if isinstance(model, BoostedTrees | LogisticRegression):
        candidates = TREE_RATES if isinstance(model, BoostedTrees) else PENALTIES
    steps = STEPS[table] if candidates is LEARNING_RATES else 1
    return TaskCondition(
        name=condition_name(name, table, shuffled=shuffled),
        task=TableTask(table=table, columns="shuffled" if shuffled else "as stored"),
        model=model,
        recipe=TableRecipe(folds=folds, candidates=candidates, steps=steps),
    )


def _conditions() -> Iterator[TaskCondition]:
    for table in TABLES:
        yield _condition(RowConvolution(), "convolution", table)
        yield _condition(RowConvolution(), "convolution", table, shuffled=True)
        yield _condition(AVERAGED, "convolution + average", table, shuffled=True)
        width = WIDTHS[table]
        yield _condition(RowDense(widths=(width, width)), "dense", table)
        yield _condition(LogisticRegression(), "logistic", table)
        yield _condition(BoostedTrees(trees=50), "trees", table)
    yield _condition(BoostedTrees(trees=50), "trees", "breast-cancer", shuffled=True)
    for shuffled in (False, True):
        name = "convolution + average"
        yield _condition(AVERAGED, name, "digits", shuffled=shuffled, folds=DIGITS_FOLDS)


def _contrasts() -> Iterator[PlannedContrast]:
    for table in TABLES:
        yield PlannedContrast(
            name=f"dense-over-convolution-{table}",
            question=f"{TITLES[table].capitalize()}: is a dense network more accurate than a"
            " convolution over columns in random order?",
            treatment=condition_name("dense", table),
            baseline=condition_name("convolution", table, shuffled=True),
            quantity=ROWS_RIGHT,
        )
    for table in TABLES:
        yield PlannedContrast(
            name=f"order-{table}",
            question=f"{TITLES[table].capitalize()}: is convolution more accurate with the columns"
            " as they are stored?",
            treatment=condition_name("convolution", table),
            baseline=condition_name("convolution", table, shuffled=True),
            quantity=ROWS_RIGHT,
        )
    for table in TABLES:
        yield PlannedContrast(
            name=f"average-{table}",
            question=f"{TITLES[table].capitalize()}: is convolution more accurate without a global"
            " average?",
            treatment=condition_name("convolution", table, shuffled=True),
            baseline=condition_name("convolution + average", table, shuffled=True),
            quantity=ROWS_RIGHT,
        )
    yield PlannedContrast(
        name="order-digits",
        question="Digits: is convolution with a global average more accurate with the pixels in"
        " their order?",
        treatment=condition_name("convolution + average", "digits"),
        baseline=condition_name("convolution + average", "digits", shuffled=True),
        quantity=DIGITS_RIGHT,
    )
    for table in TABLES:
        yield PlannedContrast(
            name=f"trees-over-convolution-{table}",
            question=f"{TITLES[table].capitalize()}: are boosted trees more accurate than a"
            " convolution over columns in random order?",
            treatment=condition_name("trees", table),
            baseline=condition_name("convolution", table, shuffled=True),
            quantity=ROWS_RIGHT,
        )
    yield PlannedContrast(
        name="order-trees",
        question="Breast cancer: are boosted trees more accurate with the columns as they are"
        " stored?",
        treatment=condition_name("trees", "breast-cancer"),
        baseline=condition_name("trees", "breast-cancer", shuffled=True),
        quantity=ROWS_RIGHT,
    )


EXPERIMENT = Experiment(
    name="tables",
    title="Is convolution unsuited to tables?",
    question=(
        "Does a convolution along the columns of a table lose accuracy when their order is"
        " shuffled? Is it behind models to which the order is nothing: a dense network with as many"
        " parameters, logistic regression and boosted trees?"
    ),
    conditions=tuple(_conditions()),
    contrasts=tuple(_contrasts()),
    control=(
        "Images of 8 x 8 pixels read as a table have neighbours: there shuffling the columns costs"
        " a convolution with a global average accuracy. Boosted trees do not see the order:"
        " shuffling costs them none."
    ),
    not_shown=(
        "Four tables are not all tables, and the networks are small: two layers of eight filters."
        " Nothing is shown about networks that learn an order or an embedding of the columns. The"
        " control has the global average because, with the first five seeds, a convolution without"
        " it told digits as well from shuffled pixels."
    ),
    short_question="convolution along the columns of tables, in any order",
    short_control="pixels as columns, and trees",
)
