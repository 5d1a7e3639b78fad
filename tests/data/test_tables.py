"""Tables: the rule that decides on loans, and folds."""

from __future__ import annotations

import numpy as np
import pytest

from convbias.data.beyond.loading import check_available
from convbias.data.beyond.tables import LOAN_COLUMNS, draw_loans, load_table
from convbias.data.splits import folds
from convbias.errors import InputError
from convbias.spec.beyond.tables import TableTask


def granted(salary: float, age: float, education: float) -> bool:
    """Function 4 of Agrawal, Imielinski and Swami 1993, as they write it."""
    if age < 40:
        if education in (0, 1):
            return 25_000 <= salary <= 75_000
        return 50_000 <= salary <= 100_000
    if age < 60:
        if education in (1, 2, 3):
            return 50_000 <= salary <= 100_000
        return 75_000 <= salary <= 125_000
    if education in (2, 3, 4):
        return 50_000 <= salary <= 100_000
    return 25_000 <= salary <= 75_000


def test_loans_are_decided_by_the_published_rule():
    loans = draw_loans(2_000)
    column = {name: loans.values[:, n] for n, name in enumerate(LOAN_COLUMNS)}
    rows = zip(column["salary"], column["age"], column["education"], strict=True)
    assert loans.labels.tolist() == [int(not granted(*row)) for row in rows]
    assert 0.3 < loans.labels.mean() < 0.7
    poor = column["salary"] < 75_000
    assert not column["commission"][~poor].any()
    assert (column["commission"][poor] >= 10_000).all()
    assert set(column["age"]) == set(range(20, 81))


def test_loans_are_drawn_alike_every_time():
    assert draw_loans(50).checksum == draw_loans(50).checksum
    assert load_table("loans").values.shape == (10_000, 9)


def test_every_row_is_in_one_fold_and_every_fold_is_alike():
    labels = np.repeat([0, 1, 2], [50, 30, 11])
    parts = folds(labels, seed=4, count=5)
    assert np.sort(np.concatenate(parts)).tolist() == list(range(91))
    for part in parts:
        counts = np.bincount(labels[part], minlength=3)
        assert abs(counts - [10, 6, 2.2]).max() <= 1
    others = folds(labels, seed=5, count=5)
    assert any(not np.array_equal(*pair) for pair in zip(parts, others, strict=True))


def test_tables_of_scikit_learn():
    shapes = {"breast-cancer": (569, 30, 2), "wine": (178, 13, 3), "digits": (1_797, 64, 10)}
    for name, (rows, columns, classes) in shapes.items():
        table = load_table(name)
        assert (*table.values.shape, table.classes) == (rows, columns, classes)


def test_a_missing_extra_is_named(monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
    with pytest.raises(InputError, match="sklearn is not installed") as caught:
        check_available(TableTask(table="wine"))
    assert caught.value.fix == "pip install 'convbias[tables]'"
