"""Corrections for multiple comparisons."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import ArrayLike

from convbias.statistics.contrasts import Contrast

Correction = Callable[[ArrayLike], np.ndarray]


def holm(p_values: ArrayLike) -> np.ndarray:
    """Adjusted p-values that bound the chance of any false rejection (Holm 1979).

    Args:
        p_values: Shape (m,).

    Returns:
        float64 (m,), in the same order, at most 1.

    Example:
        >>> holm([0.01, 0.04, 0.03]).round(3).tolist()
        [0.03, 0.06, 0.06]
    """
    array = np.asarray(p_values, dtype=np.float64)
    ascending = np.argsort(array)
    raised = np.maximum.accumulate(array[ascending] * np.arange(array.size, 0, -1))
    adjusted = np.empty_like(array)
    adjusted[ascending] = np.minimum(raised, 1)
    return adjusted


def benjamini_hochberg(p_values: ArrayLike) -> np.ndarray:
    """Adjusted p-values that bound the share of false rejections (Benjamini, Hochberg 1995).

    Args:
        p_values: Shape (m,).

    Returns:
        float64 (m,), in the same order, at most 1.

    Example:
        >>> benjamini_hochberg([0.01, 0.04, 0.03]).round(3).tolist()
        [0.03, 0.04, 0.04]
    """
    array = np.asarray(p_values, dtype=np.float64)
    descending = np.argsort(-array)
    raised = array[descending] * array.size / np.arange(array.size, 0, -1)
    adjusted = np.empty_like(array)
    adjusted[descending] = np.minimum(np.minimum.accumulate(raised), 1)
    return adjusted


def holm_over(contrasts: Sequence[Contrast]) -> list[Contrast]:
    """Correct the primary contrasts of one experiment.

    Differences and equivalences are two questions, each corrected over all contrasts. A contrast
    whose equivalence could not be tested counts as one that was not shown.

    Args:
        contrasts: All primary contrasts.

    Returns:
        The same contrasts in the same order, with adjusted p-values and hence new verdicts.
    """
    return _over(contrasts, holm)


def benjamini_hochberg_over(contrasts: Sequence[Contrast]) -> list[Contrast]:
    """Correct exploratory contrasts, as `holm_over` does the primary ones."""
    return _over(contrasts, benjamini_hochberg)


def _over(contrasts: Sequence[Contrast], adjust: Correction) -> list[Contrast]:
    p_values = np.array([contrast.p_value for contrast in contrasts])
    equivalence_p_values = np.array(
        [1.0 if (p := contrast.equivalence_p_value) is None else p for contrast in contrasts]
    )
    adjusted = adjust(p_values)
    adjusted_equivalence = adjust(equivalence_p_values)
    return [
        replace(
            contrast,
            adjusted_p_value=float(adjusted[index]),
            adjusted_equivalence_p_value=(
                None if contrast.equivalence_p_value is None else float(adjusted_equivalence[index])
            ),
            smallest_adjusted_p_value=float(
                adjust(_with(p_values, index, contrast.smallest_p_value))[index]
            ),
            comparisons=len(contrasts),
        )
        for index, contrast in enumerate(contrasts)
    ]


def _with(p_values: np.ndarray, index: int, p_value: float) -> np.ndarray:
    changed = p_values.copy()
    changed[index] = p_value
    return changed
