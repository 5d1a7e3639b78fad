"""Numbers and settings as text: counts, shares, p-values, intervals, the same everywhere."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping

MISSING = "–"  # stands for a number that does not exist


def counted(number: int, noun: str) -> str:
    """Write a count with its noun.

    Args:
        number: the count.
        noun: the noun in the singular; its plural must end in -s.

    Example:
        >>> counted(1, "seed pair"), counted(2_000, "image")
        ('1 seed pair', '2,000 images')
    """
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


_WORDS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")


def in_words(number: int) -> str:
    """Write a number in words up to ten, in digits beyond.

    Example:
        >>> in_words(6), in_words(20)
        ('six', '20')
    """
    return _WORDS[number] if number < len(_WORDS) else f"{number:,}"


def percent(share: float, digits: int = 2) -> str:
    """Write a share (0 to 1) in percent.

    Args:
        share: the share.
        digits: digits after the decimal point.

    Example:
        >>> percent(0.8942)
        '89.42 %'
    """
    return f"{100 * share:.{digits}f} %"


def p_value_text(p_value: float | None) -> str:
    """Write a p-value.

    Args:
        p_value: the p-value, or None where there is none.

    Example:
        >>> p_value_text(0.0001), p_value_text(0.0625), p_value_text(None)
        ('< 0.001', '0.0625', '–')
    """
    if p_value is None:
        return MISSING
    return "< 0.001" if p_value < 0.001 else f"{p_value:.3g}"


def interval_text(ends: tuple[float, float], written: Callable[[float], str]) -> str:
    """Write an interval.

    Args:
        ends: lower and upper end.
        written: turns one end into text.

    Example:
        >>> interval_text((0.5, 1), "{:.2f}".format)
        '0.50 to 1.00'
    """
    low, high = map(written, ends)
    return f"{low} to {high}"


def without_rounding_error(value: float) -> float:
    """A number without the last bits, so that a tie is rounded alike however it was computed.

    Example:
        >>> f"{100 * (0.80375 - 0.8775):.2f}", f"{100 * 0.80375 - 100 * 0.8775:.2f}"
        ('-7.37', '-7.38')
        >>> f"{without_rounding_error(100 * (0.80375 - 0.8775)):.2f}"
        '-7.38'
    """
    return round(value, 9)


def flat(values: Mapping[str, object], prefix: str = "") -> dict[str, str]:
    """Write the values of nested mappings as texts of one mapping.

    Args:
        values: texts, mappings, and what JSON can express.
        prefix: begins all names.

    Example:
        >>> flat({"model": {"family": "cnn", "kernel_size": 3}, "seed": 0})
        {'model.family': 'cnn', 'model.kernel_size': '3', 'seed': '0'}
    """
    texts: dict[str, str] = {}
    for name, value in values.items():
        if isinstance(value, Mapping):
            texts |= flat(value, f"{prefix}{name}.")
        else:
            texts[prefix + name] = value if isinstance(value, str) else json.dumps(value)
    return texts
