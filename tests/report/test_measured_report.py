"""What a report on measured networks says beside its numbers."""

from __future__ import annotations

import keras
import numpy as np
import pytest

import convbias
from convbias.report.measured.measuring import Measurement
from convbias.report.measured.tables import document_of, limit_of, remarks_of

IMAGES = 20


def darkness(strength: float):
    """A classifier that tells how dark an image is, more or less surely."""

    def classify(images: np.ndarray) -> np.ndarray:
        return strength * np.eye(10)[(9 * images.mean(axis=(1, 2, 3))).astype(int)]

    return classify


def measured(*strengths: float, name: str = "networks") -> Measurement:
    drawn = convbias.load("drawn")
    return convbias.measure([darkness(each) for each in strengths], drawn, name=name, images=IMAGES)


def test_networks_with_one_name_are_numbered() -> None:
    [networks] = measured(1, 2).classifiers.values()
    assert [each.name for each in networks] == ["classify 1", "classify 2"]
    [networks] = measured(1).classifiers.values()
    assert [each.name for each in networks] == ["classify"]


def test_what_differs_between_networks_is_said_once_as_a_range() -> None:
    alone = [remarks_of(measured(strength))["accuracy"] for strength in (1, 3)]
    lows = [float(text.split("up to ")[1].split(" %")[0]) for [text] in alone]
    [together] = remarks_of(measured(1, 3))["accuracy"]
    low, high = min(lows), max(lows)
    assert low < high
    assert f"up to {low:.2f} to {high:.2f} %" in together


@pytest.mark.slow
def test_a_sentence_names_the_group_that_it_is_about() -> None:
    image = keras.Input((28, 28, 1))
    averages = keras.layers.GlobalAveragePooling2D()(keras.layers.Conv2D(2, 3)(image))
    with_layers = keras.Model(image, keras.layers.Dense(10)(averages))
    drawn = convbias.load("drawn")
    other = convbias.measure([with_layers] * 2, drawn, name="b", images=4)
    both = convbias.contrast(convbias.measure([darkness(1)] * 2, drawn, name="a", images=4), other)
    [sentence] = remarks_of(both)["equivariance"]
    assert sentence.startswith("a: Does not apply")


@pytest.mark.parametrize(("networks", "enough"), [(1, True), (3, False), (12, True)])
def test_so_few_networks_that_nothing_can_be_shown(networks: int, enough: bool) -> None:
    strengths = np.linspace(1, 2, networks)
    both = convbias.contrast(measured(*strengths, name="a"), measured(*strengths + 1, name="b"))
    said = limit_of(both)
    assert document_of(both)["limit"] == said
    if enough:
        assert said is None
        return
    numbers = sum(row.score.place is None for row in both.rows)
    # The p-value of n pairs is at least 2 / 2^n, and Holm multiplies the smallest by their number.
    needed = next(n for n in range(1, 99) if 2 / 2**n * numbers < 0.05)
    assert said is not None
    assert f"With {networks} networks per group" in said
    assert f"{numbers} numbers: that takes {needed}." in said
