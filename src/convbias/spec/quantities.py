"""Quantities that contrasts compare: column of the run table, unit and practical margin."""

from __future__ import annotations

from dataclasses import dataclass

from convbias.spec.formatting import without_rounding_error


@dataclass(frozen=True)
class Quantity:
    """A number of every run by which arms are compared.

    Args:
        name: Column of the run table: `test_accuracy`, `test_loss` or that of a measure.
        noun: Its name in sentences.
        unit: Unit of differences, in sentences.
        long_unit: Unit of differences, in tables and on axes.
        value_unit: Unit of the value itself.
        scale: Factor from the stored unit to the displayed one.
        digits: Displayed digits after the decimal point.
        margin: Smaller differences do not matter in practice; in the stored unit.
        higher_is_better: Whether a positive difference favours the treatment.
        items: What a score is a mean over.
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
    items: str = "test images"

    def written(self, value: float, sign: str = "") -> str:
        """A stored value in the displayed unit, without the unit's name.

        Args:
            value: In the stored unit.
            sign: "+" to write a plus sign too.

        Example:
            >>> TEST_ACCURACY.written(0.0321, "+"), TEST_LOSS.written(0.01)
            ('+3.21', '0.010')
        """
        return f"{without_rounding_error(self.scale * value):{sign}z.{self.digits}f}"

    def amount(self, value: float, sign: str = "") -> str:
        """A difference with its unit, for a sentence.

        Example:
            >>> TEST_ACCURACY.amount(0.0321, "+"), TEST_LOSS.amount(0.01)
            ('+3.21 percentage points', '0.010 nats')
        """
        return f"{self.written(value, sign)} {self.unit}".rstrip()


def share(
    name: str,
    noun: str,
    margin: float,
    *,
    higher_is_better: bool = True,
    items: str = "test images",
) -> Quantity:
    """A quantity between 0 and 1 that is displayed in percent.

    Args:
        name: Column of the run table.
        noun: Its name in sentences.
        margin: Smaller differences do not matter in practice; between 0 and 1.
        higher_is_better: Whether a positive difference favours the treatment.
        items: What a score is a mean over.
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
        items=items,
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
