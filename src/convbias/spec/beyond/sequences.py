"""Descriptions of what is trained on sequences: tasks, and the recipe."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from convbias.spec.description import Description

COPIED = 10  # symbols to remember
KINDS = 8  # of them; two further symbols are the blank and the sign to recall


class MemoryTask(Description, frozen=True):
    """Remember something over a lag; every sequence is drawn by a published rule.

    adding: there are as many numbers between 0 and 1 as the lag says. One of the first half and one
    of the second half are marked; their sum is asked for at the end. It is told if the answer is
    less than 0.04 from it.

    copying: ten of eight kinds of symbols, then blanks, one fewer than the lag, then a sign, after
    which the ten symbols are asked for in their order.

    Sources: Hochreiter and Schmidhuber, "Long short-term memory", 1997, experiment 4, and Arjovsky,
    Shah and Bengio, "Unitary evolution recurrent neural networks", 2016 (arXiv 1511.06464),
    sections 5.1 and 5.2, whose sequences these are.
    """

    kind: Literal["memory"] = "memory"
    rule: Literal["adding", "copying"]
    lag: int = Field(ge=2, le=10_000, description="T of the source.")

    @property
    def changes(self) -> dict[str, object]:
        """Field name to value of what was done to the data; nothing ever is."""
        return {}

    @property
    def data(self) -> str:
        """The name of the data, which have a length each."""
        return self.name

    @property
    def name(self) -> str:
        """What tables call the data."""
        return f"{self.rule}-{self.lag}"

    @property
    def inputs(self) -> int:
        """Numbers at each position: value and marker, or one for each kind of symbol."""
        return 2 if self.rule == "adding" else KINDS + 2

    @property
    def outputs(self) -> int:
        """Numbers asked for at each position: the sum, or logits of symbols and blank."""
        return 1 if self.rule == "adding" else KINDS + 1

    @property
    def length(self) -> int:
        """Positions of a sequence."""
        return self.lag if self.rule == "adding" else self.lag + 2 * COPIED

    @property
    def distance(self) -> int:
        """The furthest that something asked for may be from the answer, both included."""
        return self.lag if self.rule == "adding" else self.lag + COPIED + 1

    def least_error(self, field: int) -> float:
        """The error of the best network that sees so many positions.

        Of what it does not see, it can do no better than to answer the mean, or any symbol.

        Args:
            field: Positions, the one of the answer included; 0 for one that sees nothing.

        Returns:
            The expected squared error of a sum, or the expected share of wrong symbols.

        Example:
            >>> MemoryTask(rule="adding", lag=100).least_error(0)  # twice 1/12
            0.16666666666666666
            >>> # The first number is never seen, the second with 25 of 50 positions.
            >>> MemoryTask(rule="adding", lag=100).least_error(25) * 12
            1.5
            >>> MemoryTask(rule="copying", lag=100).least_error(110)
            0.875
        """
        if self.rule == "copying":
            return 0.0 if field >= self.distance else 1 - 1 / KINDS
        first = self.lag // 2
        second = self.lag - first
        unseen = max(self.lag - field, 0)
        missed = min(unseen / first, 1) + max(unseen - first, 0) / second
        return missed / 12


class ScannedImageTask(Description, frozen=True):
    """Tell the class of an image of Fashion-MNIST that is read from top to bottom, row by row.

    The whole row is read at once; the class is asked for after the last row.
    """

    kind: Literal["scanned-images"] = "scanned-images"
    order: Literal["rows", "permuted"] = Field(
        default="rows",
        description="permuted: the seed draws an order of all pixels, the same for all images.",
    )

    @property
    def changes(self) -> dict[str, object]:
        """Field name to value of what was done to the images; empty for unchanged ones."""
        return {} if self.order == "rows" else {"order": self.order}

    @property
    def data(self) -> str:
        """The name of the data, whatever was done to them."""
        return "scanned-images"

    @property
    def name(self) -> str:
        """What tables call the data."""
        return "images, row by row" + ("" if self.order == "rows" else ", pixels permuted")

    @property
    def inputs(self) -> int:
        """Pixels of a row."""
        return 28

    @property
    def outputs(self) -> int:
        """Classes."""
        return 10

    @property
    def length(self) -> int:
        """Rows."""
        return 28


SequenceTask = MemoryTask | ScannedImageTask


class SequenceRecipe(Description, frozen=True):
    """How networks of sequences are trained: Adam, warm-up over a tenth, then half a cosine.

    Every step has fresh sequences, or images in an order that the seed draws. Gradients whose norm
    is above 1 are scaled to 1.
    """

    name: Literal["warmup-cosine"] = "warmup-cosine"
    steps: int = Field(ge=1)
    batch_size: int = Field(ge=1)
    learning_rate: float = Field(gt=0, le=1, description="Adam's highest.")
    scored_on: Literal["test", "validation"] = "test"

    @property
    def epochs(self) -> int:
        """Parts of the training after which progress is told."""
        return 1
