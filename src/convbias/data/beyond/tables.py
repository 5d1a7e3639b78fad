"""Tables: three that come with scikit-learn, and one that is drawn by a published rule."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from functools import cache, cached_property

import numpy as np

from convbias.spec.beyond.tables import TableName
from convbias.spec.streams import Stream, generator

LOAN_ROWS = 10_000
LOAN_COLUMNS = (
    *("salary", "commission", "age", "education", "car"),
    *("zip code", "house value", "years in house", "loan"),
)

# Loader in `sklearn.datasets` of each table that comes with scikit-learn.
LOADERS = {"breast-cancer": "load_breast_cancer", "wine": "load_wine", "digits": "load_digits"}


@dataclass(frozen=True, eq=False)
class Table:
    """Rows of numbers with a class each.

    Args:
        values: float32 (rows, columns).
        labels: uint8 (rows,), counted from 0.
    """

    values: np.ndarray = field(repr=False)
    labels: np.ndarray = field(repr=False)

    @property
    def classes(self) -> int:
        """How many classes there are."""
        return int(self.labels.max()) + 1

    @cached_property
    def checksum(self) -> str:
        """SHA-256 over the bytes of values and labels."""
        digest = hashlib.sha256()
        for array in (self.values, self.labels):
            digest.update(np.ascontiguousarray(array).data)
        return digest.hexdigest()


@cache
def load_table(name: TableName) -> Table:
    """Load a table.

    Breast cancer (569 rows, 30 columns; Street, Wolberg and Mangasarian 1993), wine (178 rows, 13
    columns; Forina et al. 1991) and digits (1,797 images of 8 x 8 pixels, read as 64 columns row
    by row; Alpaydin and Kaynak 1998) come with scikit-learn; loans is `draw_loans`.

    Args:
        name: Which table.

    Raises:
        ImportError: scikit-learn is not installed; `check_available` says so with the command.
    """
    if name == "loans":
        return draw_loans()
    from sklearn import datasets  # an extra, which `check_available` asks for

    found = getattr(datasets, LOADERS[name])()
    return Table(found.data.astype(np.float32), found.target.astype(np.uint8))


def draw_loans(rows: int = LOAN_ROWS) -> Table:
    """Draw applicants for a loan, and decide on each by a rule of three columns.

    Nine columns: salary, commission (none above a salary of 75,000), age, education, car, zip code,
    value of the house (which depends on the zip code), years in it, and the loan that is asked for.
    The class depends on age, education and salary alone, and is without noise.

    Source: Agrawal, Imielinski and Swami, "Database mining: a performance perspective", 1993,
    function 4.

    Args:
        rows: How many applicants.
    """
    random = generator(0, Stream.LOANS)
    salary = random.uniform(20_000, 150_000, rows)
    commission = np.where(salary >= 75_000, 0, random.uniform(10_000, 75_000, rows))
    age = random.integers(20, 81, rows)
    education = random.integers(0, 5, rows)
    car = random.integers(1, 21, rows)
    zip_code = random.integers(0, 9, rows)
    house = (9 - zip_code) * 100_000 * random.uniform(0.5, 1.5, rows)
    years = random.integers(1, 31, rows)
    loan = random.uniform(0, 500_000, rows)
    columns = (salary, commission, age, education, car, zip_code, house, years, loan)
    return Table(
        np.stack(columns, axis=1).astype(np.float32),
        (~_granted(age, education, salary)).astype(np.uint8),
    )


def _granted(age: np.ndarray, education: np.ndarray, salary: np.ndarray) -> np.ndarray:
    """Function 4 of the source: whether an applicant belongs to its group A."""
    low, middle, high = ((salary >= start) & (salary <= start + 50_000) for start in _BANDS)
    young, old = age < 40, age >= 60
    little, some, much = education <= 1, (education >= 1) & (education <= 3), education >= 2
    return np.select(
        [young, old],
        [np.where(little, low, middle), np.where(much, middle, low)],
        default=np.where(some, middle, high),
    )


_BANDS = (25_000, 50_000, 75_000)  # least salary of each
