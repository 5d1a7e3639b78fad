"""What contrasts are about: a column of the run table, its unit, and how much of it matters."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Quantity:
    """A number of every run, on which arms are compared.

    Args:
        name: Column of the run table: `test_accuracy`, `test_loss` or that of a measure.
        noun: What a sentence calls it.
        unit: Of differences, in a sentence.
        long_unit: The same where it stands alone, in tables and on axes.
        value_unit: Of the value itself.
        scale: What stored values are multiplied by to be in that unit.
        digits: After the decimal point.
        margin: In the stored unit; smaller differences do not matter in practice.
        higher_is_better: Whether a positive difference favours the treatment.
    """

    name: str
    noun: str
    unit: str
    long_unit: str
    value_unit: str
    scale: float
    digits: int
    margin: float
    higher_is_better: bool = True

    def written(self, value: float, sign: str = "") -> str:
        """A stored value in the unit that is read, without naming it.

        Args:
            value: In the stored unit.
            sign: "+" to write a plus sign too.

        Example:
            >>> TEST_ACCURACY.written(0.0321, "+"), TEST_LOSS.written(0.01)
            ('+3.21', '0.010')
        """
        return f"{self.scale * value:{sign}z.{self.digits}f}"

    def amount(self, value: float, sign: str = "") -> str:
        """A difference with its unit, for a sentence.

        Example:
            >>> TEST_ACCURACY.amount(0.0321, "+"), TEST_LOSS.amount(0.01)
            ('+3.21 percentage points', '0.010 nats')
        """
        return f"{self.written(value, sign)} {self.unit}".rstrip()


def share(name: str, noun: str, margin: float, *, higher_is_better: bool = True) -> Quantity:
    """A quantity between 0 and 1 that is read in percent.

    Args:
        name: Column of the run table.
        noun: What a sentence calls it.
        margin: Between 0 and 1.
        higher_is_better: Whether a positive difference favours the treatment.
    """
    return Quantity(
        name=name,
        noun=noun,
        unit="percentage points",
        long_unit="percentage points",
        value_unit="%",
        scale=100,
        digits=2,
        margin=margin,
        higher_is_better=higher_is_better,
    )


TEST_ACCURACY = share("test_accuracy", "test accuracy", margin=0.002)
TEST_LOSS = Quantity(
    name="test_loss",
    noun="test loss",
    unit="nats",
    long_unit="nats per image",
    value_unit="nats per image",
    scale=1,
    digits=3,
    margin=0.01,
    higher_is_better=False,
)
