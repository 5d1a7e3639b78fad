"""What is kept of a person's own data set beside the runs that were trained on it."""

from __future__ import annotations

from typing import Self

import numpy as np
from pydantic import Field

from convbias.data import Dataset
from convbias.spec.arrays import LabelArray
from convbias.spec.datasets import DatasetDescription, DatasetName, description_of
from convbias.spec.description import Description


class StoredDataset(Description, frozen=True, arbitrary_types_allowed=True):
    """A data set without its images: enough to read its runs and to report on them."""

    name: DatasetName
    checksum: str = Field(description="SHA-256 over the data set's four arrays.")
    description: DatasetDescription
    train_counts: tuple[int, ...] = Field(description="Training images of each class.")
    test_labels: LabelArray = Field(description="(n,): the class of every test image.")

    @classmethod
    def of(cls, dataset: Dataset) -> Self:
        """What is kept of a data set."""
        counts = np.bincount(dataset.train_labels, minlength=len(dataset.class_names))
        return cls(
            name=dataset.name,
            checksum=dataset.checksum,
            description=description_of(dataset.name),
            train_counts=tuple(counts.tolist()),
            test_labels=dataset.test_labels,
        )

    @property
    def class_names(self) -> tuple[str, ...]:
        """One per label."""
        return self.description.class_names
