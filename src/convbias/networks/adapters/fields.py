"""Theoretical receptive fields by arithmetic over a network's graph, skips included."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from convbias.spec.arithmetic import Field

EVERYTHING = "sees the whole image"
IMAGE = ""  # the name of the images in a step's inputs


@dataclass(frozen=True)
class Window:
    """What a unit sees of its layer's input.

    Args:
        side: Units per side.
        stride: Units from one window to the next.
        padding: Units of padding above and on the left.
    """

    side: int = 1
    stride: int = 1
    padding: tuple[int, int] = (0, 0)


POINT = Window()


@dataclass(frozen=True)
class Step:
    """One operation of a network.

    Args:
        name: Its name.
        inputs: Names of the steps whose outputs it takes, `IMAGE` for the images; constants are
            left out.
        reach: What its units see of the inputs; or in words why that is no window.
    """

    name: str
    inputs: tuple[str, ...]
    reach: Window | str = POINT


def fields_of(steps: Sequence[Step]) -> dict[str, Field | str]:
    """Receptive fields of all steps.

    Where branches join, a unit sees what it sees through any of them: the smallest square that
    holds the squares of all, so the longest path decides.

    Args:
        steps: Each after those whose outputs it takes.

    Returns:
        Name to field, or in words why there is none.
    """
    found: dict[str, Field | str] = {IMAGE: Field()}
    for step in steps:
        found[step.name] = _field(step, [found[each] for each in step.inputs if each in found])
    del found[IMAGE]
    return found


def _field(step: Step, before: Sequence[Field | str]) -> Field | str:
    reasons = [each for each in before if isinstance(each, str)]
    if reasons:
        return next((each for each in reasons if each != EVERYTHING), EVERYTHING)
    fields = [each for each in before if isinstance(each, Field)]
    if isinstance(step.reach, str):
        return step.reach
    if not fields:
        return "does not depend on the image"
    if len({each.stride for each in fields}) > 1:
        return f"{step.name} joins maps of different strides"
    return joined(fields).through(step.reach.side, step.reach.stride, step.reach.padding)


def joined(fields: Sequence[Field]) -> Field:
    """The smallest square around the squares of units at the same place.

    Args:
        fields: Of one stride.

    Example:
        >>> path = Field().through(3, padding=(1, 1)).through(3, padding=(1, 1))
        >>> joined([Field(), path])
        Field(side=5, stride=1, first=(-2, -2))
    """
    rows, columns = (min(each.first[axis] for each in fields) for axis in (0, 1))
    ends = (
        max(each.first[axis] + each.side for each in fields) - first
        for axis, first in ((0, rows), (1, columns))
    )
    return Field(max(ends), fields[0].stride, (rows, columns))


def window(
    kernel: Sequence[int],
    strides: Sequence[int],
    dilations: Sequence[int],
    padding: Sequence[int],
) -> Window | str:
    """The window of a convolution or pooling, both of whose axes are alike.

    Args:
        kernel: Rows and columns.
        strides: Likewise.
        dilations: Likewise.
        padding: Units of padding above and on the left.

    Returns:
        The window; or in words why it is not square.
    """
    sides = {d * (k - 1) + 1 for k, d in zip(kernel, dilations, strict=True)}
    if len(sides) > 1 or len({*strides}) > 1:
        return f"has a window of {tuple(kernel)}, strides {tuple(strides)}, which is not square"
    return Window(sides.pop(), strides[0], (padding[0], padding[1]))
