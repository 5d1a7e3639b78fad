"""Descriptions of what is trained on tables: table, model and recipe."""

from __future__ import annotations

from itertools import pairwise
from typing import Annotated, Literal

from pydantic import Field

from convbias.spec.description import Description

TableName = Literal["breast-cancer", "wine", "loans", "digits"]


class TableTask(Description, frozen=True):
    """Tell the class of a table's rows, by repeated cross-validation.

    A seed draws how the rows are divided into folds. Every row is scored once, by the model that
    did not train on its fold.
    """

    kind: Literal["table"] = "table"
    table: TableName
    columns: Literal["as stored", "shuffled"] = Field(
        default="as stored",
        description="shuffled: the seed draws an order of the columns, the same for all rows.",
    )

    @property
    def changes(self) -> dict[str, object]:
        """Field name to value of what was done to the table; empty for an unchanged one."""
        return {} if self.columns == "as stored" else {"columns": self.columns}

    @property
    def data(self) -> str:
        """The name of the data, whatever was done to it."""
        return self.table

    @property
    def name(self) -> str:
        """What tables call the data."""
        return self.table if self.columns == "as stored" else f"{self.table}, columns shuffled"


class RowConvolution(Description, frozen=True):
    """Convolutions along a row's columns, each followed by ReLU, then one dense layer."""

    family: Literal["row-convolution"] = "row-convolution"
    filters: tuple[Annotated[int, Field(ge=1, le=1024)], ...] = Field(default=(8, 8), min_length=1)
    kernel_size: int = Field(default=3, ge=1, le=63, description="Columns.")
    head: Literal["flatten", "average"] = Field(
        default="flatten", description="average: the mean over columns, before the dense layer."
    )

    @property
    def name(self) -> str:
        """What tables and figures call this model."""
        return "convolution" + ("" if self.head == "flatten" else " + average")

    def parameters(self, columns: int, classes: int) -> int:
        """How many parameters the network has.

        Args:
            columns: Columns of the table.
            classes: Its classes.

        Example:
            >>> RowConvolution().parameters(30, 2)  # 32 + 200 + 482
            714
        """
        total, channels = 0, 1
        for filters in self.filters:
            total += (self.kernel_size * channels + 1) * filters
            channels = filters
        features = channels * (columns if self.head == "flatten" else 1)
        return total + (features + 1) * classes


class RowDense(Description, frozen=True):
    """Dense layers with ReLU, then one for the classes."""

    family: Literal["row-dense"] = "row-dense"
    widths: tuple[Annotated[int, Field(ge=1, le=4096)], ...] = Field(min_length=1)

    @property
    def name(self) -> str:
        """What tables and figures call this model."""
        return f"dense {'-'.join(map(str, self.widths))}"

    def parameters(self, columns: int, classes: int) -> int:
        """How many parameters the network has.

        Example:
            >>> RowDense(widths=(16, 16)).parameters(30, 2)  # 496 + 272 + 34
            802
        """
        sizes = (columns, *self.widths, classes)
        return sum((inputs + 1) * outputs for inputs, outputs in pairwise(sizes))


class LogisticRegression(Description, frozen=True):
    """scikit-learn's logistic regression with an L2 penalty; its strength is what is tuned."""

    family: Literal["logistic-regression"] = "logistic-regression"

    @property
    def name(self) -> str:
        """What tables and figures call this model."""
        return "logistic regression"


class BoostedTrees(Description, frozen=True):
    """scikit-learn's gradient-boosted trees over histograms; their learning rate is tuned."""

    family: Literal["boosted-trees"] = "boosted-trees"
    trees: int = Field(default=100, ge=1, description="One per class where there are more than 2.")

    @property
    def name(self) -> str:
        """What tables and figures call this model."""
        return "boosted trees"


TableModel = RowConvolution | RowDense | LogisticRegression | BoostedTrees


class TableRecipe(Description, frozen=True):
    """How a model of a table is tuned and trained, fold by fold.

    In every fold each candidate is trained on three quarters of the rows outside the fold. The one
    with the lowest loss on the rest of them is trained again on all rows outside the fold.
    """

    name: Literal["nested"] = "nested"
    folds: int = Field(default=5, ge=2)
    candidates: tuple[Annotated[float, Field(gt=0)], ...] = Field(
        min_length=1,
        description="Of Adam's peak learning rate, the trees' learning rate, or C of the logistic"
        " regression.",
    )
    steps: int = Field(default=1, ge=1, description="Of networks; others are trained at once.")
    batch_size: int = Field(default=64, ge=1)

    @property
    def epochs(self) -> int:
        """Parts of the training after which progress is told."""
        return 1
