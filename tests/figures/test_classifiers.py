"""Figures of what was measured of classifiers."""

from __future__ import annotations

import numpy as np

from convbias.figures.classifiers import figures_of
from convbias.findings.classifiers import compare
from convbias.measures.classifier import Found, Score
from convbias.measures.classifier.accuracy import ACCURACY, CALIBRATION


def test_labels_leave_most_of_a_narrow_window_to_the_dots() -> None:
    scores = (Score.mean(ACCURACY, np.array([True, False])), Score(CALIBRATION, 0.1))
    groups = {"one": [{"accuracy": Found(scores, 2)}]}
    [figure] = figures_of(groups, compare(groups), "drawn")
    rows = max(figure.drawing.to_dict()["datasets"].values(), key=len)
    labels = [row["label"] for row in rows]
    # Six pixels a letter; a chart in a window of 360 pixels is 328 wide.
    assert all(len(line) * 6 < 328 / 2 for label in labels for line in label.split("\n"))
    assert [label.replace("\n", " ") for label in labels] == [ACCURACY.noun, CALIBRATION.noun]
    assert all(label.count("\n") < 3 for label in labels)
