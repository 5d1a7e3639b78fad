"""Tables of what was measured of classifiers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from convbias.findings.classifiers import Estimate, Row
from convbias.measures.classifier import MEASURES
from convbias.report.measured.measuring import Measurement
from convbias.spec.formatting import MISSING, p_value_text
from convbias.spec.quantities import Quantity
from convbias.statistics import Interval


@dataclass(frozen=True)
class TableRow:
    """A number of all groups, as text.

    Args:
        measure: Name of the measure that it belongs to.
        number: What it is, with its unit.
        groups: Mean and interval of every group.
        difference: The first group minus the second, with its interval; empty for one group.
        verdict: What its tests show; empty for one group.
        p_value: After Holm's correction; empty for one group.
    """

    measure: str
    number: str
    groups: tuple[str, ...]
    difference: str = ""
    verdict: str = ""
    p_value: str = ""


def table_of(measurement: Measurement) -> list[TableRow]:
    """The numbers that do not stand on curves, as text.

    Args:
        measurement: From `measure` or `contrast`.
    """
    return [
        _text(row, tuple(measurement.found)) for row in measurement.rows if row.score.place is None
    ]


def remarks_of(measurement: Measurement) -> dict[str, list[str]]:
    """What must be said with each measure: remarks, and why it does not apply to a network.

    Args:
        measurement: From `measure` or `contrast`.

    Returns:
        Measure to sentences, without repetitions.
    """
    said: dict[str, dict[str, list[_Said]]] = {each.name: {} for each in MEASURES}
    for group, name, measure, found in _each(measurement):
        sentence = f"Does not apply: {found.reason}." if found.reason else found.remark
        if sentence:
            of = _Said(group, name, found.varying)
            said[measure].setdefault(sentence, []).append(of)
    sizes = {group: len(networks) for group, networks in measurement.classifiers.items()}
    return {
        measure: [
            f"{_who_of(of, sizes)}{sentence.replace('{}', _range(of))}"
            for sentence, of in sentences.items()
        ]
        for measure, sentences in said.items()
    }


@dataclass(frozen=True)
class _Said:
    """Of which network a sentence is said, and the number in it that differs from others'."""

    group: str
    network: str
    varying: str


def _who_of(said: Sequence[_Said], sizes: Mapping[str, int]) -> str:
    """Whom a sentence is about, before it; empty where it is about all networks."""
    if len(said) == sum(sizes.values()):
        return ""
    parts = []
    for group, size in sizes.items():
        names = [each.network for each in said if each.group == group]
        if len(names) == size > 1:
            parts.append(group)
        else:
            parts += [f"{name} ({group})" for name in names]
    return f"{', '.join(parts)}: "


def _range(said: Sequence[_Said]) -> str:
    values = sorted({each.varying for each in said}, key=lambda text: float(text or 0))
    return values[0] if len(values) == 1 else f"{values[0]} to {values[-1]}"


def limit_of(measurement: Measurement) -> str | None:
    """What so few networks cannot show, in a sentence; None where they are enough.

    Args:
        measurement: From `measure` or `contrast`.
    """
    contrasts = [row.contrast for row in measurement.rows if row.contrast is not None]
    # Single networks are compared over images, and have no test.
    if not contrasts or contrasts[0].n == 1 or contrasts[0].limit is None:
        return None
    one = contrasts[0]
    return (
        f"With {one.n} networks per group no difference, however large, can be shown after the"
        f" correction for {one.comparisons} numbers: that takes {one.fewest_pairs}. Intervals hold"
        " for one number at a time."
    )


def images_of(measurement: Measurement) -> dict[str, str]:
    """On how many images each measure was measured, as text."""
    counts: dict[str, set[int]] = {each.name: set() for each in MEASURES}
    for _, _, measure, found in _each(measurement):
        counts[measure] |= {found.images} - {0}
    return {measure: " or ".join(f"{n:,}" for n in sorted(of)) for measure, of in counts.items()}


def document_of(measurement: Measurement) -> dict[str, Any]:
    """Everything as JSON: numbers in their stored unit, shares from 0 to 1.

    Args:
        measurement: From `measure` or `contrast`.
    """
    return {
        "data": measurement.data,
        "networks": {
            group: [
                {
                    "name": each.name,
                    "framework": each.network.framework,
                    "outputs": each.outputs,
                    "remarks": list(each.remarks),
                }
                for each in classifiers
            ]
            for group, classifiers in measurement.classifiers.items()
        },
        "images": images_of(measurement),
        "remarks": remarks_of(measurement),
        "limit": limit_of(measurement),
        "numbers": [_document(row) for row in measurement.rows],
    }


def _each(measurement: Measurement) -> Iterator[tuple[str, str, str, Any]]:
    """Group, network, measure and what was found."""
    for group, networks in measurement.found.items():
        names = [each.name for each in measurement.classifiers[group]]
        for name, network in zip(names, networks, strict=True):
            for measure, found in network.items():
                yield group, name, measure, found


def _document(row: Row) -> dict[str, Any]:
    place, contrast = row.score.place, row.contrast
    found: dict[str, Any] = {
        "measure": row.measure,
        "name": row.quantity.name,
        "unit": row.quantity.long_unit,
        "groups": {
            group: {
                "mean": one.mean,
                "interval": _ends(one.interval),
                "method": one.interval.method if one.interval else None,
                "networks": list(one.single),
            }
            for group, one in row.estimates.items()
        },
    }
    if place:
        found["place"] = {"curve": place.curve, "series": place.series, "at": place.at}
    if contrast:
        found["contrast"] = {
            "difference": contrast.difference,
            "interval": _ends(row.over_images or contrast.interval),
            "over": "images" if row.over_images else "networks and images",
            "p": contrast.p_value,
            "p_holm": contrast.adjusted_p_value,
            "equivalence_p": contrast.adjusted_equivalence_p_value,
            "margin": contrast.margin,
            "verdict": contrast.verdict,
        }
    return found


def _ends(interval: Interval | None) -> list[float] | None:
    return list(interval.ends) if interval else None


def _text(row: Row, groups: tuple[str, ...]) -> TableRow:
    quantity, contrast = row.quantity, row.contrast
    number = f"{quantity.noun[0].upper()}{quantity.noun[1:]} ({quantity.value_unit})"
    estimates = [row.estimates.get(group) for group in groups]
    texts = tuple(MISSING if one is None else _estimate(quantity, one) for one in estimates)
    if contrast is None:
        return TableRow(row.measure, number, texts)
    interval = row.over_images or contrast.interval
    difference = quantity.written(contrast.difference, "+") + _interval(quantity, interval, "+")
    # A single pair of networks has no test over networks.
    single = contrast.n == 1
    return TableRow(
        row.measure,
        number,
        texts,
        difference,
        "" if single else contrast.verdict,
        "" if single else p_value_text(contrast.adjusted_p_value),
    )


def _estimate(quantity: Quantity, one: Estimate) -> str:
    return quantity.written(one.mean) + _interval(quantity, one.interval)


def _interval(quantity: Quantity, interval: Interval | None, sign: str = "") -> str:
    if interval is None:
        return ""
    return f" [{quantity.written(interval.low, sign)} to {quantity.written(interval.high, sign)}]"
