"""Files in, arrays out: data sets, their splits, and transformations of images."""

from convbias.data.dataset import Dataset
from convbias.data.loading import fetch, load, resolve, verify
from convbias.data.published_files import FileReport
from convbias.data.splits import halves, split, subset

__all__ = [
    "Dataset",
    "FileReport",
    "fetch",
    "halves",
    "load",
    "resolve",
    "split",
    "subset",
    "verify",
]
